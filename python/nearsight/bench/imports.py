"""What `import nearsight` costs beside `import numpy`, which it cannot do without."""

from nearsight.bench.measure import Record, in_new_python, middle

_ALLOWED_MS = 30  # on top of numpy
_WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}  # as pip leaves an installed package

_CODE = """
import json, sys, time
start = time.perf_counter()
__import__(sys.argv[1])
ms = 1000 * (time.perf_counter() - start)
print(json.dumps({"ms": ms, "heavy": sorted({"onnxruntime", "PIL"} & set(sys.modules))}))
"""


def run(rounds: int = 9) -> list[Record]:
    """One record each, and the difference beside what is allowed."""
    seen: dict[str, list[Record]] = {"numpy": [], "nearsight": []}
    for name in seen:
        in_new_python(_CODE, name, environment=_WITH_BYTECODE)  # the first one writes it
    for _ in range(rounds):
        for name, records in seen.items():
            records += in_new_python(_CODE, name, environment=_WITH_BYTECODE)
    ms = {name: middle([float(str(r["ms"])) for r in records]) for name, records in seen.items()}
    more = ms["nearsight"] - ms["numpy"]
    heavy = seen["nearsight"][0]["heavy"]
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
