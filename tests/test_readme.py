"""Does the README tell the truth about options and commands?"""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from zoobench.build.backbones import BACKBONES
from zoobench.cli import main
from zoobench.judge.tolerances import Tolerances, read_rules
from zoobench.options import OPTIONS, Option
from zoobench.promises import PROMISES
from zoobench.variants import VARIANTS

README = (Path(__file__).parent.parent / "README.md").read_text()


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_stands_in_the_readme_with_its_default(option: Option) -> None:
    (row,) = (line for line in README.splitlines() if line.startswith((f"| `{option.flag} ", f"| `{option.flag}`")))
    assert option.metavar in row
    assert option.default in row


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_stands_in_the_readme(variant: str) -> None:
    assert f"| `{variant}` | {VARIANTS[variant].short} |" in README


@pytest.mark.parametrize("label", PROMISES)
def test_every_promise_stands_in_the_readme(label: str) -> None:
    promise = PROMISES[label]
    (row,) = (line for line in README.splitlines() if line.startswith(f"| `{label}` | {' or '.join(promise.io)} |"))
    least = f"{100 * promise.least_share:.0f} %" if promise.least_share else "any"
    assert f"| {promise.weights}, {least}" in row


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(
        re.findall(
            r"zoobench (build|show|compare|gate|aa|inspect|errors|parity|backbones"
            r"|baseline \w+|store \w+|data \w+|kit \w+)",
            README,
        )
    )
    assert {
        "build",
        "show",
        "compare",
        "gate",
        "aa",
        "inspect",
        "errors",
        "parity",
        "backbones",
        "data fetch",
        "data preview",
    } <= named
    assert {"store list", "store verify", "store prune", "store path"} <= named
    assert {"kit export", "kit show", "kit run"} <= named
    assert {"baseline save", "baseline list", "baseline show", "baseline diff"} <= named
    for command in named:
        assert CliRunner().invoke(main, [*command.split(), "--help"]).exit_code == 0


def test_the_tolerances_that_the_readme_shows_are_the_defaults_and_can_be_read(tmp_path: Path) -> None:
    (section,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    path = tmp_path / "pyproject.toml"
    path.write_text(section)
    rules = read_rules(path)
    assert rules.general == Tolerances()
    assert rules.of("mobilenet-keras-keras-t1").latency == pytest.approx(0.10)


def test_the_readme_counts_the_backbones_right() -> None:
    listed = README.partition("lists the backbones: ")[2].partition(".\n")[0]
    assert len(BACKBONES) == 17
    for name in ("MobileNetV2", "InceptionV3", "Xception", "DenseNet121", "NASNetMobile", "ConvNeXtTiny"):
        assert name in listed
