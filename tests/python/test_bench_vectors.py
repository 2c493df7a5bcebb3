"""The benchmark of vectors: what it says of everybody is right, and what was kept is used again."""

import json
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from nearsight import ArgumentError, NotFoundError
from nearsight.bench import bars, openings, peers, photos, plots, vectors
from nearsight.bench.collection import EVERYTHING, Collection
from nearsight.bench.measure import Record, files_of, forget, peak_memory
from nearsight.bench.peers import OURS, PEERS, Flags, Ids, Peer, UnableError, chosen, installed
from nearsight.bench.races import Arena
from nearsight.cli.main import main
from nearsight.demo import PHOTOS

N, DIM, K = 2000, 64, 10
FACTS: Record = {"data": "drawn", "n": N, "dim": DIM, "seed": 1}
HERE = [who for who in PEERS if installed(who)]


class Forgetful(peers.PEERS["numpy"]):  # type: ignore[misc, name-defined]
    """Numpy that finds the best few only, as many as it is told; it cannot filter."""

    knob, values, exact = "few", (1, 5, 10, 1000), False

    def search(self, queries: Any, k: int, value: float, within: Any = None) -> Ids:
        found = super().search(queries, k, value, within)
        found[:, int(value) :] = -1
        return found

    def restriction(self, name: str, mask: Flags) -> Any:
        raise UnableError("has no filter")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return Collection.made(tmp_path_factory.mktemp("drawn"), FACTS)


def built(who: str, collection: Collection, folder: Path) -> Peer:
    PEERS[PEERS[who].built_as or who].build(collection.rows, folder / "index", collection.masks)
    return PEERS[who](folder / "index", collection.rows)


def test_everything_is_measured_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "_WARM", 1)
    settings = ["--n", str(N), "--dim", str(DIM), "--rounds", "1", "--against", "numpy"]
    settings += ["--keep", str(tmp_path / "kept"), "--plots", str(tmp_path / "plots"), "--json"]
    records = run_json(["bench", "vectors", *settings])
    parts = {part: [r for r in records if r["part"] == part] for part in vectors.PARTS}
    assert {r["who"] for r in parts["build"]} == {"nearsight", "nearsight-f16-exact", "numpy"}
    assert {r["who"] for r in parts["open"]} == {*OURS, "numpy"}
    exact = [r for r in parts["search"] if r["who"] in ("nearsight-exact", "numpy")]
    assert [r["recall"] for r in exact] == [1.0] * 4
    for record in parts["search"] + parts["batch"] + parts["filters"]:
        asked = float(record["knob"].split()[1]) if record["who"] == "nearsight" else 0.99
        assert record["recall"] >= asked - 0.01, record
        assert record["median_ms"] > 0
    masks = ["0.01 %", "0.1 %", "1 %", "10 %", "50 %", "correlated"]
    assert list(dict.fromkeys(r["mask"] for r in parts["filters"])) == masks
    changed = {r["who"]: r for r in parts["changes"]}
    assert (changed["nearsight"]["found"], changed["nearsight"]["gone"]) == (1.0, 1.0)
    assert changed["numpy"]["note"] == "cannot add"
    assert "beside numpy" in " ".join(r["who"] for r in records if r["part"] == "bars")
    drawn = {file.name for file in (tmp_path / "plots").iterdir()}
    assert drawn == {"search-like.svg", "search-unlike.svg", "batch-like.svg", "filters.svg"}

    built = {file: file.stat().st_mtime_ns for file in files_of(tmp_path / "kept")}
    assert run_json(["bench", "vectors", *settings, "--parts", "build"])[:3] == parts["build"]
    assert {file: file.stat().st_mtime_ns for file in files_of(tmp_path / "kept")} == built
    settings += ["--parts", "build", "--rebuild", "nearsight-f16-exact"]
    run_json(["bench", "vectors", *settings])
    changed_files = [file for file, when in built.items() if file.stat().st_mtime_ns != when]
    assert {file.relative_to(tmp_path).parts[2] for file in changed_files} == {
        "nearsight-f16-exact"
    }


