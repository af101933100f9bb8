"""Are runs data frames with all that is known of a cell, and its rounds?"""

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from fakes import a_record
from resultfiles import EPYC, a_plain_run, a_run, a_timed_record, a_timed_run, cell_id, rounds_around
from zoobench.errors import UsageError
from zoobench.judge.metrics import METRICS
from zoobench.results.schema import Refusal
from zoobench.show.frames import frame, rounds

CELL = cell_id("integer_only")


def test_a_cell_of_a_run_is_a_row_with_ids_metrics_machine_and_versions() -> None:
    run = replace(a_timed_run(0.004), path=Path("results/pi/0001_x.json"), measured="2026-11-28T11:00:00+00:00")
    (row,) = frame(run).to_dict("records")
    record = run.records[CELL]
    assert record.latency is not None
    assert (row["run"], row["measured"], row["cell"]) == ("pi/0001_x.json", "2026-11-28T11:00:00+00:00", CELL)
    assert (row["backbone"], row["variant"], row["runtime"], row["threads"]) == (
        "mobilenet",
        "integer_only",
        "litert",
        1,
    )
    assert row["latency_p50"] == pytest.approx(0.004)
    assert (row["latency_p50_low"], row["latency_p50_high"]) == record.latency.p50_interval
    assert (row["speedup"], row["speedup_low"]) == (2.5, 2.5 * 0.99)
    assert row["machine"] == "AMD EPYC, 2 cores"
    assert row["version_numpy"] == "2.4.6"


def test_every_metric_has_a_column_and_an_interval() -> None:
    names = [f"{key}{end}" for key in METRICS for end in ("", "_low", "_high")]
    assert [name for name in frame(a_timed_run(0.004)).columns if name in names] == names


def test_several_runs_stand_below_one_another() -> None:
    found = frame([a_timed_run(0.004), a_timed_run(0.005)])
    assert list(found["latency_p50"].round(6)) == [0.004, 0.005]


def test_what_was_not_measured_is_nothing_and_a_refusal_is_told() -> None:
    refused = replace(a_record(environment=dict(EPYC)), model=None, latency=None, accuracy=None)
    refused = replace(refused, refusal=Refusal(by="litert", reason="no kernel"), memory=None, startup=None)
    (row,) = frame(a_run(refused)).to_dict("records")
    assert all(pd.isna(row[key]) for key in METRICS)
    assert row["refused"] == "no kernel"


def test_of_a_benchmark_that_is_not_ours_times_are_known() -> None:
    (row,) = frame(a_plain_run({"cpu": "AMD EPYC", "cores": 2}, test_sort=(1.0, 2.0, 4.0))).to_dict("records")
    assert (row["cell"], row["latency_p50"], row["machine"]) == ("test_sort", 2.0, "AMD EPYC, 2 cores")


def test_rounds_are_rows_in_their_order() -> None:
    run = a_run(a_timed_record(rounds_around(0.004)), rounds={CELL: (0.003, 0.004, 0.005)})
    found = rounds([run, run])
    assert list(found.columns) == ["run", "cell", "round", "seconds"]
    assert list(found["round"]) == [0, 1, 2] * 2
    assert list(found["seconds"]) == [0.003, 0.004, 0.005] * 2


def test_a_run_without_rounds_has_no_rows() -> None:
    assert list(rounds(a_run(a_record())).columns) == ["run", "cell", "round", "seconds"]
    assert rounds([]).empty


@pytest.mark.parametrize("function", [frame, rounds])
def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, function: object) -> None:
    class Absent:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "pandas":
                raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

    monkeypatch.delitem(sys.modules, "pandas")
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(UsageError, match=r"pip install pandas"):
        function([])  # type: ignore[operator]
