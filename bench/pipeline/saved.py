"""Where does what was found stay? In `artifacts/pipeline/`, apart from the results of models."""

from datetime import datetime
from pathlib import Path

from finding import AnyFinding, to_json

from zoobench.measure.environment import describe_environment
from zoobench.results.file import reserve_results_path, write_results
from zoobench.run.plan import Plan


class Findings:
    """What has been found so far; every finding is written at once, so that an interrupted run keeps what it has."""

    def __init__(self, plan: Plan) -> None:
        self.found: list[AnyFinding] = []
        self.path: Path | None = None
        self._folder = plan.artifacts / "pipeline"
        self._environment = describe_environment()

    def keep(self, finding: AnyFinding) -> None:
        """Adds a finding and writes all."""
        self.found.append(finding)
        self.path = self.path or reserve_results_path(self._folder, now=datetime.now())
        content = {"schema": 1, "environment": self._environment, "findings": [to_json(one) for one in self.found]}
        write_results(self.path, content)
