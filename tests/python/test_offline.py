"""Offline is a tested fact: no test, and no Python that a test starts, reaches a network."""

import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# 192.0.2.1 belongs to the documentation network (RFC 5737): nobody answers there.
ATTEMPTS = {
    "connect": "socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "connect_ex": "with socket.socket() as s: s.connect_ex(('192.0.2.1', 80))",
    "connect IPv6": "with socket.socket(socket.AF_INET6) as s: s.connect(('2001:db8::1', 80))",
    "datagram": "with socket.socket(type=socket.SOCK_DGRAM) as s: s.sendto(b'x', ('192.0.2.1', 9))",
    "resolve a name": "socket.getaddrinfo('example.org', 80)",
    "resolve by the old way": "socket.gethostbyname('example.org')",
    "resolve an address": "socket.gethostbyaddr('192.0.2.1')",
    "bind loopback": "with socket.socket() as s: s.bind(('127.0.0.1', 0))",
    "bind every interface": "with socket.socket() as s: s.bind(('', 0))",
    "download": "import urllib.request as u; u.urlopen('http://192.0.2.1/', timeout=1)",
}
REFUSED = "tests have no network"


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import socket\n{code}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("code", ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_test_is_refused(code: str) -> None:
    with pytest.raises(RuntimeError, match=REFUSED):
        exec(code, {"socket": socket})


@pytest.mark.parametrize("code", ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_python_that_a_test_starts_is_refused(code: str) -> None:
    done = run_python(code)
    assert done.returncode != 0
    assert REFUSED in done.stderr


def test_a_spawned_worker_is_refused() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        with pytest.raises(RuntimeError, match=REFUSED):
            pool.apply(socket.create_connection, (("192.0.2.1", 80), 1))
        pool.close()
        pool.join()


def test_unix_sockets_stay_usable(tmp_path: Path) -> None:
    left, right = socket.socketpair()
    with left, right, socket.socket(socket.AF_UNIX) as server:
        left.sendall(b"x")
        assert right.recv(1) == b"x"
        server.bind(str(tmp_path / "s"))


@pytest.mark.loopback
def test_loopback_is_open_to_a_test_that_asks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        done = run_python(f"socket.create_connection(({host!r}, {port}), timeout=9).close()")
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.loopback
@pytest.mark.parametrize("name", ["connect", "resolve a name", "bind every interface"])
def test_loopback_opens_nothing_else(name: str) -> None:
    with pytest.raises(RuntimeError, match=REFUSED):
        exec(ATTEMPTS[name], {"socket": socket})
    assert REFUSED in run_python(ATTEMPTS[name]).stderr


WHOLE_WALK = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith("socket.") else None)
import nearsight
with nearsight.open(sys.argv[1]) as app:
    app.inputs.add(sys.argv[2])
    found = app.search(image=sys.argv[2])
    app.search(text="an insect")
    print(len(found), sorted(set(seen)))
"""


def test_adding_and_searching_does_not_even_make_a_socket(
    tmp_path: Path, stamp: Callable[[str], Path]
) -> None:
    arguments = [str(tmp_path / "a.ns"), str(stamp("insects/cartoon/butterfly"))]
    command = [sys.executable, "-c", WHOLE_WALK, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "1 []"


# ---- the model's runtime: from 1.32 on, onnxruntime collects telemetry from its import on

EMBEDS = """
import sys
from nearsight import diagnosis, embedders, pictures
model = embedders.load(threads=1)
model.embed(model.prepare(pictures.open(sys.argv[1]))[None])
for check in diagnosis.diagnose("grid"):
    if check.name == "telemetry":
        print(check.ok, check.evidence)
"""


def embed_at_home(before: str, home: Path, picture: Path) -> tuple[str, list[str]]:
    """Embed in a process with an empty home; what the doctor says, and the files left there."""
    home.mkdir()
    # Nothing else is handed on: onnxruntime collects nothing where CI=true, for instance.
    needed = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    variables = {name: os.environ[name] for name in needed if name in os.environ}
    variables |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    command = [sys.executable, "-c", before + EMBEDS, str(picture)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=variables
    )
    return done.stdout.strip(), [path.name for path in home.rglob("*") if path.is_file()]


def test_embedding_leaves_nothing_in_the_home(tmp_path: Path, picture_file: Path) -> None:
    said, left = embed_at_home("", tmp_path / "home", picture_file)
    assert said == "True onnxruntime is loaded, and no file of its telemetry is open"
    assert left == []


def test_the_check_of_the_home_and_the_doctor_see_telemetry(
    tmp_path: Path, picture_file: Path
) -> None:
    """The control: a host that imported onnxruntime before us, which is then too late."""
    said, left = embed_at_home("import onnxruntime", tmp_path / "home", picture_file)
    assert left, "this onnxruntime collects nothing by itself: the test above proves nothing"
    assert said.startswith("False onnxruntime collects telemetry into ")
