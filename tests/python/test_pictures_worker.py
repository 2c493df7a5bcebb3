"""What a worker promises: the same pixels, and that a picture hurts nobody but itself."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearsight import pictures
from nearsight.errors import ArgumentError, PictureError
from nearsight.pictures import Limits, Picture, crew, worker
from nearsight.values.region import BoundingBox

WORKER = Limits(worker=True)
BOX = BoundingBox(0.25, 0.125, 0.75, 0.5)
GOOD = Image.linear_gradient("L").convert("RGB").resize((60, 40))

# What a decoder that was taken over might do; the width of the picture says what.
DEEDS = {
    101: "os.abort()",
    102: "while True: pass",
    103: "b = bytearray(1 << 30)",
    104: "open('/etc/passwd')",
    105: "open('/tmp/nearsight-was-here', 'w')",
    106: "os.fork()",
    107: "os.execv('/bin/true', ['true'])",
    108: "socket.socket()",
    109: "os.kill(os.getppid(), 0)",
    110: "os.write(1, b'x' * 100)",
    111: "os.write(1, b'\\2\\0\\0\\0{}')",
    112: "os._exit(0)",
    113: "os.read(0, 1)",
    114: "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    115: "return Image.new('RGB', (2000, 2000)), None",
    116: "raise UnusableError('\\x1b[2J' + 'x' * 500)",
    117: "ctypes.string_at(0)",
    118: "os.listdir('/')",
    119: "os.unlink('/tmp/nearsight-was-here')",
    120: "return Image.new('RGB', (2, 2)), Image.new('L', (3, 3))",
    121: "os.write(1, b'\\x20\\x03\\0\\0' + b'[' * 800)",
    122: "return Image.new('RGB', (0, 0)), None",
    123: "os.write(1, b'\\2\\0\\0\\0[]')",
    124: r"""os.write(1, b'\x20\0\0\0' + b'{"bytes": 1e9, "size": ""}'.ljust(32))""",
}
TAKEN_OVER = """
import ctypes, json, os, resource, socket, sys, time
sys.path[:] = json.loads(sys.argv[1])
from PIL import Image
from nearsight.pictures import worker_program
from nearsight.pictures.unusable import UnusableError
decode = worker_program.pixels_of
def deed(width):
    pass
DEEDS
def taken_over(data, header):
    try:
        done = deed(header.width)
    except MemoryError:
        raise
    except Exception as error:
        raise UnusableError(f"{type(error).__name__}: {error}") from error
    return done or decode(data, header)