def run_json(arguments: list[str]) -> list[dict[str, Any]]:
    """What the command prints; in this process, since all that takes time has its own."""
    with redirect_stdout(StringIO()) as said:
        assert main(arguments) == 0
    return [json.loads(line) for line in said.getvalue().splitlines()]


def test_tables_are_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--n", "500", "--dim", "8", "--rounds", "1", "--against", "numpy"]
    assert main(["bench", "vectors", *settings, "--parts", "search"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "part search, queries like, data drawn, n 500, dim 8, k 10, rounds 1"
    assert lines[2].split() == ["who", "knob", "recall", "median", "ms"]
    assert lines[-2].split()[-1] in ("yes", "no") or "numpy" in lines[-2]


def test_another_collection_in_the_folder_is_refused(collection: Collection) -> None:
    with pytest.raises(ArgumentError, match="not dim 32: name another folder"):
        Collection.made(collection.folder, {**FACTS, "dim": 32})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"against": "nobody"}, "nobody is called"),
        ({"parts": "dance"}, "no part is called"),
    ],
)
def test_names_that_nobody_has_are_refused(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        list(vectors.run(n=100, dim=4, **wrong))  # type: ignore[arg-type]


def test_names_mean_all_that_begin_so() -> None:
    assert chosen("hnswlib, zvec") == ["hnswlib", "zvec-hnsw", "zvec-ivf-rabitq"]
    assert len(chosen("faiss")) == len([who for who in PEERS if who.startswith("faiss-")]) > 3


def test_an_engine_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Forgetful, "package", "nobody-has-this")
    monkeypatch.setitem(PEERS, "absent", Forgetful)
    records = list(vectors.run(n=300, dim=4, rounds=1, against="absent", parts=""))
    assert [r["note"] for r in records] == ["not installed: pip install nobody-has-this"]


def test_an_engine_that_dies_is_said_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openings, "_WARM", 1)
    monkeypatch.setitem(PEERS, "mortal", Forgetful)  # of which the other processes know nothing
    asked = {"n": 300, "dim": 4, "rounds": 1, "against": "numpy,mortal", "keep": tmp_path}
    (failed, *_) = vectors.run(parts="", **asked)  # type: ignore[arg-type]
    assert (failed["who"], failed["note"]) == ("mortal", "failed with 1")
    (tmp_path / "built" / "mortal" / "index").touch()
    (tmp_path / "built" / "mortal" / "build.json").write_text('{"who": "mortal"}')
    records = list(vectors.run(parts="open,search", **asked))  # type: ignore[arg-type]
    notes = {(r["part"], r["who"]) for r in records if "note" in r}
    assert notes == {("open", "mortal"), ("search", "everybody")}
    assert {r["who"] for r in records if "warm_ms" in r} == {*OURS, "numpy"}


def test_recall_counts_what_was_found_once_and_is_as_good(collection: Collection) -> None:
    cosines = collection.queries["like"] @ collection.rows.T
    best = np.argsort(-cosines, axis=1)[:, :K].astype(np.int64)

    def recall(found: Ids, mask: Flags | None = None, name: str = EVERYTHING) -> float:
        return collection.recall(found, K, "like", mask, name)

    assert recall(best) == 1.0
    assert recall(np.hstack([best[:, :5], best[:, :5]])) == pytest.approx(0.5)
    assert recall(np.full_like(best, -1)) == 0.0
    assert recall(np.full_like(best, N)) == 0.0
    for name, mask in collection.masks.items():
        within = np.where(mask, cosines, -2).argsort(axis=1)[:, ::-1][:, :K].astype(np.int64)
        assert recall(within[:, : min(K, int(mask.sum()))], mask, name) == 1.0
        outside = recall(best, mask, name) * min(K, mask.sum())
        assert outside == pytest.approx(mask[best].sum(axis=1).mean())


def test_masks_let_their_shares_through(collection: Collection) -> None:
    shares = {name: mask.mean() for name, mask in collection.masks.items()}
    assert shares["50 %"] == pytest.approx(0.5, abs=0.05)
    assert 0 < shares["0.01 %"] <= 0.002
    assert shares["correlated"] == pytest.approx(0.01, abs=0.002)
    alike, some = collection.rows[collection.masks["correlated"]], collection.rows[:500]
    assert (alike @ alike.T).mean() > 1.1 * (some @ some.T).mean()


