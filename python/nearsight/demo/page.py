"""A page of what was found: one HTML file that needs no network, no script and no other file."""

import base64
import os
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NoReturn

from nearsight import Hit, Hits, NearsightError

Thumbnail = Callable[[str], bytes]

_UNLIKELY = 0.05  # below this probability a hit is only the best of what there is

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #6b6b6b; --bar: #2a7de1; }
@media (prefers-color-scheme: dark) { :root { --quiet: #999; } }
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


def require_writable(file: Path) -> None:
    """Say before the work that no page can be written there. Raises `NearsightError`."""
    folder = file.absolute().parent
    if file.is_dir():
        _refuse(file, "it is a folder: name a file in it")
    if not folder.is_dir():
        _refuse(file, f"there is no folder {folder}: make it, or name another place")
    if not os.access(file if file.exists() else folder, os.W_OK):
        _refuse(file, "you may not write there: name another place")


def save(text: str, file: Path) -> None:
    """Write a page, the whole of it or nothing. Raises `NearsightError`.

    Names of files may be no UTF-8; what cannot be encoded is escaped.
    """
    content = text.encode("utf-8", "backslashreplace")
    file = Path(
        os.path.realpath(file)
    )  # through a link: what it leads to is replaced, not the link
    part = file.with_name(f".{file.name[:200]}.{os.getpid()}.part")
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(content)  # a pipe or a device
            return
        part.write_bytes(content)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        _refuse(file, f"{error.strerror or error}: free some space, or name another place")


def _refuse(file: Path, why: str) -> NoReturn:
    raise NearsightError(f"the page {file} cannot be written: {why}")


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
    doubt = " (unlikely)" if hit.cosine is None and hit.score < _UNLIKELY else ""
    return (
        f"<figure>{_image(thumbnail(hit.id), name)}<figcaption>"
        f'<meter min="0" max="1" value="{hit.score:.3f}">{hit.score:.3f}</meter>'
        f"{hit.rank}. {hit.score:.3f}{doubt} {escape(name)}</figcaption></figure>"
    )


def _image(jpeg: bytes, alt: str) -> str:
    data = base64.b64encode(jpeg).decode()
    return f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}">'


def _cell(text: str) -> str:
    kind = ' class="number"' if re.fullmatch(r"[\d.,]+( \w+)?", text) else ""
    return f"<td{kind}>{escape(text)}</td>"
