"""`nearsight check`, `backup` and `compact`, run as people run them."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

OK, NOTHING, USAGE, FAILURE = 0, 1, 2, 3


@pytest.fixture
def home(added: Path, tmp_path: Path) -> Path:
    """Give a folder whose photos.ns may be changed."""
    shutil.copy(added / "photos.ns", tmp_path)
    shutil.copytree(added / "photos.ns-cache", tmp_path / "photos.ns-cache")
    return tmp_path


def test_check_says_ok_or_names_the_damage(command: Any, home: Path) -> None:
    sound = command("check", cwd=home)
    assert (sound.returncode, sound.stderr) == (OK, "")
    assert sound.stdout.startswith("OK ")
    assert command("check", "-q", cwd=home).stdout == ""
    file = home / "photos.ns"
    content = bytearray(file.read_bytes())
    content[5 * 8192 - 100] ^= 1
    file.write_bytes(content)
    damaged = command("check", cwd=home)
    assert damaged.returncode == FAILURE
    assert "pages do not match their checksums: 5" in damaged.stdout
    assert "restore a copy" in damaged.stdout
    found = json.loads(command("check", "--json", cwd=home).stdout)
    assert (found["ok"], found["cache"]) == (False, [])
    missing = command("check", "--db", "missing.ns", cwd=home)
    assert (missing.returncode, missing.stdout) == (FAILURE, "")


def test_backup_copies_restores_and_replaces_nothing_unasked(command: Any, home: Path) -> None:
    first = command("backup", "copy.ns", cwd=home)
    assert (first.returncode, first.stdout) == (OK, "")
    assert "of a database of 8 inputs" in first.stderr
    again = command("backup", "copy.ns", cwd=home)
    assert again.returncode == USAGE
    assert "replaces nothing" in again.stderr
    ids = command("search", "--where", "album", "-i", cwd=home).stdout.split()
    assert command("rm", *ids[:3], cwd=home).returncode == OK
    back = command("backup", "photos.ns", "--db", "copy.ns", "--overwrite", "--json", cwd=home)
    assert json.loads(back.stdout)["path"] == str(home / "photos.ns")
    assert json.loads(command("info", "--json", cwd=home).stdout)["inputs"] == 8


def test_compact_frees_what_was_erased(command: Any, home: Path) -> None:
    ids = command("search", "--where", "album", "-i", cwd=home).stdout.split()
    assert command("rm", *ids[:6], cwd=home).returncode == OK
    done = command("compact", "--json", cwd=home)
    assert done.returncode == OK, done.stderr
    assert json.loads(done.stdout)["freed_bytes"] > 0
    assert command("check", cwd=home).returncode == OK
    assert "the database takes" in command("compact", cwd=home).stderr


def test_repair_builds_the_cache_again_or_saves_what_is_left(command: Any, home: Path) -> None:
    (facts,) = (home / "photos.ns-cache").glob("facts-*.seg")
    content = bytearray(facts.read_bytes())
    content[4100] ^= 1
    facts.write_bytes(content)
    assert command("check", cwd=home).returncode == FAILURE
    assert command("repair", cwd=home).returncode == OK
    assert command("check", cwd=home).returncode == OK
    file = home / "photos.ns"
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    refused = command("repair", cwd=home)
    assert refused.returncode == FAILURE
    assert "nearsight repair --to NEW" in refused.stderr
    saved = json.loads(command("repair", "--to", "saved.ns", "--json", cwd=home).stdout)
    assert saved["tables"]["input"][0] >= 6
    assert command("check", "--db", "saved.ns", cwd=home).returncode == OK
