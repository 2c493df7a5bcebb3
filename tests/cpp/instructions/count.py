"""Count the instructions of fixed work under valgrind, and hold them to what they were.

    count.py WORKLOAD COMPILER BUILD [FLAGS] [--renew]

Times say little on a busy machine; instructions are the same each time, to a thousandth. Each count
has to lie within MARGIN of the one in bounds.json. One above it is a regression; one below it is a
gain that the file does not know yet: look why, and write it down by `--renew`, as in

    python tests/cpp/instructions/count.py build/cpp/tests/cpp/nearsight_workload "GNU 12" Release \
        --renew

The counts are of one compiler's code: with another one than bounds.json names, another build than
Release, flags of one's own (sanitizers), or a processor without AVX2, the exit code is 77: skipped,
with the reason. Valgrind's processor has no AVX-512, so it is the AVX2 kernels that are counted.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BOUNDS = Path(__file__).with_name("bounds.json")
MARGIN = 0.15
KERNEL = "avx2"
SKIPPED = 77


def why_not(compiler: str, build: str, flags: str, bounds: dict[str, object]) -> str | None:
    """Say why these counts could not be compared, if so.

    >>> why_not("GNU 12.2.0", "Release", "", {"compiler": "GNU 12"})
    >>> why_not("Clang 19.1", "Release", "", {"compiler": "GNU 12"})
    'the bounds are of GNU 12, not of Clang 19.1'
    """
    if not f"{compiler}.".startswith(f"{bounds['compiler']}."):
        return f"the bounds are of {bounds['compiler']}, not of {compiler}"
    if build != "Release" or flags.strip():
        return f"the bounds are of a plain Release build, not of {build} {flags}".strip()
    if KERNEL not in processor():
        return f"this processor has no {KERNEL}"
    return None


def processor() -> list[str]:
    """What the processor can do, as Linux calls it."""
    about = Path("/proc/cpuinfo")
    found = re.search(r"^flags\s*:(.*)$", about.read_text() if about.exists() else "", re.MULTILINE)
    return found[1].split() if found else []


def counted(workload: str) -> dict[str, int]:
    """Instructions of each kind of work."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        sys.exit("count.py: valgrind is missing; tests/packages installs it")
    with tempfile.TemporaryDirectory() as folder:
        surroundings = {**os.environ, "NEARSIGHT_KERNEL": KERNEL}
        subprocess.run([workload, "prepare", folder], env=surroundings, check=True)
        options = ["--tool=callgrind", "--collect-atstart=no", "--quiet"]
        options += [f"--callgrind-out-file={folder}/counts"]
        command = [valgrind, *options, workload, "run", folder]
        subprocess.run(command, env=surroundings, check=True, stdout=subprocess.DEVNULL)
        return dict(filter(None, map(read, sorted(Path(folder).glob("counts.*")))))


def read(dump: Path) -> tuple[str, int] | None:
    """The name and the sum of one dump; the last one, of the program's end, has no name."""
    text = dump.read_text()
    name = re.search(r"^desc: Trigger: Client Request: (\w+)", text, re.MULTILINE)
    total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    return (name[1], int(total[1])) if name and total else None


def complaints(counts: dict[str, int], bounds: dict[str, int]) -> list[str]:
    """What lies outside.

    >>> complaints({"exact": 114}, {"exact": 100})
    []
    >>> complaints({"exact": 116, "add": 3}, {"exact": 100})
    ['exact: 116 instructions, 1.16 of the 100 known', 'add: nothing is known of it']
    """
    said = [f"{kind}: it was not counted" for kind in bounds if kind not in counts]
    for kind, count in counts.items():
        known = bounds.get(kind)
        if known is None:
            said.append(f"{kind}: nothing is known of it")
        elif abs(count / known - 1) > MARGIN:
            said.append(f"{kind}: {count} instructions, {count / known:.3g} of the {known} known")
    return said


def main() -> int:
    """Count, compare, say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("compiler")
    parser.add_argument("build")
    parser.add_argument("flags", nargs="?", default="")
    parser.add_argument("--renew", action="store_true")
    given = parser.parse_args()
    stored = json.loads(BOUNDS.read_text("utf-8"))
    if reason := why_not(given.compiler, given.build, given.flags, stored):
        print(f"skipped: {reason}")
        return SKIPPED
    counts = counted(given.workload)
    for kind, count in counts.items():
        print(f"{kind:8} {count:12}")
    if given.renew:
        stored["instructions"] = counts
        BOUNDS.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")
        return 0
    wrong = complaints(counts, stored["instructions"])
    print("\n".join(wrong) or f"all within {MARGIN:.0%} of bounds.json")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
