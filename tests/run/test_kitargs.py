"""Does pytest run the package's benchmarks, and nothing else, where a kit is given without a path?"""

import pytest

from zoobench.errors import UsageError
from zoobench.run.kitargs import check_options
from zoobench.run.options import OPTIONS, defaults


def given(**changes: str) -> dict[str, str]:
    return {**defaults(), "kit": "KIT.zip", **{name.replace("_", "-"): text for name, text in changes.items()}}


def test_what_concerns_measuring_goes_with_a_kit() -> None:
    check_options(given(rounds="6", workers="1", artifacts="there", machine="pi5", kit_limit="5"))


@pytest.mark.parametrize("option", [one for one in OPTIONS if not one.measuring and one.name != "artifacts"])
def test_what_concerns_building_does_not(option: object) -> None:
    name = str(getattr(option, "name", ""))
    with pytest.raises(UsageError, match=f"received --zoo-{name} together with --zoo-kit; the kit decides"):
        check_options(given(**{name: "other"}))


def test_a_gate_does_not_go_with_a_kit() -> None:
    with pytest.raises(UsageError, match="received --zoo-gate together with --zoo-kit"):
        check_options(given(gate="main"))


def test_all_that_do_not_are_named_at_once() -> None:
    with pytest.raises(UsageError, match=r"received --zoo-data, --zoo-threads together with --zoo-kit; .* pytest's -k"):
        check_options(given(threads="2", data="photos"))
