"""The benchmarks: small ones run, what they say is consistent, and everybody finds the same."""

import json
from pathlib import Path

import numpy as np
import pytest

import nearsight
from nearsight import ArgumentError, Item, NotFoundError, Region, diagnosis, pictures
from nearsight.bench import BENCHMARKS, drawing, filters, imports, ingest, search
from nearsight.bench.measure import in_new_python, middle, take_turns
from nearsight.bench.questions import questions
from nearsight.bench.stock import RATES, Stock
from nearsight.cli.main import main
from nearsight.demo import PHOTOS


def test_exact_search_agrees_with_its_opponents() -> None:
    records = {str(r["who"]): r for r in search.run(n=2000, dim=67, k=5, rounds=3)}
    assert set(records) == {"nearsight", "numpy", "hnswlib", "memory"}
    for name, record in records.items():
        assert (record["n"], record["dim"], record["threads"]) == (2000, 67, 1)
        if "note" in record:
            assert name == "hnswlib"
            continue
        assert record["agrees"] is True
        assert 0 < float(str(record["best_ms"])) <= float(str(record["median_ms"]))
    assert records["nearsight"]["times_of_nearsight"] == 1
    memory = records["memory"]
    assert memory["met"] is (float(str(memory["times_of_nearsight"])) >= 0.95)


def test_disagreement_is_seen() -> None:
    rows, queries = search.clustered(500, 32, 12, seed=3)
    right = search._numpy(rows, 5)
    assert search._agrees(search._nearsight(rows, 5), right, queries)
    for wrong in (rows[::-1].copy(), rows * np.float32(0.999)):
        assert not search._agrees(search._numpy(wrong, 5), right, queries)


def test_the_vectors_are_units_in_clusters_and_always_the_same() -> None:
    rows, queries = search.clustered(3000, 64, 5, seed=1)
    again, _ = search.clustered(3000, 64, 5, seed=1)
    assert np.array_equal(rows, again)
    assert np.allclose(np.linalg.norm(np.vstack([rows, queries]), axis=1), 1, atol=1e-5)
    cosines = rows[:100] @ rows.T
    np.fill_diagonal(cosines, 0)
    assert cosines.max(axis=1).mean() > 0.5 > 0.1 > abs(cosines.mean())


def test_one_thread_is_what_numpy_gets() -> None:
    code = "import os, json; print(json.dumps({'threads': os.environ['OPENBLAS_NUM_THREADS']}))"
    assert in_new_python(code, environment=search.ONE_THREAD) == [{"threads": "1"}]


def test_turns_are_taken_and_each_begins_in_its_turn() -> None:
    log: list[str] = []
    players = {name: lambda turn, name=name: log.append(f"{name}{turn}") for name in "ab"}
    seconds = take_turns(players, 3)
    assert log == ["a0", "b0", "b1", "a1", "a2", "b2"]
    assert {name: len(times) for name, times in seconds.items()} == {"a": 3, "b": 3}
    assert middle([1.0, 2.0, 30.0]) == 2.0


