"""Does the table of options say all that a command line needs to know?"""

from zoobench.run.options import OPTIONS, chosen, defaults


def test_every_option_has_its_own_name_and_a_help_that_argparse_can_print() -> None:
    assert len(defaults()) == len(OPTIONS)
    for option in OPTIONS:
        assert option.full_help.endswith(f" Default: {option.default}." if option.default else option.help)
        assert option.full_help.endswith(".")
        assert "%" not in option.full_help, "argparse would take it for a format"
        assert option.metavar or option.default == "", "a flag is off unless given"


def test_what_was_chosen_is_what_differs_from_the_defaults_and_decides_what_is_made() -> None:
    measuring = {"rounds": "6", "workers": "1", "processes": "2", "machine": "pi", "artifacts": "elsewhere"}
    given = {**defaults(), "epochs": "3", "skip-bad-images": "yes", **measuring}
    assert chosen(given) == {"epochs": "3", "skip-bad-images": "yes"}
    assert chosen({"epochs": "40"}) == chosen({}) == {}
