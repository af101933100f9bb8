"""Does the table of the methods of timing tell gaps, phases, agreement and what was left out?"""

from dataclasses import replace

from views import content, table, text
from zoobench.judge.crosscheck import CrosscheckReport, Effort, TimedPath
from zoobench.show.crosscheck import view

OURS = TimedPath(name="litert", what="ours", turns=(0.010, 0.010, 0.010))
THEIRS = TimedPath(name="litert-benchmark", what="theirs", turns=(0.0101, 0.0101, 0.0101), resolution_seconds=1e-5)
SLOW = TimedPath(name="end to end", what="from photos", turns=(0.020, 0.020, 0.020))
REPORT = CrosscheckReport(
    subject="mobilenet-float32-litert-t2",
    sha256="ab" * 32,
    threads=2,
    images="64 test images of pets",
    effort=Effort(turns=3, warmups=10, runs=50),
    paths=(OURS, THEIRS, SLOW),
    left_out={"benchmark_app": "it is not installed: pip install openvino"},
    pairs=(("litert", "litert-benchmark"),),
    phases={"decode": (0.005,) * 3, "resize": (0.004,) * 3, "invoke": (0.011,) * 3},
)


def lines(report: CrosscheckReport = REPORT) -> list[str]:
    return [line.rstrip() for line in text(view(report), width=80).splitlines()]


def test_it_says_what_was_timed_and_how_much() -> None:
    assert lines()[0] == "mobilenet-float32-litert-t2, 2 threads, 64 test images of pets"
    assert lines()[1].startswith("3 turns; in each every path has a fresh process run the file 10 times")


def test_every_path_has_its_gap_to_the_first() -> None:
    rows = {line.split("  ")[0]: line.split() for line in lines()}
    assert rows["litert"][1:3] == ["10.0", "–"]
    assert rows["litert-benchmark"][1:6] == ["10.1", "+1.0", "+1.0", "to", "+1.0"]
    assert rows["end to end"][3:5] == ["20.0", "+100.0"]


def test_the_phases_have_shares_of_all_of_them() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in lines() if line}
    assert rows["decode"] == ["5.00", "25.0"]
    assert rows["resize"] == ["4.00", "20.0"]
    assert "invoke end to end: +10.0 % (+10.0 to +10.0) to litert" in "\n".join(lines())


def test_what_agrees_is_said_and_what_was_left_out_named() -> None:
    assert lines()[-3:] == [
        "litert and litert-benchmark agree within 3 %: -1.0 % (95 %: -1.0 to -0.9)",
        "",
        "left out: benchmark_app: it is not installed: pip install openvino",
    ]


def test_what_is_open_or_not_so_is_not_called_agreement() -> None:
    slower = replace(THEIRS, turns=(0.011, 0.011, 0.011))
    assert "litert and litert-benchmark DO NOT AGREE within 3 %: -9.1 %" in "\n".join(
        lines(replace(REPORT, paths=(OURS, slower)))
    )
    noisy = replace(THEIRS, turns=(0.009, 0.010, 0.011))
    assert "open whether they agree" in "\n".join(lines(replace(REPORT, paths=(OURS, noisy))))
    assert "nothing to compare our own timing with" in "\n".join(lines(replace(REPORT, paths=(OURS, SLOW))))


def test_rounding_is_told_where_it_matters() -> None:
    coarse = replace(THEIRS, turns=(0.001, 0.001, 0.001))
    told = "\n".join(lines(replace(REPORT, paths=(OURS, coarse))))
    assert "litert-benchmark rounds its median to 0.0100 ms, so its gap may be off by 0.5 %" in told
    slow = replace(THEIRS, turns=(0.1, 0.1, 0.1))
    assert "rounds its median" not in "\n".join(lines(replace(REPORT, paths=(OURS, slow))))


def test_a_reason_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in text(view(replace(REPORT, left_out={"x": "\x1b[2J"})))


def test_programs_read_all_of_it_in_seconds_and_shares() -> None:
    read = content(view(REPORT))
    assert (read["kind"], read["status"], read["tolerance"]) == ("zoobench-crosscheck", 0, 0.03)
    assert read["paths"][0]["turns"] == [0.01, 0.01, 0.01]
    assert abs(read["gaps"]["end to end"]["change"] - 1.0) < 1e-9
    assert read["agreements"][0]["answer"] == "yes"
    assert read["left_out"][0]["name"] == "benchmark_app"
    assert [(row["path"], row["gap"][:3]) for row in table(view(REPORT))][::2] == [
        ("litert", ""),
        ("end to end", "1.0"),
    ]
