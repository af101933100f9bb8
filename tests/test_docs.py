"""Do the README and the documents tell the truth about options, commands, variants, keys and one another?"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import click
import pytest

from documents import DOCUMENTS, anchors, blocks, code, commands, links, prose
from runs import ROOT
from zoobench.cli import main
from zoobench.judge.gate.rules import DEFAULTS, read_rules
from zoobench.judge.metrics import METRICS, Metric
from zoobench.matrix.variants import SPECS, VARIANTS
from zoobench.measure.environment import describe_environment
from zoobench.results.schema import SCHEMA, Record
from zoobench.run.options import OPTIONS

OF_LINUX = "sys/|dev/|proc/|usr/bin/time"
README = (ROOT / "README.md").read_text()
EVERYTHING = "\n".join(path.read_text() for path in DOCUMENTS)


def doc(name: str) -> str:
    """Returns the text of a document."""
    return (ROOT / "docs" / name).read_text()


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert 100 <= len(README.splitlines()) <= 160


def test_every_document_is_in_the_index_and_the_readme_leads_to_it() -> None:
    index = links(doc("README.md"))
    assert [path.name for path in DOCUMENTS if path.name not in ("README.md", *index)] == []
    assert "docs/README.md" in links(README)


def test_every_link_leads_to_a_file_and_a_heading_that_are_there() -> None:
    broken = []
    for document in DOCUMENTS:
        for link in links(document.read_text()):
            file, _, heading = link.partition("#")
            path = document.parent / file if file else document
            whole = path.exists() and (not heading or heading in anchors(path.read_text()))
            broken += [] if whole or link.startswith("https://") else [f"{document.name}: {link}"]
    assert broken == []


def test_documents_name_only_folders_of_a_checkout() -> None:
    for document in DOCUMENTS:
        text = document.read_text()
        assert re.findall(rf"(?<![\w.~/<*])/(?!{OF_LINUX})[a-z]+/[\w/.-]+", text) == [], "a folder of some machine"
        for path in re.findall(r"(?<![\w./~*-])(?:src|tests|bench|docs)/[\w./-]*\w", text):
            assert (ROOT / path).exists(), path


def test_every_option_stands_in_the_documents_with_its_default() -> None:
    for option in OPTIONS:
        heads = (f"| `{option.flag} ", f"| `{option.flag}`")
        rows = [line for line in doc("options.md").splitlines() if line.startswith(heads)]
        assert len(rows) == 1, option.flag
        assert all(text in rows[0] for text in (option.metavar, option.default, option.help)), option.flag


def test_every_option_that_a_document_names_exists() -> None:
    known = {option.flag for option in OPTIONS}
    assert {flag for flag in re.findall(r"--zoo-[\w-]*\w", EVERYTHING) if flag not in known} == set()


def test_every_variant_and_its_spec_stand_in_the_documents() -> None:
    text = doc("quantization.md")
    for name, variant in VARIANTS.items():
        assert f"| `{name}` | {variant.short} |" in text
    for label, spec in SPECS.items():
        least = f"{100 * spec.least_share:.0f} %" if spec.least_share else "any"
        assert f"| `{label}` | {' or '.join(spec.io)} | {spec.weights}, {least}" in text


def test_every_command_of_the_program_is_in_the_documents() -> None:
    assert {name for name in _command_names(main, "") if f"zoobench {name}" not in EVERYTHING} == set()


def test_every_command_that_a_document_names_takes_the_options_that_stand_there() -> None:
    for text in (document.read_text() for document in DOCUMENTS):
        lines = [command.text for block in blocks(text) for command in commands(block)]
        for line in (*lines, *code(text)):
            for call in re.findall(r"(?:^|[;&|] *)zoobench ([a-z][^|;&<>]*)", line):
                _check_call(call)


def test_every_backbone_stands_in_the_documents() -> None:
    backbones = pytest.importorskip("zoobench.matrix.backbones").BACKBONES
    listed = doc("options.md").partition("lists the backbones: ")[2].partition(".\n")[0]
    assert len(backbones) == 17
    assert "Sixteen more backbones stand ready" in README
    for name in ("MobileNetV2", "InceptionV3", "Xception", "DenseNet121", "NASNetMobile", "ConvNeXtTiny"):
        assert name in listed


def test_the_tolerances_that_the_documents_show_are_the_defaults_and_can_be_read(tmp_path: Path) -> None:
    (section,) = (block.text for block in blocks(doc("gate.md")) if block.language == "toml")
    path = tmp_path / "pyproject.toml"
    path.write_text(section)
    rules = read_rules(path)
    assert rules.general == DEFAULTS
    assert rules.of("mobilenet-keras-keras-t1")["latency_p50"] == pytest.approx(0.10)


def test_the_documents_have_the_table_of_metrics() -> None:
    lines = doc("results.md").partition("## Metrics")[2].partition("## ")[0].splitlines()
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines if line.startswith("| `")]
    listed = {key.strip("`"): others for key, *others in rows}
    assert listed == {
        key: [metric.head, metric.unit.name, metric.better, _tolerance(metric), metric.meaning]
        for key, metric in METRICS.items()
    }


def _tolerance(metric: Metric) -> str:
    if metric.tolerance is None:
        return ""
    return f"{100 * metric.tolerance:g} {'%' if metric.relative else 'points'}"


def test_every_key_of_a_record_is_documented_and_no_other() -> None:
    documented = _documented_keys()
    expected = dict(_keys(Record, ""))
    assert {places: set(keys) for places, keys in documented.items() if places in expected} == {
        places: set(keys) for places, keys in expected.items()
    }
    for places, keys in expected.items():
        for key, is_optional in keys.items():
            value = documented[places][key]
            assert ("or null" in value) == is_optional, f"{places} {key}"
            assert ", s" in value or not key.endswith("seconds"), f"{places} {key}"
            assert ", bytes" in value or not key.endswith("_bytes"), f"{places} {key}"


def test_every_key_of_the_environment_is_documented_and_no_other() -> None:
    documented = {next(iter(places)): set(keys) for places, keys in _documented_keys().items()}
    expected = dict(_free_keys(describe_environment(), "environment"))
    assert {place: keys for place, keys in documented.items() if place.startswith("environment")} == expected


def test_every_key_of_a_contract_is_documented_and_no_other() -> None:
    contract = pytest.importorskip("zoobench.tflite.contract").Contract
    documented = _documented_keys()[frozenset({"model.contract"})]
    assert list(documented) == [field.name for field in fields(contract)]


def test_the_version_of_the_schema_is_the_one_that_is_documented() -> None:
    assert f"`schema` is {SCHEMA}." in doc("results.md")


def _command_names(group: click.Group, before: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _command_names(command, f"{name} ")
        else:
            yield before + name


def _check_call(call: str) -> None:
    """Fails unless the command is there and has each option that is named."""
    command: click.Command = main
    words = shlex.split(call)
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, f"zoobench {call}: there is no such command"
        command = found
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} - {"--help"}
    if not command.context_settings.get("ignore_unknown_options"):  # of `kit run` the others are pytest's
        assert given <= known, f"zoobench {call}: {sorted(given - known)} are no options of it"


def _documented_keys() -> dict[frozenset[str], dict[str, str]]:
    """Returns, by the places that a heading of `results.md` names, its table's keys and what each holds."""
    text = doc("results.md").replace("## The record", "### ``")
    found = {}
    for head, section in re.findall(r"^### (.+)\n((?:(?!^#).*\n)*)", text, flags=re.MULTILINE):
        rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|", section, flags=re.MULTILINE)
        found[frozenset(re.findall("`([^`]*)`", head))] = dict(rows)
    return found


