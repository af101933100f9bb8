"""Does the table of options say all that a command line needs to know?"""

import pytest

from zoobench.run.options import OPTIONS, PREFIX, Option, chosen, defaults

every_option = pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)


def test_names_are_unique() -> None:
    assert len({option.name for option in OPTIONS}) == len(OPTIONS)


def test_the_flag_is_the_name_with_the_prefix() -> None:
    assert Option(name="head-layers", metavar="NS", default="", help="").flag == "--zoo-head-layers"


@every_option
def test_the_help_is_a_sentence_that_ends_with_the_default(option: Option) -> None:
    assert option.help[0].isupper() or option.help.startswith(("imagenet", "tensorflow"))
    assert option.full_help.endswith(f" Default: {option.default}." if option.default else option.help)
    assert option.full_help.endswith(".")
    assert "%" not in option.full_help, "argparse would take it for a format"


@every_option
def test_a_flag_is_off_unless_given(option: Option) -> None:
    assert option.metavar or option.default == ""


def test_building_goes_without_what_concerns_measuring_alone() -> None:
    measuring = {option.name for option in OPTIONS if option.measuring}
    expected = {"rounds", "workers", "processes", "machine"}
    assert {name for name in measuring if not name.startswith(("gate", "kit"))} == expected


def test_defaults_are_the_texts_by_name() -> None:
    assert defaults()["backbones"] == "mobilenet,inception_resnet_v2"
    assert list(defaults()) == [option.name for option in OPTIONS]
    assert all(not name.startswith(PREFIX) for name in defaults())


def test_what_was_chosen_is_what_differs_from_the_defaults_and_decides_what_is_made() -> None:
    measuring = {"rounds": "6", "workers": "1", "processes": "2", "machine": "pi", "artifacts": "elsewhere"}
    assert chosen({**defaults(), "epochs": "3", "skip-bad-images": "yes", **measuring}) == {
        "epochs": "3",
        "skip-bad-images": "yes",
    }
    assert chosen({"epochs": "40"}) == chosen({}) == {}
