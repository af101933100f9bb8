"""Is an error of Keras or TensorFlow one sentence that says what is wrong?"""

import pytest

from zoobench.build.explanation import sentence

MLIR = """Could not translate MLIR to FlatBuffer.<unknown>:0: error:
loc(fused["Erf:", "00012/erf/Erf"]): 'tf.Erf' op is neither a custom op nor a flex op
<unknown>:0: note: loc(fused["Erf:", "00012/erf/Erf"]): see current operation: "tf.Erf"(%5) : (tensor<1x24>
<unknown>:0: error: loc(fused["FFT2D:", "00013/fft/FFT2D"]): 'tf.FFT2D' op is neither a custom op nor a flex op
<unknown>:0: error: failed while converting: 'main'"""
KERAS = """<class 'keras.src.models.functional.Functional'> could not be deserialized properly.

config={'module': 'keras.src.models.functional', 'class_name': 'Functional'}.

Exception encountered: Could not read 'x'. Full object config: {'module': 'builtins'}"""
CALL = """in user code:

    File "layer.py", line 33, in call
        return self.activation(inputs)

    TypeError: Exception encountered when calling Activation.call().

    \x1b[1mthreshold() missing 2 arguments\x1b[0m

    Arguments received by Activation.call():
      • inputs=tf.Tensor(shape=(1, 24, 24, 4), dtype=float32)"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            MLIR,
            "TFLite has no built-in operator for Erf, FFT2D (in erf/Erf, fft/FFT2D); leave out of the model what "
            "computes it, or compute it otherwise",
        ),
        (KERAS, "Could not read 'x'."),
        (CALL, "Activation.call(). threshold() missing 2 arguments"),
        (
            "in user code:\n\n    File 'a.py'\n\n    NameError: name 'x' is not defined",
            "NameError: name 'x' is not defined",
        ),
        ("two\nlines", "two lines"),
        ('<unknown>:0: error: loc(fused["MatMul:", "00018/dense/MatMul"]): it must be float', "it must be float"),
        ("", "ValueError"),
        ("x" * 1000, "x" * 240 + "…"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, expected: str) -> None:
    assert sentence(ValueError(text)) == expected
