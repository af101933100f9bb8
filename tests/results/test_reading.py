"""Is a whole results file read, and what is none refused by name?"""

from pathlib import Path

import pytest

from zoobench.errors import ResultsError
from zoobench.results.reading import load_content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        "\ufeff{}",
        '{"benchmarks": [], "x": ' + "9" * 5_000 + "}",
        '{"benchmarks": {}}',
        '{"benchmarks": [NaN]}',
        "nonsense",
    ],
)
def test_what_is_not_in_pytest_benchmarks_format_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ResultsError, match=str(path)):
        load_content(path)


def test_a_key_that_stands_twice_is_refused_wherever_it_is(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text('{"benchmarks": [{"stats": {"median": 1, "median": 2}}]}')
    with pytest.raises(ResultsError, match="received the key 'median' twice"):
        load_content(path)


@pytest.mark.parametrize("content", [b'{"benchmarks": ["\xff"]}', '{"benchmarks": []}'.encode("utf-16")])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"cannot read .*'utf-8' codec"):
        load_content(path)


@pytest.mark.parametrize("values", ["[],[],[],[]", "1,2,3,4,5,6,7", "{},{},{},{}"])
def test_more_values_than_a_small_device_can_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: str
) -> None:
    monkeypatch.setattr("zoobench.results.reading.LARGEST_CONTENT_VALUES", 7)
    path = tmp_path / "results.json"
    path.write_text(f'{{"benchmarks": [{values}]}}')
    with pytest.raises(ResultsError, match=r"results\.json: received more than 7 values"):
        load_content(path)
    path.write_text('{"benchmarks": [1, 2, 3, 4]}')
    assert load_content(path) == {"benchmarks": [1, 2, 3, 4]}


def test_a_file_that_does_not_fit_into_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("zoobench.results.reading.json.loads", full)
    path = tmp_path / "results.json"
    path.write_text("{}")
    with pytest.raises(ResultsError, match=r"results\.json does not fit into this machine's memory"):
        load_content(path)


def test_a_number_of_thousands_of_digits_is_refused_in_few_words(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(f'{{"benchmarks": [{"9" * 5_000}.5]}}')
    with pytest.raises(ResultsError, match=r"9\.\.\. is not a finite number") as caught:
        load_content(path)
    assert len(str(caught.value)) < 400
