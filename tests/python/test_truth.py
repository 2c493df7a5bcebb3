"""The truth: what it keeps, what it refuses, what it says about damage."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import apsw
import numpy as np
import pytest

from nearsight.errors import (
    ClosedError,
    DatabaseError,
    ModelMismatchError,
    NotFoundError,
    ReadOnlyError,
    VersionError,
)
from nearsight.truth import NewInput, Truth


def new_input(id_: str = "a", seed: int = 1, dim: int = 4) -> NewInput:
    return NewInput(
        id=id_,
        content=seed.to_bytes(32, "big"),
        name=f"{id_}.jpg",
        uri=f"file:///photos/{id_}%20b.jpg",
        format="JPEG",
        width=640,
        height=480,
        size_bytes=1234,
        thumbnail=b"\xff\xd8jpeg",
        vector=np.arange(dim, dtype=np.float32) + seed,
        probabilities=np.array([0.25, 0.75], np.float32),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.ns"


def filled(path: Path, count: int = 3, dim: int = 4) -> Truth:
    truth = Truth(path)
    truth.adopt_model("m", "f" * 64, dim, ["a", "b"])
    with truth.writing():
        truth.inputs.add([new_input(f"i{n}", n + 1, dim) for n in range(count)])
    return truth


def test_what_was_committed_is_there_after_reopening(path: Path) -> None:
    truth = filled(path)
    truth.concepts.annotate(["i0"], {"dog": True, "cat": False})
    truth.close()
    again = Truth(path)
    record = again.inputs.get(["i0"])["i0"]
    assert (record.name, record.width, record.concepts) == (
        "i0.jpg",
        640,
        {"cat": False, "dog": True},
    )
    assert record.path == Path("/photos/i0 b.jpg")
    ids, vectors, probabilities = again.embeddings.after(0, 4, 2, 10)
    assert ids.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(vectors[1], np.arange(4, dtype=np.float32) + 2)
    np.testing.assert_array_equal(probabilities[0], [0.25, 0.75])
    again.close()


def test_a_failed_batch_leaves_nothing_behind(path: Path) -> None:
    truth = filled(path, 1)
    before = truth.generation
    with pytest.raises(apsw.ConstraintError), truth.writing():
        truth.inputs.add([new_input("new", 7), new_input("i0", 8)])
    assert (truth.inputs.count(), truth.inputs.has("new"), truth.generation) == (1, False, before)
    truth.close()


def test_ids_of_erased_embeddings_are_never_used_again(path: Path) -> None:
    truth = filled(path, 2)
    with truth.writing() as generation:
        assert truth.inputs.erase(["i1", "unknown", "i1"], generation) == ["i1"]
    assert truth.embeddings.erased_since(generation - 1).tolist() == [2]
    assert truth.embeddings.erased_since(generation).tolist() == []
    with truth.writing():
        assert truth.inputs.add([new_input("later", 9)]) == [3]
    assert truth.embeddings.owners([1, 2, 3]) == ["i0", None, "later"]
    truth.close()


def test_erasing_an_input_takes_its_annotations_along(path: Path) -> None:
    truth = filled(path, 1)
    truth.concepts.annotate(["i0"], {"dog": True})
    with truth.writing() as generation:
        truth.inputs.erase(["i0"], generation)
    assert truth.concepts.annotated("dog", True).tolist() == []
    assert truth.concepts.counts() == {"dog": (0, 0)}
    truth.close()


def test_a_later_annotation_replaces_an_earlier_one(path: Path) -> None:
    truth = filled(path, 2)
    truth.concepts.annotate(["i0", "i1"], {"dog": True})
    truth.concepts.annotate(["i1"], {"dog": False})
    assert truth.concepts.annotated("dog", True).tolist() == [1]
    assert truth.concepts.annotated("dog", False).tolist() == [2]
    assert truth.concepts.counts() == {"dog": (1, 1)}
    truth.close()


def test_generations_count_commits_and_survive(path: Path) -> None:
    truth = filled(path)
    generation = truth.generation
    with truth.writing() as next_generation:
        pass
    assert next_generation == truth.generation == generation + 1
    truth.close()


def test_a_snapshot_sees_one_commit_whatever_others_write(path: Path) -> None:
    reader, writer = filled(path, 1), Truth(path)
    with reader.snapshot():
        assert reader.inputs.count() == 1
        with writer.writing():
            writer.inputs.add([new_input("other", 5)])
        assert reader.inputs.count() == 1
    assert reader.inputs.count() == 2
    reader.close()
    writer.close()


def test_another_model_is_refused_and_the_same_one_is_not(path: Path) -> None:
    truth = filled(path)
    truth.adopt_model("m", "f" * 64, 4, ["a", "b"])
    with pytest.raises(ModelMismatchError, match=r"holds embeddings of the model 'm'"):
        truth.adopt_model("other", "e" * 64, 4, [])
    truth.close()


def test_using_a_closed_truth_says_so(path: Path) -> None:
    truth = filled(path)
    truth.close()
    truth.close()
    with pytest.raises(ClosedError, match=r"was closed"):
        truth.inputs.count()


def test_read_only_reads_and_never_writes(path: Path) -> None:
    filled(path).close()
    before = path.read_bytes()
    truth = Truth(path, read_only=True)
    assert truth.inputs.count() == 3
    with pytest.raises(ReadOnlyError, match="read_only"), truth.writing():
        pass
    truth.close()
    assert path.read_bytes() == before


def test_read_only_does_not_create(path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        Truth(path, read_only=True)
    assert not path.exists()


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    truth = Truth(path)
    assert truth.inputs.count() == 0
    truth.close()


def test_a_folder_or_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="is a folder"):
        Truth(tmp_path)
    with pytest.raises(NotFoundError, match=r"the folder .*missing does not exist"):
        Truth(tmp_path / "missing" / "x.ns")


@pytest.mark.parametrize("content", [b"just some text, long enough to be read " * 50, b"\0" * 4096])
def test_a_file_of_something_else_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="not a nearsight database"):
        Truth(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_kept(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("create table notes (text)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="another program"):
        Truth(path)
    assert path.read_bytes() == before


def test_a_newer_format_says_upgrade(path: Path) -> None:
    truth = filled(path)
    with truth.reading() as db:
        db.pragma("user_version", 99)
    truth.close()
    with pytest.raises(VersionError, match=r"format 99.*pip install --upgrade"):
        Truth(path)


def flips(path: Path) -> Iterator[None]:
    """Damage the file in 60 places, one at a time."""
    good = path.read_bytes()
    for at in range(100, len(good), len(good) // 60):
        damaged = bytearray(good)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        yield


def test_a_flipped_bit_anywhere_is_never_an_answer(path: Path) -> None:
    filled(path, 40, dim=1024).close()
    expected = _everything(path)
    noticed = 0
    for _ in flips(path):
        try:
            assert _everything(path) == expected
        except DatabaseError:
            noticed += 1
    assert noticed > 30


def test_without_checksums_the_same_flips_would_answer(path: Path) -> None:
    """The control: shows that the flips above reach what is read."""
    filled(path, 40, dim=1024).close()
    expected = _vectors_without_checksums(path)
    silent = 0
    for _ in flips(path):
        with suppress(sqlite3.DatabaseError):
            silent += _vectors_without_checksums(path) != expected
    assert silent >= 10


def _vectors_without_checksums(path: Path) -> list[tuple[bytes]]:
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as plain:
        return plain.execute("select vector from embedding order by id").fetchall()


def _everything(path: Path) -> tuple[object, ...]:
    truth = Truth(path, read_only=True)
    try:
        with truth.reading() as db:
            rows = db.execute("select id, vector from embedding order by id").fetchall()
        return rows, truth.inputs.get([f"i{n}" for n in range(40)])
    finally:
        truth.close()


def test_checksums_switched_off_are_noticed(path: Path) -> None:
    filled(path).close()
    content = bytearray(path.read_bytes())
    content[20] = 0  # the header's count of reserved bytes: 8 means checksums
    path.write_bytes(content)
    with pytest.raises(DatabaseError):
        Truth(path).inputs.count()


def test_two_openers_of_a_new_file_agree_on_one_database(path: Path) -> None:
    first, second = Truth(path), Truth(path)
    assert first.uuid == second.uuid
    first.close()
    second.close()
