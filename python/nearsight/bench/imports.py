"""What `import nearsight` costs beside `import numpy`, and what it costs to use all of it."""

from nearsight.bench.measure import Record, in_new_python, middle

_ALLOWED_MS = 30  # on top of numpy
_WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}  # as pip leaves an installed package

_CODE = """
import json, sys, time
start = time.perf_counter()
module = __import__(sys.argv[1])
if len(sys.argv) > 2:
    for name in module.__all__:
        getattr(module, name)
ms = 1000 * (time.perf_counter() - start)
print(json.dumps({"ms": ms, "heavy": sorted({"onnxruntime", "PIL"} & set(sys.modules))}))
"""


_ASKED = {"numpy": ("numpy",), "nearsight": ("nearsight",), "all names": ("nearsight", "all")}


def run(rounds: int = 9) -> list[Record]:
    """One record each, and the difference beside what is allowed.

    `nearsight` brings a module along when it is first asked for: "all names" asks for everything.
    """
    seen: dict[str, list[Record]] = {name: [] for name in _ASKED}
    for asked in _ASKED.values():
        in_new_python(_CODE, *asked, environment=_WITH_BYTECODE)  # the first one writes it
    for _ in range(rounds):
        for name, records in seen.items():
            records += in_new_python(_CODE, *_ASKED[name], environment=_WITH_BYTECODE)
    ms = {name: middle([float(str(r["ms"])) for r in records]) for name, records in seen.items()}
    more = ms["nearsight"] - ms["numpy"]
    heavy = seen["nearsight"][0]["heavy"] or seen["all names"][0]["heavy"]
    return [
        *({"bench": "import", "who": name, "ms": ms[name], "rounds": rounds} for name in seen),
        {
            "bench": "import",
            "who": "nearsight over numpy",
            "ms": round(more, 1),
            "target": f"<= {_ALLOWED_MS} ms, without onnxruntime and Pillow",
            "met": more <= _ALLOWED_MS and not heavy,
        },
    ]
