"""What people meet first: public names, their documentation, the version, what an import costs."""

import doctest
import importlib
import importlib.metadata
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

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
    assert "tqdm" in heavy_modules_after("import nearsight, tqdm")


def is_inner_module(name: str) -> bool:
    """Say whether `nearsight.<name>` is there only because Python puts submodules there."""
    value = getattr(nearsight, name)
    return isinstance(value, ModuleType) and value.__name__ == f"nearsight.{name}"


def test_all_lists_exactly_the_public_names() -> None:
    public = {name for name in vars(nearsight) if not name.startswith("_")}
    leaked = {name for name in public - set(nearsight.__all__) if not is_inner_module(name)}
    assert leaked == set()
    assert set(nearsight.__all__) - public == {"__version__"}
    assert len(nearsight.__all__) == len(set(nearsight.__all__))


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
