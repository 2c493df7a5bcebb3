"""Learning a concept from examples: exact leave-one-out scores, calibration, odd examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsight.knowledge import ConceptSpace, ConceptTree
from nearsight.teaching import NO, PRESUMED, YES, Report, calibrate, doubts, kinship, solve, teach
from nearsight.teaching.ridge import inverted

Problem = tuple[np.ndarray, np.ndarray, np.ndarray]


def problem(seed: int, n: int, dim: int = 4) -> Problem:
    """Give features, targets of both kinds, and weights that sum to 1."""
    random = np.random.default_rng(seed)
    targets = np.where(np.arange(n) < random.integers(1, n), 1.0, -1.0)
    weights = random.uniform(0.1, 1, n)
    return random.normal(size=(n, dim)), targets, weights / weights.sum()


def plain_fit(features: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Solve the normal equations in the primal; the intercept comes last, unpenalised."""
    design = np.c_[features, np.ones(len(features))]
    penalty = np.diag([0.3] * features.shape[1] + [0.0])
    normal = design.T @ (weights[:, None] * design) + penalty
    return np.linalg.solve(normal, design.T @ (weights * targets))


@given(seed=st.integers(0, 10**6), n=st.integers(2, 12))
@settings(max_examples=50, deadline=None)
def test_left_out_scores_are_those_of_explicit_refits(seed: int, n: int) -> None:
    features, targets, weights = problem(seed, n)
    fit = solve(features @ features.T, targets, weights, 0.3)
    design = np.c_[features, np.ones(n)]
    assert fit.scores == pytest.approx(design @ plain_fit(features, targets, weights), abs=1e-8)
    for i in range(n):
        others = np.delete(np.arange(n), i)
        refit = plain_fit(features[others], targets[others], weights[others])
        assert fit.left_out[i] == pytest.approx(design[i] @ refit, abs=1e-8)
        negative = others[targets[others] < 0]
        if len(negative):
            mean = np.average(design[negative] @ refit, weights=weights[negative])
            assert fit.above[i] == pytest.approx(design[i] @ refit - mean, abs=1e-8)


