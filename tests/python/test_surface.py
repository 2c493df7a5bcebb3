"""What people meet first: public names, their documentation, the version, what an import costs."""

import ast
import doctest
import importlib
import importlib.metadata
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nearsight
from nearsight import _core

ROOT = Path(__file__).parents[2]
# What an import must not pay for, 5 to 200 ms each; `nearsight bench import` measures the whole.
HEAVY = {"onnxruntime", "onnx", "PIL", "tqdm", "hnswlib", "importlib.metadata", "asyncio"}
HEAVY |= {"nearsight.cli", "nearsight.demo", "nearsight.bench", "nearsight.server"}


def heavy_modules_after(statement: str) -> set[str]:
    """Give what of `HEAVY` a new Python has loaded after `statement`; warnings are errors there."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return HEAVY & set(done.stdout.split())


def test_importing_nearsight_loads_nothing_heavy() -> None:
    assert heavy_modules_after("import nearsight") == set()
    assert heavy_modules_after("from nearsight import *") == set()
    assert "tqdm" in heavy_modules_after("import nearsight, tqdm")


def test_all_lists_exactly_the_public_names() -> None:
    """Three lists have to say the same: `__all__`, where names live, and what type checkers see."""
    seen = {}
    for node in ast.walk(ast.parse(Path(str(nearsight.__file__)).read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("nearsight"):
            for alias in node.names:
                home = str(node.module).removeprefix("nearsight").removeprefix(".")
                inside = f"{home}:{alias.name}" if home else alias.name
                seen[alias.asname or alias.name] = inside
    assert seen == nearsight._HOMES
    assert set(nearsight.__all__) == set(seen)
    assert len(nearsight.__all__) == len(set(nearsight.__all__))
    assert set(nearsight.__all__) <= set(dir(nearsight))


def test_every_public_name_is_there_and_no_other() -> None:
    code = (
        "import nearsight\n"
        "for name in nearsight.__all__: assert getattr(nearsight, name) is not None\n"
        "from nearsight import *\n"
        "assert App is nearsight.App and metadata('a').exists() is not None\n"
        "try: nearsight.nothing\n"
        "except AttributeError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "module 'nearsight' has no attribute 'nothing'"


@pytest.mark.parametrize("name", sorted(set(nearsight.__all__) - {"__version__"}))
def test_public_names_are_documented(name: str) -> None:
    text = inspect.getdoc(getattr(nearsight, name)) or ""
    generated = f"{name}("  # what @dataclass writes where nobody else did
    assert text
    assert not text.startswith(generated)


def test_the_version_is_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = project["version"]
    assert version == nearsight.__version__ == _core.__version__
    assert version == importlib.metadata.version("nearsight")
    written = [
        file
        for folder in ("python/nearsight", "cpp")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".pyi", ".h", ".cpp", ".txt"}
        and f'"{version}"' in file.read_text()
    ]
    assert written == []
    assert version in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_architecture_page_names_every_module_and_organ() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    package = ROOT / "python" / "nearsight"
    rooms = [file.stem for file in package.glob("*.py") if not file.name.startswith("__")]
    rooms += [f"{file.parent.name}/" for file in package.glob("*/__init__.py")]
    organs = [folder.name for folder in (ROOT / "cpp" / "src").iterdir() if folder.is_dir()]
    assert len(rooms) >= 15
    assert len(organs) >= 6
    assert [name for name in [*rooms, *organs] if f"`{name}`" not in page] == []


def module_names() -> list[str]:
    found = [module.name for module in pkgutil.walk_packages(nearsight.__path__, "nearsight.")]
    return ["nearsight", *(name for name in found if not name.endswith(("__main__", "_core")))]


def test_examples_in_docstrings_are_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    results = [doctest.testmod(importlib.import_module(name)) for name in module_names()]
    assert sum(result.failed for result in results) == 0, capsys.readouterr().out
    assert sum(result.attempted for result in results) >= 10
