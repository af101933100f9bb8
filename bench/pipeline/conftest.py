"""What do the pipeline's benchmarks share? Options, data and weights of the `--zoo-*` options, what is found."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from shutil import get_terminal_size

import pytest
from report import render
from saved import Findings

from zoobench.build.recipe import BuildRequest
from zoobench.matrix.cell import Cell
from zoobench.run.options import OPTIONS, defaults
from zoobench.run.plan import Plan, make_plan
from zoobench.run.workshop import Workshop, open_workshop

_FINDINGS: pytest.StashKey[Findings] = pytest.StashKey()


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before any of the fresh processes imports TensorFlow


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds what bounds the time that the benchmarks take."""
    group = parser.getgroup("pipeline", "zoobench: benchmarks of the pipeline itself")
    group.addoption(
        "--pipeline-direct-epochs",
        type=int,
        default=2,
        metavar="N",
        help="Epochs that are trained the direct way; the time of all --zoo-epochs follows from them. Default: 2.",
    )
    group.addoption(
        "--pipeline-images",
        default="1000,5000",
        metavar="NS",
        help="Numbers of drawn images for the benchmark of scale, comma-separated; 26000 take 4 GB of disk meanwhile. "
        "Default: 1000,5000.",
    )
    group.addoption(
        "--pipeline-repeats",
        type=int,
        default=3,
        metavar="N",
        help="Turns that the two ways take where both are short; medians are compared. Default: 3.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what is about a backbone for each of --zoo-backbones."""
    if "backbone" in metafunc.fixturenames:
        metafunc.parametrize("backbone", list(dict.fromkeys(cell.backbone for cell in _plan(metafunc.config).cells)))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Lets the progress of long work reach the terminal."""
    capture = pyfuncitem.config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints what was found and where it is kept."""
    findings = config.stash.get(_FINDINGS, None)
    if findings and findings.path:
        terminalreporter.section("pipeline")
        terminalreporter.write(render(findings.found, width=get_terminal_size().columns))
        terminalreporter.write_line(f"saved in {findings.path}")


@pytest.fixture(scope="session")
def plan(pytestconfig: pytest.Config) -> Plan:
    """What the `--zoo-*` options ask for."""
    return _plan(pytestconfig)


@pytest.fixture(scope="session")
def findings(pytestconfig: pytest.Config, plan: Plan) -> Findings:
    """Where findings go."""
    return pytestconfig.stash.setdefault(_FINDINGS, Findings(plan))


@pytest.fixture(scope="session")
def workshop(plan: Plan) -> Workshop:
    """The data, decoded, the weights, and the model files; made where the store does not have them."""
    return open_workshop(plan, plan.cells)


@pytest.fixture
def cells(plan: Plan, backbone: str) -> list[Cell]:
    """The cells of a backbone."""
    return [cell for cell in plan.cells if cell.backbone == backbone]


@pytest.fixture
def build_request(workshop: Workshop, cells: list[Cell]) -> BuildRequest:
    """What there is to make for a backbone."""
    return workshop.request(cells[0])


@pytest.fixture
def repeats(pytestconfig: pytest.Config) -> int:
    """Turns of each way."""
    return int(pytestconfig.getoption("--pipeline-repeats"))


def _plan(config: pytest.Config) -> Plan:
    found = ((option.name, config.getoption(option.flag)) for option in OPTIONS)
    return make_plan(defaults() | {name: text for name, text in found if text is not None})
