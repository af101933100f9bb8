"""Are a machine's noise and its gates of identical files read back as they were kept, and anything else refused?"""

import json
from pathlib import Path
from typing import Any

import pytest

from noisegates import a_cell_noise, a_cell_of, a_gate_of
from zoobench.errors import ResultsError
from zoobench.judge.gate.noise import Noise, RepeatedGate, read_gate, read_noise, to_json

UNKNOWN = a_cell_noise(run_scatter=0.0, runs=1, stored_tolerance=None)
NOISE = Noise(machine="amd-epyc-2c", cells={"a": a_cell_noise(), "b": UNKNOWN})
GATE = a_gate_of({"a": a_cell_of([0.01, -0.01], disturbed=1)})


def written(folder: Path, content: Any) -> Path:
    path = folder / "kept.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode(errors="surrogatepass"))
    return path


def changed(kept: Noise | RepeatedGate, cell: str = "", /, **values: Any) -> dict[str, Any]:
    """Returns it as JSON with other values, of a cell or of the whole; None takes a key away."""
    content: dict[str, Any] = json.loads(json.dumps(to_json(kept)))
    place = content["cells"][cell] if cell else content
    place.update(values)
    for key in [key for key, value in values.items() if value is None]:
        del place[key]
    return content


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    assert read_noise(written(tmp_path, to_json(NOISE))) == NOISE
    assert read_gate(written(tmp_path, to_json(GATE))) == GATE
    assert [(to_json(one)["schema"], to_json(one)["kind"]) for one in (NOISE, GATE)] == [
        (1, "zoobench-noise"),
        (1, "zoobench-aa"),
    ]


def test_a_gate_that_was_kept_without_its_disturbed_processes_is_read(tmp_path: Path) -> None:
    read = read_gate(written(tmp_path, changed(GATE, "a", disturbed=None, injected_seconds=None)))
    assert (read.cells["a"].disturbed, read.cells["a"].log_ratios) == (None, (0.01, -0.01))


def test_where_there_is_no_file_no_noise_is_known_and_there_is_no_gate(tmp_path: Path) -> None:
    assert read_noise(tmp_path / "absent.json") is None
    with pytest.raises(ResultsError, match=r"cannot read .*absent\.json"):
        read_gate(tmp_path / "absent.json")


@pytest.mark.parametrize("read", [read_noise, read_gate])
@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "{}", "7", "null", "[" * 100_000, "\ud800", '{"schema": 1, "schema": 1}'),
        *(changed(one, schema=2) for one in (NOISE, GATE)),
        *(changed(one, kind="zoobench-run") for one in (NOISE, GATE)),
        *(changed(one, "a", **{key: None}) for one, key in ((NOISE, "runs"), (GATE, "log_ratios"), (GATE, "failure"))),
        *(changed(GATE, tests=one) for one in ("many", float("inf"), 0, None)),
        *(changed(GATE, cells=one) for one in ([1], {"a": 1})),
        *(changed(GATE, **{key: None}) for key in ("seconds", "tolerances")),
    ],
)
def test_what_is_neither_noise_nor_a_gate_is_refused_with_what_to_do(tmp_path: Path, read: Any, content: Any) -> None:
    with pytest.raises(ResultsError, match=r"kept\.json.*remove it and run `zoobench noise` again"):
        read(written(tmp_path, content))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("run_scatter", float("inf"), "received a number beyond 1.8e308; expected a finite one"),
        ("run_scatter", float("nan"), "received a number beyond 1.8e308; expected a finite one"),
        ("run_scatter", -0.1, "received -0.1; expected a number >= 0"),
        ("run_scatter", 1e300, r"received 1e\+300; expected a number <= 10"),
        ("run_scatter", True, "received True; expected a number"),
        ("run_scatter", "0.05", "received '0.05'; expected a number"),
        ("runs", 0, "received 0; expected a whole number >= 1"),
        ("runs", 40.0, "received 40.0; expected a whole number"),
        ("runs", 10**400, "received a whole number of 1329 bits; expected a number of at most 64 bits"),
        ("process_scatter", float("inf"), "received a number beyond 1.8e308; expected a finite one"),
        ("processes", -1, "received -1; expected a whole number >= 1"),
        ("error_rate", 0, "received 0; expected a number > 0"),
        ("error_rate", 1.0, "received 1.0; expected a number < 1"),
        ("replay_tolerance", -0.01, "received -0.01; expected a number >= 0"),
        ("stored_tolerance", float("-inf"), "received a number beyond 1.8e308; expected a finite one"),
    ],
)
def test_a_number_that_is_no_noise_is_refused_by_cell_and_key(
    tmp_path: Path, key: str, value: object, expected: str
) -> None:
    with pytest.raises(ResultsError, match=rf"kept\.json: zoobench-noise\.cells\.a\.{key}: {expected}; remove it"):
        read_noise(written(tmp_path, changed(NOISE, "a", **{key: value})))
