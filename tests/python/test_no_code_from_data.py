"""Over the whole life of a stranger's database no code comes from data, and nothing leaves the app.

Python's audit hooks (PEP 578) see every import, compilation and execution, every file that is
opened, every socket and every process. A first life in the same process lets everything be imported
that will be; in the second, on a database that somebody else made, there is nothing left to import.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN = (
    "compile", "exec", "import", "marshal.", "pickle.", "code.", "ctypes.", "socket.", "urllib.",
    "ftplib.", "http.", "smtplib.", "subprocess.", "os.exec", "os.fork", "os.spawn",
    "os.posix_spawn", "os.startfile", "os.system", "pty.", "webbrowser.", "sqlite3.",
    "cpython.run_", "sys.addaudithook",
)  # fmt: skip

LIFE = """
import logging, sys
from pathlib import Path
from types import SimpleNamespace
import nearsight
from nearsight import Item, Region
from nearsight.pictures import Limits
from planted import Planted

logging.disable(logging.CRITICAL)
MODEL = Planted()

def live(path, pictures, limits):
    files = sorted(pictures.iterdir())
    try:
        with nearsight.open(path, model=MODEL) as app:
            app.inputs.add(pictures, limits=limits)
            app.inputs.add(
                Item(files[0], id="part", crop=(0, 0, 0.5, 0.5), concepts=["sea"],
                    regions=[Region((0, 0, 0.3, 0.3), text="a part")], metadata={"n": 1}),
                limits=limits,
                allow_duplicate=True,
            )
            app.search(image=files[0]).to_dicts()
            app.search(concept="tabby", where="@n < 9 or within(48, 2, 500)").to_dicts()
            app.search(where={"annotated": "sea"}).to_dicts()
            [record.to_dict() for record in app.inputs]
            names = {model.id for model in app.models}
            if "own" not in names:
                app.models.create("own", concepts=["sea"])
            app.models["own"].train()
            app.models["own"].predict(files[0])
            app.search(concept="sea").to_dicts()
            app.inputs.update("part", metadata={"n": 2})
            app.inputs.delete("part")
            app.check()
            app.backup(path.with_name("backup.ns"), overwrite=True)
            app.compact()
        str(nearsight.check(path))
    except nearsight.NearsightError as error:
        print(type(error).__name__)
"""

MADE = (
    LIFE
    + """
evil = "__import__('os').abort()"
path, pictures = Path(sys.argv[1]), Path(sys.argv[2])
with nearsight.open(path, model=MODEL) as app:
    app.inputs.add(pictures)
    item = Item(sorted(pictures.iterdir())[0], id=evil, concepts=[evil, "sea"],
        metadata={"py/object": "os.system", "__class__": evil, "n": 1}, geo=(48, 2))
    app.inputs.add(item, allow_duplicate=True)
    app.models.create(evil, concepts=["sea"]).train()
"""
)

WATCHED = (
    LIFE
    + """
FORBIDDEN, MAY_OPEN = eval(sys.argv[4]), eval(sys.argv[5])
mine, pictures, strangers = map(Path, sys.argv[1:4])
seen, watching = [], False

def watch(event, args):
    if not watching:
        return
    if event == "open":
        where = args[0]
        if isinstance(where, (str, bytes)) and not str(where).startswith(MAY_OPEN):
            seen.append(f"open {where}")
    elif event.startswith(FORBIDDEN):
        seen.append(f"{event} {str(args)[:200]}")

sys.addaudithook(watch)
for _ in range(2):
    live(mine, pictures, Limits(worker=True))
if "PLANT" in sys.argv:
    from nearsight.truth import inputs
    inputs.json = SimpleNamespace(loads=eval, dumps=inputs.json.dumps)
watching = True
for path in sorted(strangers.glob("*.ns")):
    live(path, pictures, Limits(worker=True))
watching = False
print("\\n".join(seen))
"""
)


def python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, stamps: Path) -> Path:
    """A folder with pictures, and a stranger's databases: a sound one, a damaged one, no one's."""
    here = tmp_path_factory.mktemp("world")
    for folder in ("mine", "pictures", "strangers"):
        (here / folder).mkdir()
    for file in sorted(stamps.rglob("*.png"))[:3]:
        shutil.copy(file, here / "pictures")
    sound = here / "strangers" / "sound.ns"
    python(MADE, str(sound), str(here / "pictures"))
    content = bytearray(sound.read_bytes())
    content[len(content) // 2] ^= 1
    (here / "strangers" / "damaged.ns").write_bytes(content)
    (here / "strangers" / "script.ns").write_text("import os; os.system('touch x')")
    return here


def watched(world: Path, *planted: str) -> str:
    folders = [str(world / name) for name in ("mine/a.ns", "pictures", "strangers")]
    import nearsight

    may_open = (str(world), str(Path(nearsight.__file__).parent), "/dev/", "/proc/", "/sys/")
    return python(WATCHED, *folders, repr(FORBIDDEN), repr(may_open), *planted)


def test_a_strangers_database_runs_no_code_and_opens_nothing_of_ours(world: Path) -> None:
    assert watched(world).split() == ["CorruptionError", "DatabaseError"]


def test_an_eval_would_be_seen(world: Path) -> None:
    """The control."""
    said = watched(world, "PLANT")
    assert "exec" in said
    assert "compile" in said
