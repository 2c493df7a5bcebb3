"""Who may know whom, on both sides, read from the source: imports, includes and forbidden words.

A rule looks at one file and yields its breaches. It is shown files that break it and files that do
not (`BAD_…`, `GOOD_…`), then every file that there is, so a new file is held to it by itself.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "nearsight"

# ---- Python: a module sees those on lower floors only, and the neighbours named in NEIGHBOURS.

FLOOR = {"errors": 0, "held": 0, "values": 1, "vectors": 1, "filters": 2, "ranks": 3}
FLOOR |= dict.fromkeys(["truth", "engine", "embedders", "pictures", "knowledge"], 4)
FLOOR |= dict.fromkeys(["checkup", "colors", "focus", "looking", "teaching"], 5)
FLOOR |= {"adding": 6, "concepts": 6, "search": 7}
FLOOR |= dict.fromkeys(["annotations", "inputs", "models"], 8)
FLOOR |= {"app": 9, "diagnosis": 10, "nearsight": 11}
BALCONIES = {"clarifai", "cli", "server", "bench", "demo"}
FLOOR |= dict.fromkeys(BALCONIES, 12) | {"__main__": 13}
NEIGHBOURS = {("engine", "truth"), ("embedders", "pictures")}

HOMES = {  # what is not in Python's own library, and where it may be imported
    "numpy": r"",
    "nearsight._core": r"engine/caches\.py$|vectors/",
    "apsw": r"truth/|bench/peers/sqlite_vec\.py$",
    "onnxruntime": r"embedders/onnx\.py$",
    "PIL": r"pictures/|embedders/preprocess\.py$",
    "tqdm": r"(cli|bench|demo)/",
    **dict.fromkeys(["hnswlib", "usearch", "faiss", "voyager", "zvec", "scann"], r"bench/"),
    **dict.fromkeys(["sqlite_vec", "lancedb", "pyarrow", "turbovec"], r"bench/peers/"),
}
# Slow to import or optional: inside functions only.
LAZY = {"onnxruntime", "PIL"} | {name for name, home in HOMES.items() if "bench" in home}
LAZY -= {"apsw", "tqdm"}
NETWORK = r"""(socket|socketserver|ssl|http|urllib\.(request|error)|ftplib|smtplib|poplib|imaplib
    |nntplib|telnetlib|xmlrpc|asyncio|wsgiref|webbrowser|multiprocessing\.(connection|managers))"""
UNSAFE = r"(pickle|marshal|shelve|dill|cloudpickle|joblib)"
# The one line of the environment that cannot be left to the balconies: see there why.
SWITCHES_OFF = ("embedders/onnx.py", "os.environ['ORT_DISABLE_TELEMETRY'] = '1'")
SPEAKS = r"sys\.(exit|stdout|stderr|stdin)|os\.(environ|getenv|_exit)|getenv"


def layer(path: str) -> str:
    """Give the layer of a file or dotted name below the package: its first part."""
    first = re.split(r"[/.]", path)[0]
    return "nearsight" if first == "__init__" else first


def is_lazy(node: ast.AST) -> bool:
    """Say whether what stands inside `node` is not run when the module is imported."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def named(argument: ast.expr) -> str:
    """Give the module that `import_module(argument)` names, or as much as an f-string tells."""
    first = argument.values[0] if isinstance(argument, ast.JoinedStr) else argument
    text = first.value if isinstance(first, ast.Constant) else ""
    return str(text).rstrip(".") or "<computed>"