def _keys(kind: Any, place: str) -> Iterator[tuple[frozenset[str], dict[str, bool]]]:
    """Yields, by the places where a dataclass stands in a record, its keys and whether each may be null."""
    places: dict[Any, list[str]] = {}
    _find_places(kind, place, places)
    for one, where in places.items():
        yield frozenset(where), {name: _is_optional(hint) for name, hint in _hints(one).items()}


def _find_places(kind: Any, place: str, places: dict[Any, list[str]]) -> None:
    places.setdefault(kind, []).append(place)
    for name, hint in _hints(kind).items():
        inner, is_list = _inner(hint)
        if is_dataclass(inner):
            _find_places(inner, f"{place}.{name}{'[]' * is_list}".removeprefix("."), places)


def _hints(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _bare(hint: Any) -> Any:
    return _bare(get_args(hint)[0]) if get_origin(hint) is Annotated else hint


def _is_optional(hint: Any) -> bool:
    return NoneType in get_args(_bare(hint))


def _inner(hint: Any) -> tuple[Any, bool]:
    bare = _bare(hint)
    if get_origin(bare) is UnionType or NoneType in get_args(bare):
        bare = _bare(next(one for one in get_args(bare) if one is not NoneType))
    is_list = get_origin(bare) is tuple
    return (_bare(get_args(bare)[0]) if is_list else bare), is_list


def _free_keys(content: Mapping[str, Any], place: str) -> Iterator[tuple[str, set[str]]]:
    yield place, set(content)
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _free_keys(value, f"{place}.{key}")


def test_the_prose_of_every_document_is_plain_text() -> None:
    for path in DOCUMENTS:
        assert "@@" not in prose(path.read_text()), path
        assert path.read_text().endswith("\n"), path
