"""The truth: what it keeps and what it refuses."""

from collections.abc import Sequence
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from nearsight.errors import (
    ClosedError,
    DatabaseError,
    ModelMismatchError,
    NotFoundError,
    ReadOnlyError,
)
from nearsight.truth import Input, NewEmbedding, NewInput, Truth, commits


def new_input(id_: str = "a", seed: int = 1, dim: int = 4) -> NewInput:
    return NewInput(
        id=id_,
        content=seed.to_bytes(32, "big"),
        name=f"{id_}.jpg",
        url=f"file:///photos/{id_}%20b.jpg",
        format="JPEG",
        width=640,
        height=480,
        size_bytes=1234,
        thumbnail=b"\xff\xd8jpeg",
        embedding=NewEmbedding(
            np.arange(dim, dtype=np.float32) + seed, np.array([0.25, 0.75], np.float32)
        ),
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
    truth.annotations.say(["i0"], {"dog": True, "cat": False})
    truth.close()
    again = Truth(path)
    record = again.inputs.get(["i0"])["i0"]
    assert (record.name, record.width, record.concepts) == (
        "i0.jpg",
        640,
        {"cat": False, "dog": True},
    )
    assert record.path == Path("/photos/i0 b.jpg")
    ids, vectors, probabilities = again.embeddings.after(0, 3, 4, 2, 10)
    assert ids.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(vectors[1], np.arange(4, dtype=np.float32) + 2)
    np.testing.assert_array_equal(probabilities[0], [0.25, 0.75])
    again.close()


def test_a_failed_batch_leaves_nothing_behind(path: Path) -> None:
    truth = filled(path, 1)
    before = truth.generation
    with pytest.raises(DatabaseError, match="UNIQUE"), truth.writing():
        truth.inputs.add([new_input("new", 7), new_input("i0", 8)])
    assert (truth.inputs.count(), truth.inputs.has("new"), truth.generation) == (1, False, before)
    truth.close()


def test_ids_of_erased_embeddings_are_never_used_again(path: Path) -> None:
    truth = filled(path, 2)
    with truth.writing() as generation:
        assert truth.inputs.erase(["i1", "unknown", "i1"]) == ["i1"]
    assert truth.embeddings.erased_since(generation - 1).tolist() == [2]
    assert truth.embeddings.erased_since(generation).tolist() == []
    with truth.writing():
        truth.inputs.add([new_input("later", 9)])
    owners = truth.embeddings.owners([1, 2, 3])
    assert {id_: [owner.input for owner in of] for id_, of in owners.items()} == {
        1: ["i0"],
        3: ["later"],
    }
    truth.close()


def test_erasing_an_input_takes_its_annotations_along(path: Path) -> None:
    truth = filled(path, 1)
    truth.annotations.say(["i0"], {"dog": True})
    with truth.writing():
        truth.inputs.erase(["i0"])
    assert truth.examples.said("dog", True).tolist() == []
    assert truth.concepts.counts() == {"dog": (0, 0)}
    truth.close()


def test_a_later_annotation_replaces_an_earlier_one(path: Path) -> None:
    truth = filled(path, 2)
    truth.annotations.say(["i0", "i1"], {"dog": True})
    truth.annotations.say(["i1"], {"dog": False})
    assert truth.examples.said("dog", True).tolist() == [1]
    assert truth.examples.said("dog", False).tolist() == [2]
    assert truth.concepts.counts() == {"dog": (1, 1)}
    truth.close()


def test_generations_count_commits_rise_and_survive(path: Path) -> None:
    truth = Truth(path)
    assert truth.generation == 0
    for count in range(1, 20):
        before = truth.generation
        with truth.writing() as generation:
            pass
        assert before < generation == truth.generation
        assert commits(generation) == count
    truth.close()
    again = Truth(path)
    assert again.generation == generation
    again.close()


def test_a_file_knows_its_own_generations_and_not_those_of_a_copy(path: Path) -> None:
    truth = filled(path, 1)
    common = truth.generation
    truth.close()
    twin_path = path.with_name("twin.ns")
    copy(path, twin_path)
    truth, twin = Truth(path), Truth(twin_path)
    for one in (truth, twin):
        with one.writing():
            pass
    assert commits(truth.generation) == commits(twin.generation)
    for one, other in ((truth, twin), (twin, truth)):
        assert one.knows(0)
        assert one.knows(common)
        assert one.knows(one.generation)
        assert not one.knows(other.generation)
    truth.close()
    twin.close()


def test_the_newest_4096_generations_are_known(path: Path) -> None:
    truth = Truth(path)
    with truth.reading() as db:
        db.pragma("synchronous", 0)
    generations = []
    for _ in range(4100):
        with truth.writing() as generation:
            generations.append(generation)
    with truth.reading() as db:
        assert db.execute("select count(*) from history").get == 4096
    assert [truth.knows(one) for one in generations[:6]] == [False] * 4 + [True] * 2
    truth.close()


def test_generations_fit_while_anybody_lives(path: Path) -> None:
    truth = Truth(path)
    with truth.reading() as db:
        db.execute("update meta set value = ? where key = 'generation'", (((2**39) - 2) << 24,))
    with truth.writing() as generation:
        pass
    assert generation == truth.generation < 2**63
    assert truth.knows(generation)
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


def test_a_page_of_inputs_is_read_from_one_commit(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = filled(path, 6), Truth(path)
    select = reader.inputs._select

    def slow(column: str, values: Sequence[object]) -> list[Input]:
        with writer.writing():
            writer.inputs.erase(["i0", "i1", "i2"])
        return select(column, values)

    monkeypatch.setattr(reader.inputs, "_select", slow)
    last, page = reader.inputs.after(0, 3)
    assert (last, [record.id for record in page]) == (3, ["i0", "i1", "i2"])
    reader.close()
    writer.close()


def test_far_pages_of_inputs_are_found_without_reading_the_inputs(path: Path) -> None:
    truth = filled(path)
    asked: list[str] = []
    with truth.reading() as db:
        db.exec_trace = lambda _, sql, __: not asked.append(sql)
        assert [each.id for each in truth.inputs.page(1, 1)] == ["i1"]
        db.exec_trace = None
        (paged,) = (sql for sql in asked if "offset" in sql)
        assert "COVERING INDEX" in str(db.execute(f"explain query plan {paged}", (1, 1)).get)
    truth.close()
