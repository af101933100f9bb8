"""Is a list of images read as it was meant, and is each line that cannot be used named?"""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from messages import message_of
from pet_photos import encoded, names, opened, put
from zoobench.data.dataset import describe
from zoobench.data.lists import find_order, parse_classes
from zoobench.data.photos import Photos, photos_of
from zoobench.errors import DataError, UsageError
from zoobench.run.workshop import samples_of

EXPECTED = "the first line names the columns: path,label or path,label,split"
SIX = [(f"images/{number}.png", "dog" if number % 2 else "cat") for number in range(12)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with `images/0.png` to `images/11.png`."""
    for number in range(12):
        put(tmp_path / "pets" / "images" / f"{number}.png", encoded(number))
    return tmp_path / "pets"


def written(pictures: Path, text: str | bytes, *, name: str = "pets.csv") -> Path:
    return put(pictures / name, text if isinstance(text, bytes) else text.encode())


def lines(header: str = "path,label", *, sep: str = ",") -> str:
    return "\n".join([header.replace(",", sep), *(sep.join(one) for one in SIX)]) + "\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (lines(), "pets.csv"),
        (lines("File_Path,Class"), "pets.CSV"),
        ("\ufeff" + lines("filename,category", sep=";").replace("\n", "\r\n") + "\r\n", "pets.csv"),
        (lines("image,label", sep="\t"), "pets.tsv"),
    ],
)
def test_a_list_of_paths_and_labels_is_a_data_set(pictures: Path, kept: Path, text: str, name: str) -> None:
    dataset = opened(written(pictures, text, name=name), kept)
    assert (dataset.name, dataset.classes) == ("pets", ("cat", "dog"))
    assert names(dataset) == [path for path, _ in SIX]
    assert [item.label for item in dataset.samples] == [0, 1] * 6
    assert dataset.images([3])[0, 0, 0].tolist() == [3, 0, 9]
    assert {item.split for item in dataset.samples} == {"train", "validation", "test"}


def test_a_column_of_splits_is_the_split(pictures: Path, kept: Path) -> None:
    splits = ["Train"] * 4 + ["valid"] * 4 + ["TEST"] * 4
    text = "path,label,subset\n" + "".join(
        f"{path},{label},{one}\n" for (path, label), one in zip(SIX, splits, strict=True)
    )
    dataset = opened(written(pictures, text), kept)
    assert [item.split for item in dataset.samples] == ["train"] * 4 + ["validation"] * 4 + ["test"] * 4
    told = "data: split by pets.csv: 'Train' is train, 'valid' is validation, 'TEST' is test"
    assert told in describe(dataset)


def test_names_may_hold_commas_newlines_and_bytes_that_are_no_text(pictures: Path, kept: Path) -> None:
    odd = ["a, b.png", "ñ\n日本.png", 'say "x".png']
    for number, name in enumerate(odd):
        put(pictures / name, encoded(100 + number))
    (pictures / "odd").mkdir()
    Path(pictures.as_posix()).joinpath("odd", "\udcff.png").write_bytes(encoded(200))
    quoted = "".join('"' + name.replace('"', '""') + '",bird\n' for name in odd)
    content = (lines() + quoted).encode() + b"odd/\xff.png,bird\n"
    dataset = opened(written(pictures, content), kept)
    assert names(dataset)[12:] == [*odd, "odd/\\xff.png"]
    assert dataset.classes == ("bird", "cat", "dog")
    assert dataset.images([15])[0, 0, 0].tolist() == [200, 0, 9]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("images/0.png,cat\nimages/1.png,dog\n", "its first line is 'images/0.png, cat', without the column path and"),
        ("path,kind\n", "its first line is 'path, kind', without the column label; " + EXPECTED),
        ("", "its first line is 'nothing'"),
        ("path,label\n", "it names no images; the first line names the columns"),
        ("path,label\nimages/0.png,cat\n", "it names one class only, cat"),
        ("path,label\nimages/0.png,cat\n\nimages/1.png,\nimages/2.png\n", "no label in lines 4, 5"),
        ("path,label\n,cat\n", "no path in line 2"),
        ("path,label,split\nimages/0.png,cat,train\nimages/1.png,dog,\n", "no split in line 3"),
        (
            "path,label,split\nimages/0.png,cat,train\nimages/1.png,dog,2\n",
            "the split '2' in line 3 is not known",
        ),
        ("path,label\nimages/0.png,cat\nimages/0.png,dog\n", "images/0.png stands in line 2 and line 3"),
        ("file,image,label\n", "its columns file and image may both be the path; call one of them path"),
        (
            "path,label\nimages/0.png,cat\na, b.png,dog\n",
            "line 3 has 3 cells and the first line 2; a name",
        ),
        (lines().encode("utf-16"), "it is not text in UTF-8"),
    ],
)
def test_a_list_that_is_not_complete_is_refused_with_the_line(
    pictures: Path, kept: Path, text: str | bytes, told: str
) -> None:
    path = written(pictures, text)
    message = message_of(DataError, lambda: opened(path, kept))
    assert message.startswith(f"the list {path} cannot be used: ")
    assert told in message


def test_a_file_that_is_not_there_is_bad_and_may_be_left_out(pictures: Path, kept: Path) -> None:
    path = written(pictures, lines() + "images/gone.png,cat\n")
    told = message_of(DataError, lambda: opened(path, kept))
    assert "1 image of pets cannot be used:\n  images/gone.png: there is no such file (line 14 of pets.csv)" in told
    assert len(opened(path, kept, skip_bad_images=True).samples) == 12


def test_a_list_may_have_been_written_on_windows(pictures: Path, kept: Path) -> None:
    dataset = opened(written(pictures, lines().replace("/", "\\").replace("\n", "\r\n")), kept)
    assert names(dataset) == [path for path, _ in SIX]


def test_a_list_that_is_not_there_is_refused(tmp_path: Path, kept: Path) -> None:
    assert "no.csv cannot be read (No such file" in message_of(DataError, lambda: opened(tmp_path / "no.csv", kept))


def test_parquet_is_read_where_pyarrow_is_installed(
    pictures: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(pictures, b"PAR1", name="pets.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install pyarrow; or save the list as CSV" in message_of(DataError, lambda: opened(path, kept))
    rows: list[dict[str, object]] = [{"image_path": name, "label": number % 2} for number, (name, _) in enumerate(SIX)]
    table = SimpleNamespace(column_names=["image_path", "label"], to_pylist=lambda: rows)
    for name, held in (("", {"ArrowException": ValueError}), (".parquet", {"read_table": lambda _path: table})):
        module = ModuleType(f"pyarrow{name}")
        module.__dict__.update(held)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    dataset = opened(path, kept)
    assert (dataset.classes, len(dataset.samples)) == (("0", "1"), 12)
    rows[0]["image_path"] = {"bytes": b""}
    told = message_of(DataError, lambda: opened(path, kept))
    assert "its column image_path holds dict, not text; write images to files" in told


def test_the_photos_of_a_list_are_found_again(pictures: Path, kept: Path) -> None:
    path = written(pictures, lines())
    samples = samples_of(opened(path, kept))
    found = photos_of(samples, folder=path, seed=0)
    assert isinstance(found, Photos)
    assert len(found.contents) == len(samples)


PETS = ("cat", "dog", "eel")


@pytest.mark.parametrize(
    "text",
    [
        "dog\ncat\neel",
        "\ufeffdog\r\ncat\r\neel\r\n\r\n",
        "0 dog\n1 cat\n2 eel\n",
        "1: dog\n2: cat\n3: eel",
        "dog,0\ncat,1\neel,2\n",
        " dog \rcat\r eel",
    ],
)
def test_a_labels_file_has_one_class_a_line_perhaps_numbered(text: str) -> None:
    assert parse_classes(text) == ("dog", "cat", "eel")


def test_names_may_begin_with_numbers() -> None:
    assert parse_classes("20 euro\n50 euro") == ("20 euro", "50 euro")
    assert parse_classes("0\n1\n10") == ("0", "1", "10")
    assert parse_classes("7 up\ncola") == ("7 up", "cola")
    assert parse_classes("0 golden retriever, old\n1 cat") == ("golden retriever, old", "cat")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1 of the classes is empty"),
        ("cat\n\ndog", "line 2 of the classes is empty"),
        ("cat\ndog\ncat", "the class cat stands twice"),
        ("0 cat\n2 dog", "the classes cannot be read: they are numbered, but dog has 2 where 1 was expected"),
        ("1 cat\n0 dog", "the classes cannot be read: they are numbered, but dog has 0 where 2 was expected"),
    ],
)
def test_what_is_no_list_of_classes_is_refused(text: str, told: str) -> None:
    assert message_of(DataError, lambda: parse_classes(text)).startswith(told)


def test_what_is_given_is_the_order(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_bytes("eel\ncat\ndog".encode("utf-8-sig"))
    for given in ("eel, cat,dog", str(file)):
        ordered, told = find_order(PETS, given=given)
        assert ordered == ("eel", "cat", "dog")
        assert told == "classes in the order of --zoo-classes: eel, cat, dog"


def test_letters_that_systems_store_in_two_ways_are_the_same() -> None:
    ordered, _ = find_order(("cafe\u0301", "tea"), given="tea,caf\u00e9")
    assert ordered == ("tea", "cafe\u0301")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "cat,dog",
            "cat,dog names 2 classes, the data has 3: it lacks eel; all classes of the data must be among them",
        ),
        ("kitten,dog,eel,fox", "names 4 classes, the data has 3: it lacks cat; the data has no kitten, fox;"),
    ],
)
def test_classes_that_are_not_those_of_the_data_are_refused(given: str, told: str) -> None:
    assert told in message_of(DataError, lambda: find_order(PETS, given=given))


def test_more_classes_than_the_data_has_images_of_may_be_given(tmp_path: Path) -> None:
    ordered, said = find_order(PETS, given="fox,Eel,cat,dog,ape")
    assert ordered == ("fox", "eel", "cat", "dog", "ape")
    assert said.endswith("fox, eel, cat, dog, ape; the data has no images of 2 of them: fox, ape")
    for name in PETS:
        for red in range(3):
            put(tmp_path / "pets" / name / f"{red}.png", encoded(red, len(name) + ord(name[0])))
    dataset = opened(tmp_path / "pets", tmp_path / "kept", classes="fox,eel,cat,dog,ape")
    assert dataset.classes == ordered
    assert {item.name.partition("/")[0]: item.label for item in dataset.samples} == {"cat": 2, "dog": 3, "eel": 1}
    assert dataset.are_named


def test_names_that_differ_in_letter_case_alone_are_kept_apart() -> None:
    assert find_order(("A", "a"), given="a,A")[0] == ("a", "A")


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    for given in ("labels.txt", "cat", str(tmp_path)):
        assert f"there is no file {given}" in message_of(UsageError, lambda given=given: find_order(PETS, given=given))
    (tmp_path / "labels.txt").write_bytes("cat\ndog".encode("utf-16"))
    told = message_of(DataError, lambda: find_order(PETS, given=str(tmp_path / "labels.txt")))
    assert "is not text in UTF-8" in told


def test_only_where_all_are_numbers_they_are_counted() -> None:
    assert find_order(("1", "10", "2"), given="")[0] == ("1", "2", "10")
    assert find_order(("01", "02", "10"), given="") == (("01", "02", "10"), "")
    assert find_order(("1", "10", "2", "none"), given="") == (("1", "10", "2", "none"), "")