@pytest.mark.parametrize("who", HERE)
def test_each_engine_finds_filters_adds_and_removes(
    who: str, collection: Collection, tmp_path: Path
) -> None:
    peer, farthest = built(who, collection, tmp_path), PEERS[who].values[-1]
    queries = collection.queries["like"]
    many = peer.search(queries[:64], K, farthest)
    one = np.concatenate([peer.search(query[None], K, farthest) for query in queries[:64]])
    for found in (many, one):
        assert (found.shape, found.dtype) == ((64, K), np.int64)
        least = 0.99 if PEERS[who].exact or who in OURS else 0.7
        assert collection.recall(found, K, "like", None, EVERYTHING) >= least
    for name, mask in collection.masks.items():
        try:
            within = peer.restriction(name, mask)
        except UnableError:
            break
        found = peer.search(queries[:20], K, farthest, within)
        assert mask[found[found >= 0]].all()
    new = np.roll(collection.rows[:10], 3, axis=1)
    ids = np.arange(N, N + 10)
    try:
        peer.add(ids, new)
        assert (peer.search(new, 1, farthest)[:, 0] == ids).mean() >= 0.9
        peer.remove(ids[:5])
        assert not np.isin(peer.search(new[:5], K, farthest), ids[:5]).any()
    except UnableError:
        assert who not in OURS


def test_a_forgetful_engine_is_seen(collection: Collection, tmp_path: Path) -> None:
    forgetful = Forgetful(tmp_path, collection.rows)
    arena = Arena(collection, {"forgetful": forgetful}, K, 1)
    (stream,) = [r for r in arena.race("like") if r.get("part") == "stream"]
    assert stream["median_ms"] > 0  # type: ignore[operator]
    raced = {str(r["knob"]): r["recall"] for r in arena.race("unlike")}
    assert raced == {"few 1": 0.1, "few 5": 0.5, "few 10": 1.0}  # 1000 would only be slower
    batched = [r["recall"] for r in arena.race("like", 64)]
    assert batched == [0.1, 0.5, 1.0]
    mask = collection.masks["1 %"]
    assert list(arena.race("like", 1, "1 %", mask)) == [
        {"who": "forgetful", "note": "has no filter"}
    ]


def record(who: str, recall: float, ms: float, **facts: object) -> Record:
    facts = {"part": "search", "queries": "like", "n": 1_000_000, "dim": 8, "k": K, **facts}
    knob = "recall 0.99" if who == "nearsight" else "ef 20"
    return {"who": who, "knob": knob, "recall": recall, "median_ms": ms, **facts}


def verdicts(records: list[Record]) -> dict[str, Record]:
    return {str(r["who"]): r for r in bars.held(records)}


def test_bars_compare_the_fastest_that_reach_the_recall() -> None:
    ours, slow = record("nearsight", 0.995, 0.2), record("hnswlib", 0.999, 0.9)
    hasty = record("usearch", 0.98, 0.01)
    name = "queries like the rows, recall 0.99"
    found = verdicts([ours, slow, hasty])[name]
    assert (found["ratio"], found["met"], found["beside"]) == (0.222, True, "hnswlib ef 20")
    near = record("usearch", 0.99, 0.3)
    assert verdicts([ours, slow, near])[name]["met"] is False  # 0.67 is more than a half
    few = [dict(r, n=100_000) for r in (ours, slow, near)]
    assert verdicts(few)[name]["met"] is True  # there it is enough to be as fast
    bad = record("nearsight", 0.97, 0.01)
    assert verdicts([bad, slow])[name]["beside"] == "recall not reached"
    assert verdicts([bad])["recall 0.99 asked for, queries like the rows"]["met"] is False
    assert name not in verdicts([ours])
    assert verdicts([]) == {}