worker_program.pixels_of = taken_over
worker_program.main()
"""


def taken_over() -> str:
    branches = "".join(
        f"    if width == {width}:\n        {deed}\n" for width, deed in DEEDS.items()
    )
    return TAKEN_OVER.replace("    pass\nDEEDS", branches)


START_OF_SCRIPT = (
    "import os, sys, signal, time\n"
    "from nearsight import pictures\n"
    "from nearsight.pictures import Limits, crew\n"
    "def decode(): return pictures.open('good.png', Limits(worker=True)).width\n"
    "def pids(): return [worker.pid for worker in crew._crew._all]\n"
)


@pytest.fixture(scope="module")
def crews() -> Iterator[tuple[crew._Crew, crew._Crew]]:
    """Give workers that are not those of other tests, and others that will be taken over."""
    both = crew._Crew(), crew._Crew()
    yield both
    for one in both:
        one.close()


@pytest.fixture(autouse=True)
def apart(crews: tuple[crew._Crew, crew._Crew], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_crew", crews[0])


@pytest.fixture
def own_crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[crew._Crew]:
    """Give one test workers of its own."""
    mine = crew._Crew()
    monkeypatch.setattr(crew, "_crew", mine)
    yield mine
    mine.close()


@pytest.fixture
def hostile(crews: tuple[crew._Crew, crew._Crew], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_START", taken_over())
    monkeypatch.setattr(crew, "_crew", crews[1])


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


GOOD_PNG = saved(GOOD, "PNG")


def picture_of(width: int) -> bytes:
    return saved(Image.new("RGB", (width, 50), "red"), "PNG")


def same(one: Picture, other: Picture) -> bool:
    return (
        np.array_equal(np.asarray(one.pixels), np.asarray(other.pixels))
        and (one.alpha is None) == (other.alpha is None)
        and (one.alpha is None or one.alpha.tobytes() == other.alpha.tobytes())
        and (one.width, one.height, one.exif) == (other.width, other.height, other.exif)
    )


def refusal(data: bytes, limits: Limits = WORKER) -> str:
    with pytest.raises(PictureError) as refused:
        pictures.open(data, limits)
    assert refused.value.source == "<bytes>"
    return refused.value.reason


# ---- The same pictures.


@pytest.mark.parametrize("crop", [None, BOX])
def test_photos_are_the_same_in_a_worker(opencv_photos: Path, crop: BoundingBox | None) -> None:
    photos = [path for path in sorted(opencv_photos.iterdir()) if path.suffix in (".jpg", ".png")]
    assert len(photos) > 50
    for path in photos[::3]:
        assert same(pictures.open(path, WORKER, crop), pictures.open(path, None, crop)), path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_and_mode_is_the_same_in_a_worker(kind: str) -> None:
    tried = 0
    for mode in ("RGB", "RGBA", "P", "L", "LA", "1", "I;16", "CMYK", "F", "YCbCr", "LAB"):
        image = GOOD.convert("I").convert("I;16") if mode == "I;16" else None
        exif = Image.Exif()
        exif[274] = 6
        try:
            image = image or (GOOD.convert("RGB").convert(mode) if mode != "LAB" else None)
            data = saved(image or Image.new("LAB", (9, 9)), kind, exif=exif)
        except (OSError, ValueError):
            continue
        assert same(pictures.open(data, WORKER), pictures.open(data)), mode
        tried += 1
    assert tried >= 2


def test_arrays_and_images_need_no_worker(own_crew: crew._Crew) -> None:
    assert pictures.open(np.asarray(GOOD), WORKER).width == 60
    assert pictures.open(GOOD, WORKER).width == 60
    assert not own_crew._all


def test_damaged_files_are_refused_in_the_same_words() -> None:
    data = saved(GOOD, "PNG")
    with pytest.raises(PictureError) as inline:
        pictures.open(data[:-40])
    assert refusal(data[:-40]) == inline.value.reason
    assert "no such" not in refusal(b"GIF89a")


def test_one_worker_serves_one_thread_and_few_serve_many(own_crew: crew._Crew) -> None:
    data = saved(GOOD, "JPEG")
    for _ in range(10):
        pictures.open(data, WORKER)
    assert len(own_crew._all) == 1
    with ThreadPoolExecutor(12) as pool:
        assert {p.width for p in pool.map(lambda _: pictures.open(data, WORKER), range(60))} == {60}
    assert len(own_crew._all) <= min(os.cpu_count() or 1, 4)
    assert len(own_crew._idle) == len(own_crew._all)


# ---- Pictures that want to do harm.


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (101, "crashed \\(signal 6|crashed \\(signal 11"),
        (103, "max_memory"),
        (104, "OSError|PermissionError"),
        (105, "OSError|PermissionError"),
        (106, "PermissionError|BlockingIOError"),
        (110, "crashed"),
        (111, "crashed"),
        (112, "crashed \\(status 0"),
        (115, "crashed"),
        (116, r"^UnusableError: \\x1b\[2Jx{100}"),
        (117, "crashed \\(signal 11"),
        (118, "OSError|PermissionError"),
        (120, "crashed"),
        (121, "crashed"),
        (122, "crashed"),
        (123, "crashed"),
        (124, "crashed"),
    ],
)
def test_a_picture_that_takes_its_decoder_over_is_refused(
    hostile: None, width: int, words: str
) -> None:
    pictures.open(GOOD_PNG, WORKER)
    reason = refusal(picture_of(width), Limits(worker=True, max_memory=512 << 20))
    assert re.search(words, reason), reason
    assert pictures.open(GOOD_PNG, WORKER).width == 60
    assert not Path("/tmp/nearsight-was-here").exists()


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"),
    reason="the kernel's filter is Linux's",
)
@pytest.mark.parametrize("width", [104, 106, 107, 108, 109, 114, 118, 119])
def test_the_kernel_refuses_what_is_not_decoding(hostile: None, width: int) -> None:
    assert "PermissionError" in refusal(picture_of(width))


@pytest.mark.parametrize("width", [102, 113])
def test_a_picture_that_never_ends_is_ended(
    hostile: None, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if width == 113:  # it does not even use the processor
        monkeypatch.setattr(worker, "_WALL_TIMES", 1)
        monkeypatch.setattr(worker, "_WALL_SECONDS", 0)
    assert "more than 1 seconds" in refusal(picture_of(width), Limits(worker=True, max_seconds=1))
    assert pictures.open(GOOD_PNG, WORKER).width == 60


def test_memory_is_limited_where_the_picture_is_honest() -> None:
    data = saved(Image.new("RGBA", (3000, 3000), (1, 2, 3, 4)), "PNG")
    assert "100,000,000 bytes" in refusal(data, Limits(worker=True, max_memory=100_000_000))
    assert pictures.open(data, WORKER).width == 3000
    noise = np.random.default_rng(1).integers(0, 256, (3000, 3000, 3), np.uint8)
    big = saved(Image.fromarray(noise), "BMP")
    small = Limits(worker=True, max_memory=64 << 20)
    assert "max_memory" in refusal(big, small)
    assert "max_memory" in refusal(big, small)
    assert pictures.open(GOOD_PNG, small).width == 60


def test_a_worker_that_was_killed_is_replaced(own_crew: crew._Crew) -> None:
    pictures.open(GOOD_PNG, WORKER)
    (first,) = own_crew._all
    os.kill(first.pid, signal.SIGKILL)
    first._process.wait()
    assert pictures.open(GOOD_PNG, WORKER).width == 60
    (second,) = own_crew._all
    assert second is not first


@pytest.mark.parametrize("bad", [None, 1, "yes"])
def test_the_switch_is_true_or_false(bad: object) -> None:
    with pytest.raises(ArgumentError, match="worker="):
        Limits(worker=bad)


# ---- Where and when there is no worker.


@pytest.mark.parametrize("python", ["", "/nowhere/python3", "/usr/bin/uwsgi", "/bin/true-python"])
def test_where_none_can_be_started_it_is_said_once_and_decoded_here(
    own_crew: crew._Crew, monkeypatch: pytest.MonkeyPatch, python: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    with pytest.warns(RuntimeWarning, match="decoded in this process"):
        assert pictures.open(GOOD_PNG, WORKER).width == 60


def test_a_worker_that_ends_at_once_is_none(
    own_crew: crew._Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_START", "raise SystemExit(3)")
    with pytest.warns(RuntimeWarning, match="ended at once"):
        assert pictures.open(GOOD_PNG, WORKER).width == 60
    monkeypatch.setattr(worker, "_START", "while True: pass")  # would be waited for
    with pytest.warns(RuntimeWarning, match="ended at once"):
        assert pictures.open(GOOD_PNG, WORKER).width == 60


def script(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "good.png").write_bytes(GOOD_PNG)
    (folder / "app.py").write_text(START_OF_SCRIPT + code)
    command = [sys.executable, "-W", "error", "app.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def ended(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_an_app_without_a_main_guard_is_run_once_and_leaves_nobody_behind(tmp_path: Path) -> None:
    done = script("print('started')\nprint(decode(), *pids())\n", tmp_path)
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert (first, second.split()[0]) == ("started", "60")
    assert ended(int(second.split()[1]))


def test_workers_end_when_their_app_is_killed(tmp_path: Path) -> None:
    code = "print(decode(), *pids(), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    done = script(code, tmp_path)
    assert done.returncode == -signal.SIGKILL
    assert ended(int(done.stdout.split()[1]))


def test_a_forked_child_has_workers_of_its_own(tmp_path: Path) -> None:
    code = (
        "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"
        "decode(); before = pids()\n"
        "if os.fork() == 0:\n"
        "    assert pids() == []\n"
        "    assert decode() == 60 and set(pids()).isdisjoint(before)\n"
        "    sys.exit(7)\n"
        "assert os.waitstatus_to_exitcode(os.wait()[1]) == 7\n"
        "assert decode() == 60 and pids() == before\n"
        "print('good')\n"
    )
    done = script(code, tmp_path)
    assert (done.stdout, done.stderr) == ("good\n", "")


def test_a_module_in_the_working_folder_is_not_a_workers(tmp_path: Path) -> None:
    for name in ("json", "numpy", "ctypes", "resource"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')")
    code = "print(decode(), len(pids()))\n"
    (tmp_path / "good.png").write_bytes(GOOD_PNG)
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", START_OF_SCRIPT + code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("60 1\n", "")
