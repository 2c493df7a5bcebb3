"""A tour as a page."""

from collections.abc import Sequence
from pathlib import Path

from nearsight import App
from nearsight.demo.page import hits_section, page, save, table_section
from nearsight.demo.tour import Tour


def write(tour: Tour, app: App, file: Path, credits: Sequence[Sequence[str]] = ()) -> None:
    """Write the page; `credits` are rows on the photos, the head first. Raises `NearsightError`."""
    sections = [
        hits_section(
            f"Search by {answer.asked}",
            [answer.verdict] if answer.query else [*answer.hits.understood, answer.verdict],
            answer.hits,
            app.inputs.thumbnail,
            answer.query,
        )
        for answer in tour.answers
    ]
    rows = [(name, f"{1000 * seconds:.1f} ms", remark) for name, seconds, remark in tour.steps]
    sections.append(table_section("How long it took", ("step", "time", ""), rows))
    if credits:
        sections.append(table_section("Whose photos these are", credits[0], credits[1:]))
    info = app.info()
    intro = (
        f"{info.inputs} pictures, searched on this machine with the model {info.model!r} and the "
        f"kernel {info.kernel!r}. No network was used, and none is needed to read this page."
    )
    save(page("nearsight demo", intro, *sections), file)
