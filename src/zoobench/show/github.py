"""How does a gate speak to GitHub Actions? Annotations on standard output; the summary is the Markdown."""

from collections.abc import Iterator

from zoobench.errors import Status
from zoobench.judge.evidence import Verdict
from zoobench.judge.gate.decide import GateReport
from zoobench.show.gatetable import headline, sentence
from zoobench.system.terminal import sanitize

_LEVELS = {Verdict.REGRESSED: "error", Verdict.INCONCLUSIVE: "warning"}
_IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = _IN_MESSAGES | {":": "%3A", ",": "%2C"}


def annotations(report: GateReport) -> str:
    """Returns workflow commands: an error for each problem and regression, a warning for what is inconclusive.

    The escapes are those of GitHub's own toolkit (`packages/core/src/command.ts`).
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: GateReport) -> Iterator[str]:
    for problem in report.problems:
        yield _command("error", "zoobench: unusable input", problem)
    for finding in report.findings:
        if finding.verdict and (level := _LEVELS.get(finding.verdict)):
            yield _command(level, f"zoobench: {finding.cell}", sentence(finding))
    if report.status is Status.PASSED:
        yield _command("notice", "zoobench", headline(report))


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_escaped(title, _IN_PROPERTIES)}::{_escaped(message, _IN_MESSAGES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(sign) or sanitize(sign) for sign in text)