def test_bars_hold_exact_search_to_the_machine_and_to_half_precision() -> None:
    stream = {"part": "stream", "who": "reading", "n": 1_000_000, "dim": 512, "median_ms": 90.0}
    ours, half = record("nearsight-exact", 1.0, 100), record("nearsight-f16-exact", 0.9999, 60)
    found = verdicts([stream, ours, half, record("numpy", 1.0, 200)])
    bandwidth = found["exact, share of the read bandwidth"]
    assert (bandwidth["value"], bandwidth["met"]) == (0.9, False)
    assert found["exact, search, f16 beside f32"]["met"] is True
    assert found["exact, search, beside numpy"]["ratio"] == 0.5
    assert "exact, share of the read bandwidth" not in verdicts([dict(stream, dim=8), ours])


def test_bars_hold_filters_to_peers_and_to_our_own_search() -> None:
    filtered: dict[str, object] = {"part": "filters", "mask": "1 %", "matches": 10_000}
    records = [
        record("nearsight", 1.0, 0.1),
        record("nearsight", 1.0, 0.3, **filtered),
        record("nearsight-exact", 1.0, 0.1, **filtered),
        record("numpy", 1.0, 2.0, **filtered),
        record("zvec-hnsw", 0.5, 0.01, **filtered),
    ]
    found = verdicts(records)
    assert (found["filter 1 %"]["ratio"], found["filter 1 %"]["met"]) == (0.15, True)
    itself = found["filter 1 %, beside itself"]
    assert (itself["ratio"], itself["met"], itself["target"]) == (3.0, False, "<= 2")


def test_plots_are_svg_with_axes_names_and_every_point(tmp_path: Path) -> None:
    filtered: dict[str, object] = {"part": "filters", "mask": "1 %", "matches": 10_000}
    records = [record("nearsight", r, ms) for r, ms in ((0.9, 0.1), (0.99, 0.2), (1.0, 0.4))]
    records += [record("hnswlib", 0.4, 0.02), record("hnswlib", 0.95, 3.0)]
    records += [record("nearsight", 1.0, 0.2, **filtered), record("numpy", 0.5, 9, **filtered)]
    files = plots.saved(records, tmp_path / "made")
    assert [file.name for file in files] == ["search-like.svg", "filters.svg"]
    searches, shares = (ElementTree.parse(file).getroot() for file in files)
    svg = "{http://www.w3.org/2000/svg}"
    said = " ".join(text.text or "" for text in searches.iter(f"{svg}text"))
    for words in ("recall@10", "median ms a query", "nearsight", "hnswlib", "n = 1000000", "0.99"):
        assert words in said
    circles = list(searches.iter(f"{svg}circle"))
    assert len(circles) == 5
    places = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in circles]
    assert places[0][0] < places[1][0] < places[2][0]  # more recall lies to the right
    assert places[0][1] > places[1][1] > places[2][1]  # what is slower lies above
    _, _, width, height = (float(part) for part in searches.get("viewBox", "").split())
    assert all(0 < x < width and 0 < y < height for x, y in places)
    fills = [c.get("fill") for c in shares.iter(f"{svg}circle")]
    assert (fills[0] == "white", fills[1] == "white") == (False, True)  # numpy's missed the recall


def test_photos_are_embedded_with_parts_and_asked_for_by_others(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(40):
        pixels = random.integers(0, 255, (4, 4, 3), np.uint8)
        Image.fromarray(pixels).resize((40, 30)).save(folder / f"{i}.png")
    rows, like, unlike = photos.embedded(folder, tmp_path / "rows", 1, model="grid")
    assert (len(rows), len(like), len(unlike)) == (8 * 36, 200, 200)
    for made in (rows, like, unlike):
        assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert len(np.unique(like.round(5), axis=0)) == 8  # four pictures were held out, and mirrored
    assert (like @ rows.T).max() < 0.999
    with pytest.raises(NotFoundError, match="fewer than 36 pictures"):
        photos.embedded(PHOTOS, tmp_path / "few", 1, model="grid")


def test_memory_and_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a", "folder/b"):
        (tmp_path / name).write_bytes(b"12345")
    assert sorted(file.name for file in files_of(tmp_path)) == ["a", "b"]
    assert files_of(tmp_path / "a") == [tmp_path / "a"]
    forget(files_of(tmp_path))
    with peak_memory() as peak:
        held = np.ones(8_000_000)
        time.sleep(0.1)
        before = dict(peak)
        del held
    assert before["anonymous_mb"] > 60
