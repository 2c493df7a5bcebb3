"""Fuzz every target for a while, one after another, and keep what was learned.

    python tests/fuzz/long_run.py [--minutes 40] [--only rows,truth] [--note TEXT]

Needs Clang 18 or newer with libFuzzer (Debian: clang-19 libclang-rt-19-dev) for the core's targets,
which run under AddressSanitizer and UndefinedBehaviorSanitizer, and `pip install atheris` for those
in Python; a target whose fuzzer is missing is left out and said to be. Inputs that reach something
new are merged into corpus/TARGET.hex, inputs that broke a target are left in
build/fuzz/found/TARGET, and a line for each target is appended to tests/reliability/RUNS.md.
"""

import argparse
import importlib.util
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import kept

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "fuzz"
RUNS = ROOT / "tests" / "reliability" / "RUNS.md"
CLANGS = ("clang++-19", "clang++-20", "clang++-18", "clang++")
LENGTHS = {"headers": 1500, "filters": 300, "truth": 81}  # bytes; 128 for the others


def main() -> int:
    """Run; 1 if anything was found."""
    parser = argparse.ArgumentParser(description="fuzz every target and log it")
    parser.add_argument("--minutes", type=float, default=40, help="for each target")
    parser.add_argument("--only", default="", help="targets, by commas")
    parser.add_argument("--note", default="", help="what the log of runs says besides")
    given = parser.parse_args()
    found = 0
    print(f"{'target':10} {'CPU-hours':>9} {'inputs':>12} {'findings':>8}")
    for target, command in commands(set(filter(None, given.only.split(",")))).items():
        hours, count, findings = run(target, command, given.minutes)
        found += findings
        print(f"{target:10} {hours:9.3f} {count:12,} {findings:8}", flush=True)
        log(target, hours, count, findings, given.note)
    return 1 if found else 0


def commands(only: set[str]) -> dict[str, list[str]]:
    """How to start the fuzzer of each target."""
    in_cpp = sorted(file.name.removesuffix("_target.cpp") for file in HERE.glob("*_target.cpp"))
    in_python = sorted(file.name.removesuffix("_target.py") for file in HERE.glob("*_target.py"))
    found = {}
    clang = next(filter(None, map(shutil.which, CLANGS)), None)
    if clang and (wanted := [name for name in in_cpp if not only or name in only]):
        build(clang, wanted)
        found |= {name: [str(BUILD / "tests" / "fuzz" / f"fuzz_{name}")] for name in wanted}
    if importlib.util.find_spec("atheris"):
        found |= {
            name: [sys.executable, str(HERE / f"{name}_target.py")]
            for name in in_python
            if not only or name in only
        }
    for name in {*in_cpp, *in_python} - found.keys():
        if not only or name in only:
            print(f"{name:10} left out: its fuzzer is not installed")
    return found


def build(clang: str, targets: list[str]) -> None:
    """Build the core's targets for libFuzzer, with the sanitizers."""
    options = [f"-DCMAKE_CXX_COMPILER={clang}", "-DNEARSIGHT_FUZZ=ON", "-G", "Ninja"]
    options += ["-DCMAKE_BUILD_TYPE=RelWithDebInfo"]
    subprocess.run(["cmake", "-S", str(ROOT), "-B", str(BUILD), *options], check=True)
    names = [f"fuzz_{target}" for target in targets]
    subprocess.run(["cmake", "--build", str(BUILD), "--target", *names], check=True)


def run(target: str, command: list[str], minutes: float) -> tuple[float, int, int]:
    """CPU-hours spent, inputs tried, and how many broke the target."""
    work, found = BUILD / "work" / target, BUILD / "found" / target
    for folder in (work, found):
        folder.mkdir(parents=True, exist_ok=True)
    for each in kept.kept(target):
        (work / sha256(each).hexdigest()).write_bytes(each)
    before, ends = set(found.iterdir()), time.monotonic() + 60 * minutes
    spent, count = _processor_seconds(), 0
    while (left := ends - time.monotonic()) > 1:
        options = [f"-max_total_time={int(left)}", f"-max_len={LENGTHS.get(target, 128)}"]
        options += [f"-artifact_prefix={found}/", "-print_final_stats=1", "-rss_limit_mb=2000"]
        done = _fuzzer([*command, *options, str(work)])
        ran = re.search(r"number_of_executed_units: (\d+)|Done (\d+) runs", done)
        count += int(next(filter(None, ran.groups()))) if ran else 0
    _merge(target, command, work)
    return (_processor_seconds() - spent) / 3600, count, len(set(found.iterdir()) - before)


def _merge(target: str, command: list[str], work: Path) -> None:
    """Keep the smallest set of inputs that reaches all that was reached."""
    smallest = work.with_name(f"{work.name}-merged")
    shutil.rmtree(smallest, ignore_errors=True)
    smallest.mkdir()
    _fuzzer([*command, "-merge=1", str(smallest), str(work)])
    kept.keep(target, {file.read_bytes() for file in smallest.iterdir()})


def _fuzzer(command: list[str]) -> str:
    paths = [str(ROOT / "python"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(command, capture_output=True, env=environment)
    return (done.stderr + done.stdout).decode("utf-8", "replace")


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def log(target: str, hours: float, count: int, findings: int, note: str) -> None:
    """One more line in the log of runs."""
    command = f"`python tests/fuzz/long_run.py --only {target}`"
    counts = f"{hours:.3f} CPU-hours, {count:,} inputs"
    came = f"{findings} found{f'; {note}' if note else ''}"
    cells = ["no input breaks a reader", command, time.strftime("%Y-%m-%d"), counts, came, ""]
    with RUNS.open("a", encoding="utf-8") as runs:
        runs.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    sys.exit(main())