def test_ingest_is_set_beside_the_model_alone(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--model", "grid", "--files", "40", "--rounds", "2", "--folder", str(PHOTOS)]
    assert main(["bench", "ingest", "--json", *settings]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    added, alone, ratio, small, large, growth = records
    assert (added["files"], added["rounds"]) == (40, 2)
    assert 0 < added["files_per_second"] < alone["files_per_second"]
    assert 0 < ratio["ratio"] < 1
    assert ratio["met"] is (ratio["ratio"] >= 0.85)
    assert (small["added"], large["added"]) == (40, 160)
    assert growth["ratio"] == pytest.approx(large["peak_mb"] / small["peak_mb"], rel=0.01)


def test_a_repeated_picture_counts_as_another() -> None:
    endless = ingest.contents(PHOTOS)
    photos = len(list(PHOTOS.iterdir()))
    drawn = [next(endless) for _ in range(2 * photos)]
    originals = {pictures.Source.load(source).data for source in drawn[:photos]}
    assert len(originals | set(drawn[photos:])) == 2 * photos
    first, repeated = pictures.open(drawn[0]), pictures.open(drawn[photos])
    assert first.digest != repeated.digest
    assert first.pixels.tobytes() == repeated.pixels.tobytes()


def test_a_folder_without_pictures_cannot_be_measured(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="holds no pictures"):
        ingest.run(tmp_path, files=1)


def test_the_import_is_set_beside_numpy() -> None:
    numpy, nearsight, everything, over = imports.run(rounds=1)
    assert (numpy["who"], nearsight["who"]) == ("numpy", "nearsight")
    assert float(str(numpy["ms"])) > 0
    assert float(str(everything["ms"])) > float(str(nearsight["ms"]))
    assert isinstance(over["met"], bool)


def test_the_table_has_a_line_for_each_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "search", "--n", "500", "--dim", "16", "--rounds", "1"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.startswith("search: n 500, dim 16, k 10, threads 1, rounds 1")
    assert [row.split()[0] for row in rows] == ["nearsight", "numpy", "hnswlib", "memory"]
    assert set(BENCHMARKS) == {"ingest", "search", "vectors", "filters", "import"}


def test_filters_are_right_and_set_beside_sqlite_and_numpy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = ["--inputs", "1500", "--dim", "24", "--rounds", "1", "--json"]
    assert main(["bench", "filters", *settings]) == 0
    first, again, warm, *asked = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["who"], again["who"]) == ("first opening", "opening")
    assert warm["first_search_ms"] > 0 < warm["warm_ms"]
    assert min(first["seconds"], again["seconds"], first["file_mb"], again["cache_mb"]) > 0
    assert {"text 50 %", "nested 1 %", "in a list 0.1 %", "predicted 10 %"} < {
        r["who"] for r in asked
    }
    assert all(record["agrees"] for record in asked)
    assert all(record["met"] is (record["best_ms"] <= 50) for record in asked)
    assert {record["matches"] > 0 for record in asked if "50 %" in record["who"]} == {True}
    assert all("sqlite_count_ms" in record for record in asked if record["who"] == "range 10 %")


def test_kept_inputs_are_used_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--dim", "8", "--rounds", "1", "--keep", str(tmp_path / "kept")]
    assert main(["bench", "filters", "--inputs", "200", *settings]) == 0
    (file,) = (tmp_path / "kept").glob("*.ns")
    filled = file.stat().st_mtime_ns, file.stat().st_ino
    assert main(["bench", "filters", "--inputs", "200", *settings]) == 0
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == filled
    capsys.readouterr()
    with pytest.raises(ArgumentError, match="holds 200 inputs, not 300: give --inputs 200"):
        filters.measure(str(tmp_path / "kept"), 300, 8, 1, 1)


def test_a_wrong_answer_to_a_filter_is_seen(tmp_path: Path) -> None:
    stock = Stock(300, 8)
    diagnosis.invent(tmp_path / "stock.ns", stock.embedder, stock.batches())
    with nearsight.open(tmp_path / "stock.ns", model=stock.embedder) as app:
        now = app.inputs.list(page=300, per_page=1)[0].added_at
        right = next(questions(stock, [now] * len(RATES)))
        off = right.mask.copy()
        off[np.flatnonzero(off)[0]] = False
        peer = filters._sqlite(stock)
        seen = [
            all(filters._Turn(app, stock, right._replace(mask=mask), peer)._agreements())
            for mask in (right.mask, off, ~right.mask)
        ]
    assert seen == [True, False, False]


def test_invented_inputs_are_like_those_that_were_added(tmp_path: Path) -> None:
    stock, path = Stock(3, 8), tmp_path / "invented.ns"
    regions = [Region((0.1, 0.2, 0.5, 0.6), ["wheel"])]
    item = Item(None, id="a", concepts=["car"], metadata={"n": 1}, geo=(1, 2), regions=regions)
    units = np.eye(2, 8, dtype=np.float32)
    rows = nearsight.embedders.Embedded(units, np.zeros((2, 1000), np.float32))
    diagnosis.invent(path, stock.embedder, [([item], rows)])
    with pytest.raises(ArgumentError, match="there already"):
        diagnosis.invent(path, stock.embedder, [])
    with nearsight.open(path, model=stock.embedder) as app:
        (found,) = app.search(where="car and @n = 1 and wheel and has(geo)")
        assert (found.id, found.input.concepts) == ("a", {"car": True})
        assert app.annotations["a#0"].box == (0.1, 0.2, 0.5, 0.6)
    with pytest.raises(ArgumentError, match="give it"):
        diagnosis.invent(tmp_path / "b.ns", stock.embedder, [([Item(None)], rows)])


def test_exact_search_refuses_vectors_without_direction() -> None:
    with pytest.raises(ValueError, match="direction"):
        diagnosis.exact_search(np.zeros((2, 4), np.float32))


def test_the_drawn_vectors_are_the_same_each_time(tmp_path: Path) -> None:
    one, two = (drawing.drawn(tmp_path / name, 3000, 128, 5) for name in "ab")
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a, b)
        assert np.allclose(np.linalg.norm(a, axis=1), 1, atol=1e-5)
    rows, like, unlike = one
    assert (like @ rows.T).max(axis=1).mean() > 1.2 * (unlike @ rows.T).max(axis=1).mean()
