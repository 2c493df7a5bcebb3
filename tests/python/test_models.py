"""Custom models: from what is said of inputs to predictions, searches and filters."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight import predicted
from nearsight.embedders import Grid
from nearsight.errors import (
    ArgumentError,
    ModelError,
    NotFoundError,
    PictureError,
    ReadOnlyError,
    TrainingError,
)

REDS = [(250, 10 * n, 20) for n in range(8)]
BLUES = [(20, 10 * n, 250) for n in range(8)]
GREENS = [(30, 250, 9 * n) for n in range(8)]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add(map(plain, REDS[:4]), concepts=["rosso"], not_concepts=["blu"])
        app.inputs.add(map(plain, BLUES[:4]), concepts=["blu"])
        app.inputs.add(map(plain, REDS[4:] + BLUES[4:] + GREENS))
        yield app


@pytest.fixture
def model(app: nearsight.App) -> nearsight.Model:
    return app.models.create("colours", concepts=["rosso", "blu"])


def ids(colours: list[tuple[int, int, int]]) -> set[str]:
    return {nearsight.pictures.open(plain(colour)).digest.hex()[:32] for colour in colours}


def test_a_name_means_the_concept_that_bears_it(app: nearsight.App, model: nearsight.Model) -> None:
    app.concepts.update("rosso", "Rosso scuro")
    with pytest.raises(TrainingError, match=r"'Rosso scuro'.*app\.models\['colours'\]\.train"):
        app.search(concept="Rosso scuro")
    model.train()
    red = app.search(concept="Rosso scuro", k=1)[0].id
    app.inputs.remove_predictions(red, ["Rosso scuro"])
    for name in ("rosso", "Rosso scuro"):
        assert app.inputs.count(predicted(name, 0.0)) == len(app.inputs) - 1
    app.inputs.merge_predictions(red, ["rosso"])
    assert app.inputs.count(predicted("Rosso scuro", 0.0)) == len(app.inputs)


def test_corrections_hold_for_a_taught_concept_with_a_general_name(app: nearsight.App) -> None:
    id_ = app.inputs.add(plain((9, 9, 9)), concepts=["tabby"]).added[0]
    app.inputs.remove_predictions(id_, ["tabby"])
    app.models.create("cats", concepts=["tabby"]).train()
    assert app.inputs.count(predicted("tabby", 0.0)) == len(app.inputs) - 1


# -- models ------------------------------------------------------------------------------------


def test_models_are_created_found_listed_and_deleted(app: nearsight.App) -> None:
    app.models.create("b", concepts=["x", " y ", "x"], name="Bee")
    app.models.create("a", concepts=["x"], concepts_mutually_exclusive=True)
    assert [model.id for model in app.models] == ["b", "a"]
    assert app.models["b"].concepts == ("x", "y")
    assert (app.models.get("b").name, app.models.get("a").name) == ("Bee", "a")
    assert app.models["a"].concepts_mutually_exclusive
    assert not app.models["b"].concepts_mutually_exclusive
    assert "b" in app.models
    assert len(app.models) == 2
    stale = app.models["b"]
    app.models.delete("b")
    assert "b" not in app.models
    for ask in (stale.train, lambda: stale.name, lambda: stale.add_concepts(["z"])):
        with pytest.raises(NotFoundError, match="'b'"):
            ask()


@pytest.mark.parametrize("id_", ["", " ", "a/b", "x" * 201, "\ud800", "a\0b", 3, None])
def test_a_bad_id_is_refused(app: nearsight.App, id_: object) -> None:
    with pytest.raises(ArgumentError, match="id="):
        app.models.create(id_, concepts=["x"])  # type: ignore[arg-type]


@pytest.mark.parametrize("concepts", ["dog", [""], [3], ["\ud800"], None, 7])
def test_bad_concepts_are_refused(app: nearsight.App, concepts: object) -> None:
    with pytest.raises(ArgumentError, match="concepts"):
        app.models.create("m", concepts=concepts)  # type: ignore[arg-type]
    assert len(app.models) == 0


def test_an_id_is_taken_once(app: nearsight.App, model: nearsight.Model) -> None:
    with pytest.raises(ArgumentError, match="already"):
        app.models.create("colours", concepts=["x"])
    for ask in (app.models.get, app.models.delete, app.models.__getitem__):
        with pytest.raises(NotFoundError, match="'nope'"):
            ask("nope")
    assert "\ud800" not in app.models
    assert 3 not in app.models


def test_concepts_are_added_and_removed(app: nearsight.App, model: nearsight.Model) -> None:
    model.add_concepts(["verde", "blu"])
    assert model.concepts == ("rosso", "blu", "verde")
    model.remove_concepts(["rosso"])
    assert model.concepts == ("blu", "verde")
    with pytest.raises(NotFoundError, match="'rosso'"):
        model.remove_concepts(["rosso"])
    model.remove_concepts(["verde", "blu"])
    with pytest.raises(TrainingError, match=r"no concepts.*add_concepts"):
        model.train()


def test_a_removed_concept_is_not_predicted_and_an_added_one_not_yet(
    app: nearsight.App, model: nearsight.Model
) -> None:
    model.train()
    model.add_concepts(["verde"])
    model.remove_concepts(["blu"])
    assert [concept for concept, _ in model.predict(plain(BLUES[0]))] == ["rosso"]
    with pytest.raises(NotFoundError, match="'blu'"):
        app.search(concept="blu")


def test_a_read_only_app_predicts_and_does_not_learn(
    app: nearsight.App, model: nearsight.Model
) -> None:
    model.train()
    app.close()
    with nearsight.open(app.path, model=Planted(), read_only=True) as reader:
        assert reader.models["colours"].predict(plain(REDS[0]))
        for change in (
            reader.models["colours"].train,
            lambda: reader.models.create("m", concepts=["x"]),
            lambda: reader.models.delete("colours"),
        ):
            with pytest.raises(ReadOnlyError):
                change()


# -- training ----------------------------------------------------------------------------------


def test_a_trained_model_tells_its_concepts_apart(model: nearsight.Model) -> None:
    version = model.train()
    assert version.number == model.current == 1
    assert model.predict(plain((240, 33, 11)))[0][0] == "rosso"
    assert model.predict(plain((11, 33, 240)))[0][0] == "blu"
    reports = version.reports
    assert (reports["rosso"].positives, reports["rosso"].negatives) == (4, 0)
    assert (reports["blu"].positives, reports["blu"].negatives) == (4, 4)
    assert reports["rosso"].presumed == 20
    assert reports["blu"].presumed == 16
    assert 0 <= reports["rosso"].average_precision <= 1


def test_one_positive_is_enough_where_there_are_other_pictures(app: nearsight.App) -> None:
    app.inputs.add(plain(GREENS[0]), concepts=["verde"])
    model = app.models.create("m", concepts=["verde"])
    report = model.train().reports["verde"]
    assert (report.positives, report.average_precision) == (1, None)
    assert report.advice == "4 more pictures that show it"
    assert set(app.search(concept="verde", k=8).ids) == ids(GREENS)


def test_the_name_or_the_id_is_a_hint(app: nearsight.App) -> None:
    both = (128, 0, 128)
    app.inputs.add(plain(both), concepts=["c1", "cat"])
    model = app.models.create("m", concepts=["c1", "cat"])

    def first(concept: str) -> set[str]:
        model.train()
        return set(app.search(concept=concept, k=9).ids) - ids([both])

    app.concepts.update("cat", name="Mimi")
    assert first("cat") == ids(REDS)
    for name, shown in (("Tabby cat", REDS), ("lemon", BLUES)):
        app.concepts.update("c1", name=name)
        assert first("c1") == ids(shown)


def test_what_nobody_showed_cannot_be_learned(app: nearsight.App) -> None:
    app.inputs.add(plain(GREENS[0]), not_concepts=["giallo"])
    model = app.models.create("m", concepts=["rosso", "giallo"])
    with pytest.raises(TrainingError, match=r"'giallo'.*concepts=\['giallo'\]"):
        model.train()
    assert model.versions == []
    assert model.current is None


def test_a_database_of_one_kind_cannot_be_learned_from(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "one.ns", model=Planted()) as app:
        app.inputs.add(map(plain, REDS), concepts=["rosso"])
        with pytest.raises(TrainingError, match="do not show it"):
            app.models.create("m", concepts=["rosso"]).train()


def test_exclusive_concepts_are_each_others_negatives_unless_something_is_said(
    app: nearsight.App,
) -> None:
    app.inputs.add(plain(REDS[0]), concepts=["caldo"])
    for exclusive, negatives in ((False, 0), (True, 3)):
        model = app.models.create(
            f"m{exclusive}", concepts=["caldo", "rosso"], concepts_mutually_exclusive=exclusive
        )
        reports = model.train().reports
        assert (reports["caldo"].positives, reports["caldo"].negatives) == (1, negatives)
        assert (reports["rosso"].positives, reports["rosso"].negatives) == (4, 0)


def test_the_last_word_on_a_picture_counts(app: nearsight.App, model: nearsight.Model) -> None:
    app.inputs.add(plain(REDS[0]), not_concepts=["rosso"])
    report = model.train().reports["rosso"]
    assert (report.positives, report.negatives) == (3, 1)


def test_erased_inputs_are_forgotten_by_the_next_training(
    app: nearsight.App, model: nearsight.Model
) -> None:
    model.train()
    app.inputs.delete(ids(REDS[:3]))
    assert model.train().reports["rosso"].positives == 1
    assert model.version(1).reports["rosso"].positives == 4
    app.inputs.delete(ids(REDS[3:4]))
    with pytest.raises(TrainingError, match="'rosso'"):
        model.train()
    assert model.current == 2


def test_training_looks_at_a_thousand_pictures_spread_over_all(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "many.ns", model=Planted()) as app:
        app.inputs.add([plain(REDS[0])], concepts=["rosso"])
        app.inputs.add(plain((9, n % 256, 100 + n // 256), 1) for n in range(1100))
        report = app.models.create("m", concepts=["rosso"]).train().reports["rosso"]
        assert (report.positives, report.presumed) == (1, 999)


def test_training_finds_the_pictures_that_deletions_left(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "few.ns", model=Planted()) as app:
        app.inputs.add([plain(REDS[0])], concepts=["rosso"])
        others = app.inputs.add(plain((9, n % 256, n // 256), 1) for n in range(4500)).added
        app.inputs.delete(others[40:])
        app.inputs.add([plain(REDS[1])], concepts=["rosso"])
        report = app.models.create("m", concepts=["rosso"]).train().reports["rosso"]
        assert (report.positives, report.presumed) == (2, 40)


# -- versions ----------------------------------------------------------------------------------


def test_versions_roll_back_and_forth(app: nearsight.App, model: nearsight.Model) -> None:
    model.train()
    first = model.predict(plain(GREENS[0]))
    app.inputs.add(map(plain, GREENS[:4]), concepts=["rosso"])
    model.train()
    second = model.predict(plain(GREENS[0]))
    assert second != first
    assert [version.number for version in model.versions] == [1, 2]
    model.use(1)
    assert (model.current, model.predict(plain(GREENS[0]))) == (1, first)
    assert "version 1" in app.search(concept="rosso").understood[0]
    model.use(2)
    assert model.predict(plain(GREENS[0])) == second


def test_deleting_the_version_in_use_falls_back_to_the_newest_left(
    app: nearsight.App, model: nearsight.Model
) -> None:
    for _ in range(3):
        model.train()
    model.delete_version(1)
    assert model.current == 3
    model.delete_version(3)
    assert model.current == 2
    model.delete_version(2)
    assert model.current is None
    with pytest.raises(TrainingError, match=r"train\(\)"):
        model.predict(plain(REDS[0]))
    assert model.train().number == 4
    for ask in (model.version, model.use, model.delete_version):
        with pytest.raises(NotFoundError, match=r"no version 9\. It has: 4"):
            ask(9)


def test_models_survive_reopening_and_a_lost_cache(
    app: nearsight.App, model: nearsight.Model
) -> None:
    model.train()
    before, hits = model.predict(plain(REDS[5])), app.search(concept="rosso")
    app.close()
    shutil.rmtree(app.path.with_name(app.path.name + "-cache"))
    with nearsight.open(app.path, model=Planted()) as again:
        assert again.models["colours"].predict(plain(REDS[5])) == before
        assert again.search(concept="rosso").to_dicts() == hits.to_dicts()
        assert again.models["colours"].versions[0].reports["rosso"].positives == 4


# -- predicting --------------------------------------------------------------------------------


def test_predictions_are_sorted_and_restricted(model: nearsight.Model) -> None:
    model.train()
    whole = model.predict(plain(REDS[0]))
    assert [concept for concept, _ in whole] == ["rosso", "blu"]
    assert 0 <= whole[1][1] < whole[0][1] <= 1
    assert model.predict(plain(REDS[0]), max_concepts=1) == whole[:1]
    assert model.predict(plain(REDS[0]), min_value=whole[0][1]) == whole[:1]
    assert model.predict(plain(REDS[0]), select_concepts=["blu"]) == whole[1:]


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"min_value": 1.5}, ArgumentError, "min_value=1.5"),
        ({"min_value": float("nan")}, ArgumentError, "min_value=nan"),
        ({"min_value": "high"}, ArgumentError, "min_value='high'"),
        ({"max_concepts": 0}, ArgumentError, "max_concepts=0"),
        ({"max_concepts": True}, ArgumentError, "max_concepts=True"),
        ({"select_concepts": []}, ArgumentError, "at least one"),
        ({"select_concepts": ["giallo"]}, NotFoundError, "'giallo'"),
        ({"image": "/no/such.jpg"}, NotFoundError, r"/no/such\.jpg"),
        ({"image": b"garbage"}, PictureError, "picture"),
        ({"image": plain((0, 0, 0))}, ModelError, "no direction"),
    ],
)
def test_what_cannot_be_predicted_says_why(
    model: nearsight.Model, asked: dict[str, object], error: type[Exception], why: str
) -> None:
    model.train()
    with pytest.raises(error, match=why):
        model.predict(**{"image": plain(REDS[0]), **asked})  # type: ignore[arg-type]


# -- searching ---------------------------------------------------------------------------------


def test_a_search_ranks_every_input_by_its_predicted_probability(
    app: nearsight.App, model: nearsight.Model
) -> None:
    model.train()
    hits = app.search(concept=" rosso ", k=99)
    assert len(hits) == 24
    assert hits.scores.tolist() == sorted(hits.scores.tolist(), reverse=True)
    expected = {
        id_: dict(model.predict(plain(colour)))["rosso"]
        for colour in REDS + BLUES + GREENS
        for id_ in ids([colour])
    }
    assert {hit.id: hit.score for hit in hits} == pytest.approx(expected, abs=1e-5)
    assert hits[0].cosine is None
    assert hits.understood == ("rosso → model colours version 1",)


@pytest.mark.parametrize("threshold", [0.0, 1e-9, 0.2, 0.5, 0.9, 1.0])
def test_a_filter_lets_through_what_the_search_scores_as_high(
    app: nearsight.App, model: nearsight.Model, threshold: float
) -> None:
    model.train()
    expected = [hit.id for hit in app.search(concept="rosso", k=99) if hit.score >= threshold]
    where = predicted("rosso", threshold)
    assert app.search(concept="rosso", k=99, where=where).ids == expected
    assert set(app.search(where=f"not rosso >= {threshold}", k=99).ids) == {
        input.id for input in app.inputs
    } - set(expected)


def test_a_filter_at_the_very_score_of_a_hit_lets_it_through(
    app: nearsight.App, model: nearsight.Model
) -> None:
    model.train()
    hits = app.search(concept="rosso", k=99)
    for rank, hit in enumerate(hits, 1):
        assert len(app.search(where=predicted("rosso", hit.score), k=99)) >= rank


def test_a_concept_that_cannot_be_told_apart_still_ranks_by_age(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "same.ns", model=Planted()) as app:
        same = [plain(REDS[0], size) for size in range(1, 6)]
        added = app.inputs.add(same[:2], concepts=["x"]).added
        added += app.inputs.add(same[2:]).added
        app.models.create("m", concepts=["x"]).train()
        hits = app.search(concept="x")
        assert hits.ids == added
        assert len(set(hits.scores.tolist())) == 1
        assert app.search(where=predicted("x", 0.0)).ids == added
        assert len(app.search(where=predicted("x", 1.0))) == 0


def test_a_concept_of_ones_own_wins_over_the_general_one_once_it_is_learned(
    app: nearsight.App,
) -> None:
    app.inputs.add(map(plain, BLUES[:4]), concepts=["tabby"])
    general = app.search(concept="tabby")
    model = app.models.create("cats", concepts=["tabby"])
    assert app.search(concept="tabby").ids == general.ids
    model.train()
    assert set(app.search(concept="tabby", k=8).ids) == ids(BLUES)
    assert app.search(where="tabby >= 0.5", k=8).ids != general.ids[:8]
    app.models.delete("cats")
    assert app.search(concept="tabby").ids == general.ids


def test_of_two_models_the_one_trained_last_is_asked(
    app: nearsight.App, model: nearsight.Model
) -> None:
    other = app.models.create("other", concepts=["rosso"])
    other.train()
    model.train()
    assert "model colours version 1" in app.search(concept="rosso").understood[0]
    other.train()
    assert "model other version 2" in app.search(concept="rosso").understood[0]
    other.use(1)
    assert "model colours version 1" in app.search(concept="rosso").understood[0]


@pytest.mark.parametrize("asked", [{"concept": "rosso"}, {"where": "rosso >= 0.5"}])
def test_searching_by_an_untrained_concept_says_to_train_it(
    app: nearsight.App, model: nearsight.Model, asked: dict[str, str]
) -> None:
    with pytest.raises(TrainingError, match=r"app\.models\['colours'\]\.train\(\)"):
        app.search(**asked)


def test_an_annotated_concept_of_no_model_says_how_to_teach_it(app: nearsight.App) -> None:
    with pytest.raises(NotFoundError, match=r"app\.models\.create\(id, concepts=\['rosso'\]\)"):
        app.search(concept="rosso")


def test_an_embedder_without_concepts_learns_from_embeddings_alone(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "grid.ns", model=Grid()) as app:
        app.inputs.add(map(plain, REDS[:3]), concepts=["rosso"])
        app.inputs.add(map(plain, REDS[3:] + BLUES))
        model = app.models.create("m", concepts=["rosso"])
        with pytest.raises(TrainingError, match="train"):
            app.search(concept="rosso")
        model.train()
        assert set(app.search(concept="rosso", k=8).ids) == ids(REDS)