def imported(tree: ast.AST, package: list[str], lazy: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield (full dotted name, whether lazily) of everything that is imported below `tree`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *filter(None, [node.module])]
            yield from ((".".join([*base, alias.name]), lazy) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield named(node.args[0]), lazy
        yield from imported(node, package, lazy or is_lazy(node))


def import_breaches(path: str, name: str, lazy: bool, public: set[str]) -> Iterator[str]:
    """Hold one import to the floors, to the homes and to what is forbidden everywhere."""
    if re.match(rf"({NETWORK}|{UNSAFE})(\.|$)", name, re.VERBOSE):
        yield f"imports {name}: no network, no pickle"
    if name.split(".")[0] in sys.stdlib_module_names:
        return
    home = next((home for home in HOMES if f"{name}.".startswith(f"{home}.")), None)
    if home:
        if not re.match(HOMES[home], path):
            yield f"imports {home}, whose home is elsewhere"
        if home in LAZY and not lazy:
            yield f"imports {home} at the top, not inside a function"
    elif name.split(".")[0] != "nearsight":
        yield f"imports {name}, which has no home in HOMES"
    else:
        yield from floor_breaches(layer(path), name.partition(".")[2], lazy, public)


def floor_breaches(own: str, name: str, lazy: bool, public: set[str]) -> Iterator[str]:
    """Hold an import of nearsight's own `name` to the floors."""
    other = layer(name) if layer(name) in FLOOR else "nearsight"
    if own == other:
        return
    if own in BALCONIES:
        if own == "cli" and other in BALCONIES and lazy:
            return
        if name and name.split(".")[0] not in public:
            yield f"a balcony imports {name}, which is not public"
    elif FLOOR[own] <= FLOOR[other] and (own, other) not in NEIGHBOURS:
        yield f"imports {name or 'nearsight'} from a floor that is not below"
    elif other in BALCONIES and own != "__main__":
        yield f"imports the balcony {other}"


def word_breaches(path: str, tree: ast.AST, public: set[str]) -> Iterator[str]:
    """Find unsafe calls anywhere, and outside the balconies what speaks to a person."""
    balcony = layer(path) in BALCONIES | {"__main__"}
    excepted = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (path, ast.unparse(node)) == SWITCHES_OFF
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        called = (
            node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        )
        if called in {"eval", "exec", "compile", "__import__"}:
            yield f"calls {called}"
        if called in {"print", "input", "breakpoint"} and not balcony:
            yield f"calls {called}: talking to a person belongs to the balconies"
        if re.fullmatch(r"os\.(system|popen)|.*\.extractall", text):
            yield f"uses {text}"
        if isinstance(node, ast.keyword) and node.arg in {"allow_pickle", "shell"}:
            yield f"passes {node.arg}"
        if not balcony and node not in excepted and re.fullmatch(SPEAKS, text):
            yield f"uses {text}: streams, exits and the environment belong to the balconies"
        inner = re.match(r"nearsight\.(\w+)", text)
        if balcony and inner and inner[1] not in public | {"__main__"}:
            yield f"uses {text}, which is not public"


def python_breaches(path: str, source: str, public: set[str]) -> list[str]:
    """Hold one file of the package (`path` is below it) to every Python rule."""
    if layer(path) not in FLOOR:
        return [f"{path}: a new module: give it its place in FLOOR"]
    tree = ast.parse(source)
    package = ["nearsight", *Path(path).parent.parts]
    found = [
        breach
        for name, lazy in imported(tree, package)
        for breach in import_breaches(path, name, lazy, public)
    ]
    return [f"{path}: {breach}" for breach in [*found, *word_breaches(path, tree, public)]]


def import_graph(files: dict[str, str]) -> dict[str, set[str]]:
    """Which of these files import which, lazily or not: files by their dotted names."""
    dotted = {
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for path in files
    }
    graph: dict[str, set[str]] = {}
    for path, source in files.items():
        package = ["nearsight", *Path(path).parent.parts]
        name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        whole = [name for name, _ in imported(ast.parse(source), package)]
        inner = [n.partition(".")[2] for n in whole if n.startswith("nearsight.")]
        found = {n if n in dotted else n.rpartition(".")[0] for n in inner}
        graph[name] = (found & dotted) - {name, ""}
    return graph


def in_circles(graph: dict[str, set[str]]) -> list[str]:
    """Files that import each other in circles, and what lies between two of those."""
    left = dict(graph)
    while left:
        known = set().union(*left.values())
        kept = {name: o for name, o in left.items() if o & left.keys() and name in known}
        if len(kept) == len(left):
            break
        left = kept
    return sorted(left)


# ---- C++: organs see each other's public headers only as written here.

ORGANS = {
    "base": set(),
    "kernels": set(),
    "store": {"base"},
    "filter": {"base"},
    "rank": {"base", "kernels"},
    "index": {"base", "kernels", "store", "filter", "rank"},
    "columns": {"base", "kernels"},
    "codes": {"base", "kernels"},
    "graph": {"base", "kernels", "codes"},
    "vectors": {"base", "kernels", "index", "codes", "graph"},
}
SHARED = {"types", "row_mask", "status"}  # headers that everybody stands on
BELONGS = {  # the others are named like their organ
    **dict.fromkeys(["checked_bytes", "progress"], "base"),
    "code_kernels": "codes",
    **dict.fromkeys(
        ["cache_files", "coding", "directory", "guard", "sealed_file", "tasks"], "base"
    ),
    "facts": "columns",
    "kernel_table": "kernels",
}
FILES = r"<(cstdio|stdio\.h|fstream|filesystem|fcntl\.h|unistd\.h|sys/mman\.h|sys/stat\.h)>"
INTRINSICS = r"<(\w*mmintrin|x86intrin|arm_\w+)\.h>"
TABLES = r"(kernel_table|code_kernels)\.h"
LEAF = rf'"nearsight/{TABLES}"|"loops\.h"|<(stddef|stdint)\.h>|<(cstddef|cstdint)>|{INTRINSICS}'
LOUD = r"\b(throw|abort|_?exit|_Exit|quick_exit|terminate|f?printf|puts|cout|cerr|clog)\b"


def without_comments_and_strings(source: str) -> str:
    """Blank what the compiler does not run."""
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(\\.|[^"\\\n])*"', " ", source, flags=re.DOTALL)


def organ_of(path: str) -> str:
    """Give the organ of a file below cpp/, or the empty string for shared headers and bindings."""
    folder, *rest = Path(path).parts
    name = Path(path).stem
    if folder == "include":
        return "" if name in SHARED else BELONGS.get(name, name)
    return rest[0] if folder == "src" else ""


def include_breaches(path: str, header: str) -> Iterator[str]:
    """Hold one `#include` (written with its quotes) to the organs' table."""
    if re.search(r"pybind11|Python\.h", header) and not path.startswith("bindings/"):
        yield f"includes {header} outside bindings/"
    if re.fullmatch(FILES, header) and not path.startswith("src/base/"):
        yield f"includes {header}: file access belongs to base/"
    if header in {"<iostream>", "<stdexcept>"} and not path.startswith("bindings/"):
        yield f"includes {header}: the core neither prints nor throws"
    own, name = organ_of(path), header.strip('"').removeprefix("nearsight/").removesuffix(".h")
    if not header.startswith('"') or name in SHARED:
        return
    if not header.startswith('"nearsight/'):
        if "/" in name and not path.startswith("bindings/"):
            yield f"includes {header}: private headers are reached from their own folder only"
    elif BELONGS.get(name, name) not in ORGANS:
        yield f"includes {header}, which belongs to no organ"
    elif path.startswith("bindings/"):
        return
    elif BELONGS.get(name, name) not in ORGANS.get(own, set()) | {own}:
        yield f"includes {header}: {own or 'a shared header'} does not know it"


def cpp_breaches(path: str, source: str) -> list[str]:
    """Hold one file (`path` is below cpp/) to every C++ rule."""
    headers = re.findall(r'^\s*#\s*include\s*(["<][^">]+[">])', source, re.MULTILINE)
    found = [breach for header in headers for breach in include_breaches(path, header)]
    if organ_of(path) not in {*ORGANS, ""}:
        found.append("an organ that ORGANS does not know")
    if any(re.fullmatch(INTRINSICS, header) for header in headers):  # an ISA file: a leaf
        found += [f"a leaf includes {h}" for h in headers if not re.fullmatch(LEAF, h)]
        if "namespace {" not in source:
            found.append("a leaf whose functions are not in an anonymous namespace")
    code = without_comments_and_strings(source)
    if re.search(f"/{TABLES}$", path) and re.search(r"\b(inline|template|constexpr)\b", code):
        found.append("inline code in the header of the leaves")
    if not path.startswith("bindings/"):
        found += [f"uses {word[0]}" for word in re.finditer(LOUD, code)]
    return [f"{path}: {breach}" for breach in found]


# ---- Every file: its name and its length.


def file_breaches(path: str, source: str) -> list[str]:
    """Hold any source file to the rules on names and size."""
    vague = r"(^|_)(utils?|helpers?|common|managers?|misc)(_|$)"
    found = [
        f"{path}: {part} says nothing" for part in re.split(r"[/.]", path) if re.search(vague, part)
    ]
    lines = source.count("\n")
    return [*found, f"{path}: {lines} lines, 500 are too many"] if lines > 500 else found


# ---- The rules are shown what they must catch and what they must let pass.

PUBLIC = {"open", "errors", "App"}
BAD_PYTHON = [
    ("truth/truth.py", "from nearsight.search import Search"),
    ("pictures/decode.py", "from nearsight.truth import Truth"),
    ("errors.py", "from nearsight import filters"),
    ("inputs/inputs.py", "from nearsight import open"),
    ("search/search.py", "from nearsight.inputs import Inputs"),
    ("inputs/change.py", "def f():\n    from nearsight.app import App"),
    ("app.py", "from . import cli"),
    ("app.py", "def f():\n    import nearsight.bench"),
    ("__init__.py", "from nearsight.demo import run"),
    ("bench/run.py", "from nearsight.engine import Engine"),
    ("cli/add.py", "from ..truth import Truth"),
    ("cli/add.py", "import nearsight\nnearsight.engine.kernel()"),
    ("cli/main.py", "from nearsight.demo import run"),
    ("demo/run.py", "def f():\n    from nearsight.bench import run"),
    ("search/ranking.py", "from nearsight import _core"),
    ("engine/engine.py", "def f():\n    from nearsight._core import Snapshot"),
    ("looking.py", "import importlib\nimportlib.import_module('nearsight._core')"),
    ("looking.py", "import importlib\nimportlib.import_module(name)"),
    (
        "colors.py",
        "def f():\n    from importlib import import_module\n    import_module(f'PIL.{x}')",
    ),
    ("embedders/onnx.py", "import onnxruntime"),
    ("embedders/grid.py", "def f():\n    import onnxruntime"),
    ("pictures/decode.py", "from PIL import Image"),
    ("search/hits.py", "def f():\n    from PIL import Image"),
    ("app.py", "import apsw"),
    ("inputs/inputs.py", "def f():\n    import tqdm"),
    ("search/finding.py", "import scipy.spatial"),
    ("app.py", "def f():\n    import urllib.request"),
    ("app.py", "from urllib import request"),
    ("cli/add.py", "from http.client import HTTPConnection"),
    ("cli/add.py", "import socket"),
    ("cli/add.py", "import requests"),
    ("truth/truth.py", "import pickle"),
    ("truth/truth.py", "eval('1')"),
    ("truth/truth.py", "import numpy as np\nnp.load('x', allow_pickle=True)"),
    ("demo/photos.py", "archive.extractall()"),
    ("cli/add.py", "import subprocess\nsubprocess.run('ls', shell=True)"),
    ("app.py", "print('hello')"),
    ("app.py", "import sys\nsys.exit(1)"),
    ("engine/engine.py", "import os\nos.environ['X']"),
    ("engine/engine.py", "import os\nos.environ['ORT_DISABLE_TELEMETRY'] = '1'"),
    ("embedders/onnx.py", "import os\nos.environ['X'] = '1'"),
    ("stray.py", ""),
]
GOOD_PYTHON = [
    ("engine/caches.py", "from nearsight import _core\nfrom nearsight.truth import Truth"),
    ("embedders/onnx.py", "def f():\n    import onnxruntime"),
    ("embedders/onnx.py", "import os\nos.environ['ORT_DISABLE_TELEMETRY'] = '1'"),
    ("pictures/decode.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import PIL"),
    ("truth/truth.py", "import apsw\nfrom urllib.parse import quote\nfrom .records import Input"),
    ("__init__.py", "from nearsight.app import App\nfrom nearsight import errors"),
    ("cli/main.py", "import nearsight\nfrom nearsight import App, errors\nprint(nearsight.open)"),
    ("cli/demo.py", "def f():\n    from nearsight.demo import run"),
    ("__main__.py", "import sys\nfrom nearsight.cli import main\nsys.exit(main())"),
    (
        "values/text.py",
        "import re\nre.compile('a')\n'print eval os.environ'\nfor input in []: pass",
    ),
]
BAD_CPP = [
    ("src/store/a.cpp", '#include "nearsight/filter.h"'),
    ("src/rank/a.cpp", '#include "nearsight/store.h"'),
    ("src/filter/a.h", '#include "nearsight/kernels.h"'),
    ("src/base/a.cpp", '#include "nearsight/index.h"'),
    ("src/rank/a.cpp", '#include "../kernels/private.h"'),
    ("include/nearsight/store.h", '#include "nearsight/rank.h"'),
    ("include/nearsight/types.h", '#include "nearsight/store.h"'),
    ("src/index/a.cpp", '#include "nearsight/novelty.h"'),
    ("src/novelty/a.cpp", ""),
    ("src/index/a.cpp", "#include <pybind11/pybind11.h>"),
    ("include/nearsight/index.h", "#  include <Python.h>"),
    ("src/rank/a.cpp", "#include <iostream>"),
    ("src/store/a.cpp", "#include <fstream>"),
    ("src/store/a.cpp", "void f() { throw 1; }"),
    ("src/index/a.cpp", "void f() { std::abort(); }"),
    ("src/base/a.cpp", '/* x */ void f() { printf("x"); }'),
    ("src/kernels/avx2.cpp", "#include <immintrin.h>\n#include <vector>\nnamespace {}"),
    ("src/kernels/neon.cpp", "#include <arm_neon.h>\nvoid f() {}"),
    ("include/nearsight/kernel_table.h", "inline int f() { return 1; }"),
]
GOOD_CPP = [
    (
        "src/index/a.cpp",
        '#include "nearsight/store.h"\n#include "nearsight/rank.h"\n#include "plan.h"',
    ),
    ("src/store/a.cpp", '#include "nearsight/directory.h"\n#include "format.h"\n// throw, abort'),
    ("src/base/directory.cpp", '#include <fcntl.h>\nauto s = "exit, throw";'),
    (
        "src/kernels/avx2.cpp",
        '#include "nearsight/kernel_table.h"\n#include <immintrin.h>\nnamespace {',
    ),
    ("bindings/module.cpp", "#include <pybind11/pybind11.h>\nvoid f() { throw 1; }"),
]


@pytest.mark.parametrize(("path", "source"), BAD_PYTHON)
def test_a_breach_in_python_is_caught(path: str, source: str) -> None:
    assert python_breaches(path, source, PUBLIC)


@pytest.mark.parametrize(("path", "source"), GOOD_PYTHON)
def test_good_python_passes(path: str, source: str) -> None:
    assert python_breaches(path, source, PUBLIC) == []


@pytest.mark.parametrize(("path", "source"), BAD_CPP)
def test_a_breach_in_cpp_is_caught(path: str, source: str) -> None:
    assert cpp_breaches(path, source)


@pytest.mark.parametrize(("path", "source"), GOOD_CPP)
def test_good_cpp_passes(path: str, source: str) -> None:
    assert cpp_breaches(path, source) == []


def test_vague_names_and_long_files_are_caught() -> None:
    assert file_breaches("python/nearsight/image_utils.py", "")
    assert file_breaches("cpp/src/common/a.h", "")
    assert file_breaches("a.py", "\n" * 501)
    assert file_breaches("python/nearsight/commonplace.py", "\n" * 500) == []


# ---- The house itself.


def sources(folder: Path, *suffixes: str, at_least: int) -> dict[str, str]:
    """Read every source file below `folder`; too few means that the scan went blind."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in suffixes and file.is_file())
    assert len(files) >= at_least, (
        f"only {len(files)} files under {folder}: looking in the wrong place?"
    )
    return {file.relative_to(folder).as_posix(): file.read_text("utf-8") for file in files}


def public_names() -> set[str]:
    """Read `nearsight.__all__` without importing it."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    raise AssertionError("nearsight/__init__.py has no literal __all__")


def test_the_python_house_stands() -> None:
    files = sources(PACKAGE, ".py", at_least=40)
    public = public_names()
    assert [
        b for path, source in files.items() for b in python_breaches(path, source, public)
    ] == []


def test_a_circle_of_imports_is_caught() -> None:
    a, b = "from nearsight.b import B", "def f():\n    from nearsight import a"
    assert in_circles(import_graph({"a.py": a, "b.py": b, "c.py": a})) == ["a", "b"]
    assert in_circles(import_graph({"a.py": a, "b.py": "import annotations", "c.py": a})) == []


def test_no_file_imports_itself_by_way_of_others() -> None:
    graph = import_graph(sources(PACKAGE, ".py", at_least=40))
    assert sum(map(len, graph.values())) > 300, "the scan went blind"
    assert in_circles(graph) == []


def test_the_cpp_house_stands() -> None:
    files = sources(ROOT / "cpp", ".h", ".cpp", at_least=20)
    assert [b for path, source in files.items() for b in cpp_breaches(path, source)] == []
    assert {organ_of(path) for path in files if path.startswith("src/")} == set(ORGANS)
    assert any(re.search(INTRINSICS, source) for source in files.values())


@pytest.mark.parametrize("folder", ["python", "cpp", "models", "tests"])
def test_files_are_short_and_named_for_something(folder: str) -> None:
    files = sources(ROOT / folder, ".py", ".pyi", ".h", ".cpp", at_least=5)
    assert [b for path, source in files.items() for b in file_breaches(path, source)] == []


def test_cpp_tests_use_the_promise_only() -> None:
    files = sources(ROOT / "tests" / "cpp", ".h", ".cpp", at_least=5)
    for path, source in files.items():
        assert not re.search(r"pybind11|Python\.h", source), path
