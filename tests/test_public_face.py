"""Does zoobench export what its documents name, and load none of it before it is asked for?"""

import inspect
import subprocess
import sys

import pytest

import zoobench


def test_the_exports_are_these() -> None:
    assert zoobench.__all__ == [
        "Backbone",
        "Cell",
        "Run",
        "Runtime",
        "Variant",
        "VariantSpec",
        "frame",
        "load",
        "rounds",
    ]
    assert {*zoobench.__all__, "__version__"} <= set(dir(zoobench))


@pytest.mark.parametrize("name", zoobench.__all__)
def test_each_export_is_there_and_says_what_it_is(name: str) -> None:
    found = getattr(zoobench, name)
    assert found.__name__ == name
    assert inspect.getdoc(found)


def test_what_is_not_there_is_named_beside_what_is() -> None:
    with pytest.raises(AttributeError, match=r"'read'; it has Backbone, .*load"):
        zoobench.read  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    program = (
        "import sys, zoobench; "
        "print(sorted(name for name in sys.modules if name.startswith('zoobench.') or name in ('numpy', 'pandas')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
