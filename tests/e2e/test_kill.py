"""Nothing acknowledged is lost when the process dies (the long run is `kill_loop.py`)."""

from pathlib import Path

import kill_loop


def test_a_killed_add_loses_nothing_acknowledged_and_resumes() -> None:
    tally = kill_loop.run(kills=20, seed=2026)
    assert tally.kills == 20
    assert tally.acknowledged > 100
    assert (tally.lost, tally.unopenable) == (0, 0)


def test_the_loop_notices_a_lost_input(tmp_path: Path) -> None:
    """The control: a promise that was not kept is counted."""
    tally = kill_loop.Tally()
    promised: set[str] = set()
    assert kill_loop.kill_once(tmp_path / "a.ns", 0.5, promised)
    kill_loop.check(tmp_path / "a.ns", promised | {"never-stored"}, tally)
    assert tally.lost == 1
    (tmp_path / "a.ns").write_bytes(b"no database at all, only some text " * 99)
    kill_loop.check(tmp_path / "a.ns", promised, tally)
    assert tally.unopenable == 1
