"""Where pictures are found, what is passed over, and what is reported instead."""

import base64
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from nearsight import pictures
from nearsight.errors import ArgumentError, NotFoundError, PictureError
from nearsight.pictures import Limits, Source, find

PNG = BytesIO()
Image.linear_gradient("L").resize((40, 30)).save(PNG, "PNG")
DATA = PNG.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with good and bad pictures, and things that are no pictures."""
    for name in ("b.png", "a.jpg", "sub/c.PNG", "sub/deep/d.png", "no extension", ".hidden.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DATA)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "e.png").write_bytes(DATA)
    (tmp_path / "notes.txt").write_text("buy milk")
    (tmp_path / "text.jpg").write_text("this is text")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    return tmp_path


def names(what: object, base: Path) -> list[str]:
    return [os.path.relpath(found.name, base) for found in find(what) if isinstance(found, Source)]


def only_error(what: object) -> PictureError:
    (found,) = find(what)
    assert isinstance(found, PictureError)
    return found


def load_error(what: object) -> PictureError:
    (found,) = find(what)
    assert isinstance(found, Source)
    with pytest.raises(PictureError) as refused:
        found.load()
    return refused.value


def test_a_folder_gives_its_pictures_sorted_and_recursively(folder: Path) -> None:
    expected = ["a.jpg", "b.png", "empty.jpg", "no extension", "photo.heic"]
    expected += ["sub/c.PNG", "sub/deep/d.png", "text.jpg"]
    assert names(folder, folder) == expected
    assert names(str(folder), folder) == expected


def test_what_pretends_to_be_a_picture_is_reported_and_stops_nothing(folder: Path) -> None:
    reasons = {}
    good = 0
    for found in find(folder):
        assert isinstance(found, Source)
        try:
            good += pictures.decode(found.load()).format == "PNG"
        except PictureError as error:
            reasons[Path(error.source).name] = error.reason
    assert good == 5
    assert set(reasons) == {"text.jpg", "empty.jpg", "photo.heic"}
    assert "looks like text" in reasons["text.jpg"]
    assert "is empty" in reasons["empty.jpg"]
    assert "HEIC photo; save it as JPEG" in reasons["photo.heic"]


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("buy milk")
    assert "no picture in this folder" in only_error(tmp_path).reason


def test_globs_find_what_they_match(folder: Path) -> None:
    assert names(f"{folder}/*.png", folder) == ["b.png"]
    assert names(f"{folder}/**/*.[pP][nN][gG]", folder) == ["b.png", "sub/c.PNG", "sub/deep/d.png"]
    assert names(f"{folder}/s?b", folder) == ["sub/c.PNG", "sub/deep/d.png"]
    assert names(f"{folder}/.hid*/*", folder) == [".hidden/e.png"]
    assert "no picture matches" in only_error(f"{folder}/*.txt").reason
    assert "no picture matches" in only_error(f"{folder}/*.tiff").reason


def test_a_file_whose_name_looks_like_a_glob_is_taken_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "what[1]?.png"
    path.write_bytes(DATA)
    assert [found.name for found in find(str(path))] == [str(path)]


def test_links_are_followed_but_never_in_circles(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "sub", target_is_directory=True)
    found = names(folder, folder)
    assert sorted(Path(name).name for name in found if name.endswith((".png", ".PNG"))) == [
        "b.png",
        "c.PNG",
        "d.png",
    ]
    assert names(f"{folder}/**/*.png", folder) == ["b.png", "sub/deep/d.png"]


def test_a_deeply_nested_folder_is_walked(tmp_path: Path) -> None:
    path = tmp_path
    for _ in range(400):
        path = path / "d"
    path.mkdir(parents=True)
    (path / "x.png").write_bytes(DATA)
    (found,) = find(tmp_path)
    assert pictures.decode(found.load()).width == 40


def test_finding_is_lazy(folder: Path) -> None:
    def endless() -> Iterator[object]:
        while True:
            yield folder / "a.jpg"

    found = find(endless())
    assert [next(found).name for _ in range(3)] == [str(folder / "a.jpg")] * 3


def test_lists_are_flattened_and_errors_come_in_their_place(folder: Path) -> None:
    what = [folder / "a.jpg", "nowhere.jpg", [DATA, None, (np.zeros((4, 4), np.uint8),)]]
    kinds = [type(found).__name__ for found in find(what)]
    assert kinds == ["Source", "PictureError", "Source", "PictureError", "Source"]


def test_a_list_that_holds_itself_ends() -> None:
    circle: list[object] = []
    circle.append(circle)
    assert "nested too deeply" in only_error(circle).reason


def test_uris_round_trip_for_any_file_name(tmp_path: Path) -> None:
    for name in ("plain.png", "space and #?%41.png", "ümläut 日本.png", "new\nline.png"):
        path = tmp_path / name
        path.write_bytes(DATA)
        picture = pictures.open(path)
        assert picture.uri == "file://" + quote(os.fsencode(path))
        again = pictures.open(picture.uri)
        assert (again.digest, again.uri) == (picture.digest, picture.uri)
    assert pictures.open(f"file://localhost{quote(str(tmp_path))}/plain.png").width == 40


def test_names_can_be_printed_and_stored_whatever_the_file_is_called(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m\xe2\x80\xaegpj.png"
    Path(os.fsdecode(raw)).write_bytes(DATA)
    (found,) = find(tmp_path)
    assert found.name.encode("utf-8").endswith(rb"caf\udce9\x1b[31m\u202egpj.png")
    picture = pictures.decode(found.load())
    assert picture.uri == "file://" + quote(raw)
    assert pictures.open(picture.uri).digest == picture.digest


@pytest.mark.parametrize(
    "url", ["http://example.com/a.jpg", "https://x/y", "s3://bucket/key", "ftp://a"]
)
def test_the_network_is_never_used(url: str) -> None:
    assert "no network" in only_error(url).reason
    with pytest.raises(PictureError, match="download it"):
        pictures.open(url)


def test_file_urls_of_other_machines_are_refused() -> None:
    assert "names no file on this machine" in only_error("file://server/share/a.jpg").reason
    assert "names no file on this machine" in only_error("file://").reason


def test_bytes_base64_and_data_urls_are_told_apart() -> None:
    text = base64.b64encode(DATA).decode()
    lines = "\n".join(text[place : place + 76] for place in range(0, len(text), 76))
    sources = [
        DATA,
        bytearray(DATA),
        memoryview(DATA),
        text,
        text.encode(),
        lines,
        text.rstrip("="),
    ]
    sources += [base64.urlsafe_b64encode(DATA), f"data:image/png;base64,{text}"]
    sources += [f"data:;BASE64,{quote(text)}", f"data:image/png,{quote(DATA)}"]
    digests = [pictures.open(what).digest for what in sources]
    assert digests == [pictures.open(DATA).digest] * len(sources)


def test_damaged_base64_is_reported() -> None:
    text = base64.b64encode(DATA).decode()
    assert "base64 is damaged" in load_error(text[:100] + "!" + text[101:]).reason
    assert "base64 is damaged" in load_error("data:image/png;base64,äöü").reason
    assert "no comma" in load_error("data:image/png;base64").reason


def test_an_existing_file_wins_over_base64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = base64.b64encode(DATA[:60]).decode().replace("/", "_")
    Path(name).write_bytes(DATA)
    (found,) = find(name)
    assert found.uri is not None


def test_open_files_are_read_from_where_they_stand_and_stay_open(tmp_path: Path) -> None:
    path = tmp_path / "two.bin"
    path.write_bytes(b"header" + DATA)
    with path.open("rb") as file:
        file.seek(6)
        picture = pictures.open(file)
        assert (picture.width, picture.name) == (40, str(path))
        assert not file.closed
    assert pictures.open(BytesIO(DATA)).name == "<file>"


def test_files_that_cannot_be_read_from_are_reported(tmp_path: Path) -> None:
    assert "mode 'rb'" in load_error(StringIO("text")).reason
    closed = BytesIO(DATA)
    closed.close()
    assert "cannot be read" in load_error(closed).reason

    class Long:
        """Gives 100 MB, and counts how much of it was asked for."""

        given = 0

        def read(self, size: int) -> bytes:
            size = min(size, 100_000_000 - self.given)
            self.given += size
            return bytes(size)

    (found,) = find(long := Long())
    with pytest.raises(PictureError, match="larger than the limit"):
        found.load(Limits(max_bytes=5_000_000))
    assert long.given < 8_000_000


@pytest.mark.parametrize("what", [None, 3, 2.5, object(), {"a": 1}, True])
def test_what_is_no_source_is_named(what: object) -> None:
    error = only_error(what)
    assert error.source == f"<{type(what).__name__}>"
    assert "give a path" in error.reason


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "no such file"),
        ("nowhere/at/all.jpg", "no such file"),
        ("~nobody-by-this-name/a.jpg", "no such file"),
        ("a\0b.jpg", "NUL"),
        ("half\ud800.jpg", "half a character"),
        ("x" * 5000, "longer than this system allows"),
    ],
)
def test_impossible_paths_are_reported(path: str, words: str) -> None:
    error = only_error(path)
    assert words in error.reason
    assert len(str(error)) < 500
    str(error).encode("utf-8")


def test_a_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.png").write_bytes(DATA)
    assert pictures.open("~/a.png").width == 40
    assert pictures.open("~/*.png").width == 40


def test_open_needs_exactly_one_picture(folder: Path) -> None:
    assert pictures.open(folder / "a.jpg").width == 40
    assert pictures.open([folder / "a.jpg"]).width == 40
    with pytest.raises(ArgumentError, match="several"):
        pictures.open(folder)
    for nothing in ("nowhere.jpg", f"{folder}/*.nothing", [], str(folder / "a.jpg" / "b.jpg")):
        with pytest.raises(NotFoundError):
            pictures.open(nothing)
    with pytest.raises(PictureError, match="no picture in this folder"):
        (folder / "none").mkdir()
        pictures.open(folder / "none")


def test_pipes_sockets_devices_and_broken_links_never_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "pipe without a name for pictures")
    (tmp_path / "dangling.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "self.jpg").symlink_to("/proc/self/mem")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.jpg"))
        words = {
            "pipe.jpg": "pipe (FIFO)",
            "dangling.jpg": "link to something that does not exist",
            "loop.jpg": "lead in a circle",
            "zero.jpg": "a device",
            "self.jpg": "cannot read",
            "socket.jpg": "a socket",
        }
        found = list(find(tmp_path))
        assert {Path(one.name).name for one in found if isinstance(one, Source)} == set(words)
        for name, expected in words.items():
            assert expected in load_error(tmp_path / name).reason


def test_sparse_giants_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "giant.jpg"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert "larger than the limit of 268,435,456 bytes" in load_error(path).reason


def test_unreadable_files_and_folders_are_reported_and_stop_nothing() -> None:
    with tempfile.TemporaryDirectory() as made:
        base = Path(made)
        base.chmod(0o755)
        for name in ("1.png", "2.png", "locked/3.png", "4.png"):
            (base / name).parent.mkdir(exist_ok=True)
            (base / name).write_bytes(DATA)
        (base / "2.png").chmod(0)
        (base / "locked").chmod(0)
        code = (
            "import os, sys\n"
            "if os.geteuid() == 0: os.setuid(65534)\n"
            "from nearsight.pictures import find\n"
            "from nearsight.errors import PictureError\n"
            "for found in find(sys.argv[1]):\n"
            "    try:\n"
            "        if isinstance(found, PictureError): raise found\n"
            "        found.load(); print(found.name, 'good')\n"
            "    except PictureError as error: print(error)\n"
        )
        # Imported before the rights are dropped: site-packages may be readable by root only.
        code = "import hashlib, nearsight.pictures, nearsight.errors, numpy\n" + code
        done = subprocess.run(
            [sys.executable, "-c", code, str(base)], capture_output=True, text=True, timeout=60
        )
        (base / "locked").chmod(stat.S_IRWXU)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert [line.endswith("good") for line in lines] == [True, False, True, False]
        assert "2.png: permission denied" in lines[1]
        assert "locked: was left out: permission denied" in lines[3]


def test_importing_pictures_does_not_import_pillow() -> None:
    code = "import sys, nearsight.pictures; print([name for name in sys.modules if 'PIL' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_list_is_found_while_another_thread_imports_pillow() -> None:
    """Halfway through, the module is there and its class is not."""
    code = (
        "import sys, types\n"
        "sys.modules['PIL.Image'] = types.ModuleType('PIL.Image')\n"
        "from nearsight.pictures import find\n"
        "print([found.name for found in find([b'x', b'y'])])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "<bytes" in done.stdout, done.stderr
