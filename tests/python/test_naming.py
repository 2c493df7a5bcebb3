"""Names that no concept bears: what was meant, and what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight.errors import NotFoundError


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add([plain((250, n, 9)) for n in range(4)], concepts=["Holiday", "rosso"])
        yield app


@pytest.mark.parametrize(
    "where", ["holliday", "holiday = 0", "unsaid(hollidays)", "rosso and Holday"]
)
def test_a_mistyped_concept_in_a_filter_says_what_was_meant(app: nearsight.App, where: str) -> None:
    with pytest.raises(NotFoundError, match=r"no input is annotated with .*Did you mean Holiday\?"):
        app.search(where=where)


def test_a_general_concept_nobody_said_is_asked_for_by_what_is_predicted(
    app: nearsight.App,
) -> None:
    general = app.concepts.list(source="general")[0].name
    with pytest.raises(NotFoundError, match=rf"write where='.*{general}.* >= 0\.5'"):
        app.search(where=f'"{general}"')


def test_a_name_like_no_other_says_where_the_concepts_are(app: nearsight.App) -> None:
    with pytest.raises(NotFoundError, match=r"app\.concepts\.list\(source='own'\) says which"):
        app.search(where="zzzzzz")


def test_a_mistyped_concept_of_your_own_is_recognised_in_a_rank(app: nearsight.App) -> None:
    with pytest.raises(NotFoundError, match=r"no concept is named 'rossso'.*Did you mean rosso"):
        app.search(concept="rossso")