@pytest.mark.parametrize(("size", "close"), [(1, 1e-9), (64, 1e-9), (129, 1e-9), (300, 1e-9)])
def test_a_matrix_is_inverted_by_halves(size: int, close: float) -> None:
    random = np.random.default_rng(size)
    roots = random.normal(size=(size, size))
    matrix = roots @ roots.T / size + np.eye(size)
    assert inverted(matrix) @ matrix == pytest.approx(np.eye(size), abs=close)
    single = inverted(matrix.astype(np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx(inverted(matrix), abs=1e-4)


def test_the_dual_is_the_primal() -> None:
    features, targets, weights = problem(1, 9)
    fit = solve(features @ features.T, targets, weights, 0.3)
    direction = plain_fit(features, targets, weights)
    assert fit.dual @ features == pytest.approx(direction[:-1], abs=1e-10)
    assert fit.intercept == pytest.approx(direction[-1], abs=1e-10)


scores = st.lists(st.floats(-3, 3, width=32), max_size=60).map(np.array)


@given(positive=scores, negative=scores, unlabelled=scores)
@settings(max_examples=200, deadline=None)
def test_calibration_is_monotone_and_finite_whatever_the_scores(
    positive: np.ndarray, negative: np.ndarray, unlabelled: np.ndarray
) -> None:
    if not len(positive) or not len(negative) + len(unlabelled):
        return
    found = calibrate(positive, negative.astype(float), unlabelled.astype(float))
    assert np.isfinite([found.slope, found.offset]).all()
    assert found.slope > 0
    assert 0 < found.share < 1


def test_calibration_finds_the_share_and_the_probabilities_that_made_the_scores() -> None:
    random = np.random.default_rng(3)
    positive = random.normal(1, 0.3, 50)
    shows = random.random(4000) < 0.2
    unlabelled = random.normal(np.where(shows, 1, 0), 0.3)
    found = calibrate(positive, np.zeros(0), unlabelled)
    assert found.share == pytest.approx(0.2, abs=0.03)
    probability = 1 / (1 + np.exp(-found.slope * unlabelled - found.offset))
    for low in (0.0, 0.2, 0.5, 0.8):
        near = (probability >= low) & (probability < low + 0.2)
        assert shows[near].mean() == pytest.approx(probability[near].mean(), abs=0.1)


def examples(yes: int, no: int, presumed: int, seed: int = 0, apart: float = 1.0) -> Problem:
    """Give embeddings whose first axis tells what they show, no predictions, and stances."""
    random = np.random.default_rng(seed)
    stances = np.repeat([YES, NO, PRESUMED], [yes, no, presumed]).astype(np.int8)
    vectors = random.normal(0, 0.2, (len(stances), 8)).astype(np.float32)
    vectors[:, 7] += 1
    vectors[stances == YES, 0] += apart
    return vectors, np.zeros((len(stances), 0), np.float32), stances


@pytest.mark.parametrize("counts", [(1, 1, 0), (1, 0, 1), (1, 0, 300), (5, 3, 0), (5, 0, 300)])
def test_what_shows_it_is_told_from_what_does_not(counts: tuple[int, int, int]) -> None:
    vectors, predictions, stances = examples(*counts)
    head, report = teach(vectors, predictions, stances)
    probability = head.probabilities(vectors, predictions)
    assert probability[stances == YES].min() > probability[stances != YES].max()
    assert (report.positives, report.negatives, report.presumed) == counts
    assert (report.average_precision is None) == (counts[0] == 1)


def test_what_was_said_weighs_as_much_as_ten_unlabelled_pictures() -> None:
    vectors, predictions, stances = examples(3, 4, 9)
    ten = np.repeat(np.arange(16), np.where(stances == NO, 10, 1))
    unsaid = np.where(stances == NO, PRESUMED, stances).astype(np.int8)
    heads = [
        teach(vectors, predictions, stances)[0],
        teach(vectors[ten], predictions[ten], unsaid[ten])[0],
    ]
    said, presumed = (head.direction / np.linalg.norm(head.direction) for head in heads)
    assert presumed == pytest.approx(said, abs=1e-5)


def test_teaching_is_deterministic_and_ignores_the_embeddings_lengths() -> None:
    vectors, predictions, stances = examples(4, 4, 40)
    head, report = teach(vectors, predictions, stances)
    again, same = teach(vectors, predictions, stances)
    assert head.weights.tobytes() == again.weights.tobytes()
    assert (head.bias, report) == (again.bias, same)
    longer, _ = teach(vectors * np.float32(8), predictions, stances)
    assert longer.weights == pytest.approx(head.weights, abs=1e-4)


@pytest.mark.parametrize("counts", [(1, 1, 0), (1, 0, 30), (6, 6, 0), (6, 0, 60)])
def test_contradicting_examples_give_finite_probabilities_near_the_share(
    counts: tuple[int, int, int],
) -> None:
    vectors, predictions, stances = examples(*counts)
    head, report = teach(np.ones_like(vectors), predictions, stances)
    probability = head.probabilities(vectors, predictions)
    assert np.isfinite(head.weights).all()
    assert probability == pytest.approx(report.share, abs=0.1)


def test_the_reported_precision_is_high_where_it_is_easy_and_chance_where_it_is_hopeless() -> None:
    _, easy = teach(*examples(10, 40, 0, apart=1.0))
    _, hopeless = teach(*examples(10, 40, 0, apart=0.0))
    assert easy.average_precision == pytest.approx(1, abs=0.02)
    assert hopeless.average_precision < 0.5
    assert 0 <= easy.spread < hopeless.spread


def test_the_reported_precision_knows_that_the_unlabelled_may_show_it() -> None:
    vectors, predictions, stances = examples(60, 0, 240)
    stances[5:60] = PRESUMED
    _, report = teach(vectors, predictions, stances)
    assert report.share == pytest.approx(55 / 295, abs=0.05)
    assert report.average_precision > 0.6  # 0.1 if they were counted as wrong


@pytest.mark.parametrize(
    ("counts", "advice"),
    [
        ((1, 0, 30), "4 more pictures that show it"),
        ((4, 0, 30), "1 more picture that shows it"),
        ((5, 0, 30), "5 more pictures that do not show it"),
        ((5, 4, 30), "1 more picture that does not show it"),
        ((8, 8, 0), "nothing in particular"),
    ],
)
def test_advice_counts_what_is_missing(counts: tuple[int, int, int], advice: str) -> None:
    _, report = teach(*examples(*counts))
    assert report.advice.startswith(advice)
    assert Report(**report.to_dict()) == report


def test_predictions_reach_other_kinds_of_a_general_concept() -> None:
    """Two dogs of different breeds teach "dog" to a third breed that no example shows."""
    tree = ConceptTree.load()
    leaves = [tree.named(name)[0].leaves[0] for name in ("pug", "beagle", "collie", "lemon")]
    predictions = np.zeros((6, 1000), np.float32)
    predictions[np.arange(4), leaves] = 1
    predictions[np.arange(4, 6), leaves[3]] = 1
    vectors = np.ones((6, 3), np.float32)
    stances = np.array([YES, YES, NO, NO, NO, NO], np.int8)[[0, 1, 3, 3, 4, 5]]
    stances[2] = PRESUMED
    head, _ = teach(vectors, predictions, stances)
    probability = head.probabilities(vectors, predictions)
    assert probability[2] > probability[3:].max() + 0.05


def certain(*names: str) -> np.ndarray:
    """Predictions that are sure of one leaf of each of these concepts, their first."""
    tree = ConceptTree.load()
    leaves = [tree.named(name)[0].leaves[0] for name in names]
    return np.eye(1000, dtype=np.float32)[leaves]


OTHERS = ("sports car", "banana", "piano", "candle", "teapot", "castle", "volcano", "goldfish")


def test_kinship_is_the_narrowest_concept_that_the_examples_share() -> None:
    predictions = certain("pug", "beagle", "collie", "poodle", "tabby", *OTHERS)
    shows = np.arange(13) < 3
    found = kinship(ConceptSpace.of(1000), predictions, shows, np.ones(13))
    assert found.values[3] > found.values[5:].max() + 2, "another dog is hardly more than a piano"
    assert found.values[3] > found.values[4] + 1, "the examples are dogs, not any pets"


def test_a_left_out_kinship_is_that_of_an_explicit_refit() -> None:
    predictions = certain("pug", "beagle", "tabby", *OTHERS)
    shows = np.arange(11) < 3
    space, weights = ConceptSpace.of(1000), np.linspace(1, 2, 11)
    left_out = kinship(space, predictions, shows, weights).left_out
    for i in range(3):
        others = np.delete(np.arange(11), i)
        refit = kinship(space, predictions[others], shows[others], weights[others])
        values = np.log(predictions @ refit.mixture)
        rest = values[~shows]
        assert left_out[i] == pytest.approx((values[i] - rest.mean()) / rest.std(), abs=1e-3)


def kinship_of_dogs(*names: str) -> np.ndarray:
    """The kinship of a pug, a beagle and a tabby, of a collie, and of others, taught as `names`."""
    predictions = certain("pug", "beagle", "tabby", "collie", "lion", *OTHERS)
    shows = np.arange(len(predictions)) < 3
    tree = ConceptTree.load()
    meant = [concept for name in names for concept in tree.named(name)]
    return kinship(ConceptSpace.of(1000), predictions, shows, np.ones(13), meant).values


def test_the_name_says_which_of_the_concepts_that_fit_is_meant() -> None:
    unnamed, animal = kinship_of_dogs(), kinship_of_dogs("animal")
    goldfish, lion = 4 + len(OTHERS), 4
    assert unnamed[lion] > unnamed[goldfish] + 1, "the narrowest: carnivores"
    assert animal[lion] == pytest.approx(animal[goldfish], abs=0.1), "any animals, says the name"
    assert animal[goldfish] > animal[5:goldfish].max() + 2


def test_a_name_that_the_examples_refute_changes_next_to_nothing() -> None:
    assert kinship_of_dogs("banana") == pytest.approx(kinship_of_dogs(), abs=0.05)
    assert (kinship_of_dogs("qwertz") == kinship_of_dogs()).all()


def test_what_the_name_does_not_mean_is_doubted_more() -> None:
    predictions = certain("pug", "beagle", "tabby", "collie", *OTHERS)
    vectors, stances = np.ones((12, 2), np.float32), np.repeat([1, -1], [3, 9]).astype(np.int8)
    unnamed = doubts(vectors, predictions, stances)
    named = doubts(vectors, predictions, stances, meant=ConceptTree.load().named("dog"))
    assert named[2] > unnamed[2] + 0.05, "the tabby said to be a dog"
    assert named[:2].max() < unnamed[2], "but not the dogs"


def test_half_of_the_belief_is_with_what_a_name_means() -> None:
    space, tree = ConceptSpace.of(1000), ConceptTree.load()
    nobody, crane = space.prior(), space.prior(tree.named("crane"))
    raised = np.flatnonzero(crane > nobody)
    assert len(tree.named("crane")) == len(raised) == 2, "the bird and the machine"
    assert crane[raised] == pytest.approx(nobody[raised] / 2 + 0.25)
    assert nobody.sum() == pytest.approx(crane.sum()) == pytest.approx(1)
    assert space.prior() == pytest.approx(nobody), "nothing is remembered"


def test_the_space_of_concepts_is_linear_both_ways() -> None:
    space = ConceptSpace.of(1000)
    assert space is not None
    assert ConceptSpace.of(0) is ConceptSpace.of(999) is None
    random = np.random.default_rng(0)
    predictions = random.dirichlet(np.full(1000, 0.05), 5).astype(np.float32)
    direction = random.normal(size=space.spread(predictions).shape[1]).astype(np.float32)
    axes = space.rolled_up(predictions)
    assert axes[:, :1000] == pytest.approx(predictions)
    names = {concept.leaves for concept in ConceptTree.load()}
    assert axes.shape[1] == len(names), "one axis for each set of leaves that a concept covers"
    forth, back = space.spread(predictions) @ direction, predictions @ space.gather(direction)
    assert forth == pytest.approx(back, abs=1e-4)
