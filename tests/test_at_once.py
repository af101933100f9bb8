"""Do two benchmarks that start at once on one store share the work?"""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from runs import QUICK, ROOT, SMALL, environment, load, records, results

WORK = re.compile(r"^(Decoding|Converting|Training|Features of|Making|Accuracy of)\b[^:]*", re.MULTILINE)
"""What a log has one line of for each product that was made."""

pytestmark = pytest.mark.slow


def started(artifacts: Path) -> subprocess.Popen[str]:
    files = [str(ROOT / "bench" / name) for name in ("test_size.py", "test_accuracy.py")]
    command = [sys.executable, "-m", "pytest", *files, *QUICK, "--zoo-artifacts", str(artifacts), *SMALL]
    return subprocess.Popen(
        [*command, "--zoo-variants", "float32,dynamic_range,integer_only", "--zoo-workers", "2"],
        cwd=artifacts.parent,
        env=environment(artifacts.parent),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_benchmarks_at_once_make_everything_once_and_both_end_well(tmp_path: Path) -> None:
    running = [started(tmp_path / "artifacts") for _ in range(2)]
    outputs = [one.communicate() for one in running]
    assert [one.returncode for one in running] == [os.EX_OK, os.EX_OK], outputs
    work = Counter(match.group() for _, log in outputs for match in WORK.finditer(log))
    assert set(work.values()) == {1}, work
    assert len(work) == 1 + 3 + 3 + 3  # pixels; features model, features, head; variants; their evaluations
    assert not any("damaged" in log for _, log in outputs)
    first, second = (records(load(path)) for path in results(tmp_path / "artifacts"))
    assert len(first) == 3
    assert first.keys() == second.keys()
    for cell_id, record in first.items():
        assert record["model"] == second[cell_id]["model"], cell_id
        assert record["accuracy"] == second[cell_id]["accuracy"], cell_id
