"""A page of what was found: one HTML file that needs no network, no script and no other file."""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape

from nearsight import Hit, Hits

Thumbnail = Callable[[str], bytes]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #777; --bar: #2a7de1; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 0 auto; padding: 1rem; }
h1 { line-height: 1.2; margin: 1rem 0 .25rem; }
h2 { margin: 2.5rem 0 .25rem; border-top: 1px solid var(--line); padding-top: 1.5rem; }
p { margin: .25rem 0; }
.quiet, figcaption { color: var(--quiet); font-size: .85rem; }
.query { margin: .75rem 0; display: inline-block; }
.query img { outline: 3px solid var(--bar); }
.hits { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem;
        margin: 1rem 0; padding: 0; list-style: none; }
figure { margin: 0; }
img { width: 100%; height: 8.5rem; object-fit: contain; background: #8881; border-radius: .4rem; }
.query img { width: auto; max-width: 100%; }
figcaption { overflow-wrap: anywhere; }
meter { width: 100%; height: .6rem; }
.wide { overflow-x: auto; font-size: .85rem; }
table { border-collapse: collapse; }
td, th { padding: .2rem 1rem .2rem 0; text-align: left; vertical-align: top;
         border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def page(title: str, intro: str, *sections: str) -> str:
    """The whole file. `title` and `intro` are text, `sections` come from the functions below."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(intro)}</p>\n" + "\n".join(sections) + "\n</body>\n"
        "</html>\n"
    )


def hits_section(
    heading: str,
    notes: Sequence[str],
    hits: Hits,
    thumbnail: Thumbnail,
    query: bytes | None = None,
) -> str:
    """What was asked and what was found; `query` is the JPEG of a picture that was asked with."""
    asked = f'<figure class="query">{_image(query, "the query")}</figure>' if query else ""
    lines = "".join(f'<p class="quiet">{escape(note)}</p>' for note in notes)
    found = "\n".join(f"<li>{_hit(hit, thumbnail)}</li>" for hit in hits)
    grid = f'<ol class="hits">\n{found}\n</ol>' if hits else "<p>Nothing found.</p>"
    return f"<section>\n<h2>{escape(heading)}</h2>\n{lines}{asked}\n{grid}\n</section>"


def table_section(heading: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a number with its unit stands to the right."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<section>\n<h2>{escape(heading)}</h2>\n<div class="wide"><table>\n<tr>{titles}</tr>\n'
        f"{body}\n</table></div>\n</section>"
    )


def _hit(hit: Hit, thumbnail: Thumbnail) -> str:
    name = hit.input.name if hit.input.path is None else hit.input.path.name
    return (
        f"<figure>{_image(thumbnail(hit.id), name)}<figcaption>"
        f'<meter min="0" max="1" value="{hit.score:.3f}">{hit.score:.3f}</meter>'
        f"{hit.rank}. {hit.score:.3f} {escape(name)}</figcaption></figure>"
    )


def _image(jpeg: bytes, alt: str) -> str:
    data = base64.b64encode(jpeg).decode()
    return f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}">'


def _cell(text: str) -> str:
    kind = ' class="number"' if re.fullmatch(r"[\d.,]+( \w+)?", text) else ""
    return f"<td{kind}>{escape(text)}</td>"
