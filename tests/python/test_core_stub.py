"""`_core.pyi` says what the compiled module is: names, signatures, version."""

import ast
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from nearsight import _core

ROOT = Path(__file__).parents[2]


def stub() -> Iterator[tuple[str, ast.stmt]]:
    """Yield (dotted name, definition) of everything that `_core.pyi` promises."""
    tree = ast.parse((ROOT / "python" / "nearsight" / "_core.pyi").read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from (
                (f"{node.name}.{member.name}", member)
                for member in node.body
                if isinstance(member, ast.FunctionDef)
            )


STUB = dict(stub())


def real(name: str) -> object:
    """Give what the module really has under a dotted name, not yet bound to anything."""
    found: object = _core
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    return found


def test_the_stub_names_everything_that_is_there_and_nothing_else() -> None:
    def public(of: object) -> set[str]:
        return {name for name in vars(of) if not name.startswith("_")}  # type: ignore[arg-type]

    there = public(_core)
    for name, kind in vars(_core).items():
        if isinstance(kind, type) and not issubclass(kind, Exception):
            there |= {f"{name}.{member}" for member in public(kind)}
    promised = {name for name in STUB if not re.search(r"\b__", name)}
    assert there == promised
    for name in STUB:
        real(name)


@pytest.mark.parametrize("name", [n for n, d in STUB.items() if isinstance(d, ast.FunctionDef)])
def test_the_stub_tells_each_signature(name: str) -> None:
    definition = STUB[name]
    assert isinstance(definition, ast.FunctionDef)
    decorators = [ast.unparse(decorator) for decorator in definition.decorator_list]
    if "property" in decorators:
        assert isinstance(real(name), property)
        return
    arguments = definition.args
    defaults = [f"={ast.unparse(default)}" for default in arguments.defaults]
    missing = [""] * (len(arguments.args) - len(defaults))
    expected = [a.arg + d for a, d in zip(arguments.args, missing + defaults, strict=True)]
    assert parameters(attrgetter(name)(_core).__doc__) == expected


def parameters(docstring: str) -> list[str]:
    """Give the `name` or `name=default` of each parameter in the signature that pybind11 wrote."""
    signature = re.match(r"\w+\((.*)\) -> ", docstring)
    assert signature, docstring
    parts = re.sub(r"\[[^][]*(\[[^][]*\][^][]*)*\]", "", signature[1]).split(", ")
    untyped = (re.sub(r": .*?(?= = |$)", "", part) for part in parts)
    return [part.replace(" = ", "=") for part in untyped if part]


def test_the_version_is_the_package_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert _core.__version__ == project["version"]


def test_the_core_asks_for_the_gil_until_it_is_proven_to_do_without() -> None:
    """A Python without the GIL turns it on, with a warning, for what does not say otherwise."""
    bindings = ROOT / "cpp" / "bindings"
    said = "".join(file.read_text() for file in sorted(bindings.glob("*.cpp")))
    assert "PYBIND11_MODULE(_core, module) {" in said
    assert "gil_not_used" not in said.lower()
    assert getattr(sys, "_is_gil_enabled", lambda: True)()  # also in a build that could do without
