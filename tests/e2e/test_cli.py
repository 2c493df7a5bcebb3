"""Every command, run as people run it: what it prints, and its exit code."""

import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import apsw
import pytest

import nearsight
from nearsight.cli.main import main

OK, NOTHING, USAGE, FAILURE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 3, 130, 141


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [Path(hit["input"]["name"]).name for hit in lines(done)]


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Give the only line on standard error, after checking that it is one of ours."""
    (line,) = done.stderr.splitlines()
    assert line.startswith("nearsight: ")
    return line


# ---- add


def test_add_reports_each_source_and_repeating_it_adds_nothing(
    album: Path, command: Any, tmp_path: Path
) -> None:
    first = command("add", album, "--json", cwd=tmp_path)
    again = command("add", album, "--json", cwd=tmp_path)
    assert (first.returncode, again.returncode) == (OK, OK)
    assert [outcome["status"] for outcome in lines(first)] == ["added"] * 8
    assert [outcome["status"] for outcome in lines(again)] == ["duplicate"] * 8
    assert [o["id"] for o in lines(first)] == [o["id"] for o in lines(again)]
    assert "8 added; the database holds 8 inputs" in first.stderr
    assert "0 added, 8 already in" in again.stderr


def test_add_names_what_cannot_be_used_with_its_remedy_and_goes_on(
    album: Path, command: Any, tmp_path: Path
) -> None:
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "notes.jpg").write_text("no picture\n" * 9)
    (tmp_path / "cut.jpg").write_bytes((album / "fruits.jpg").read_bytes()[:9000])
    (tmp_path / "circle.jpg").symlink_to("circle.jpg")
    sources = ("empty.jpg", "notes.jpg", "cut.jpg", "circle.jpg", "missing.jpg", "http://a/b.jpg")
    done = command("add", *sources, album / "home.jpg", cwd=tmp_path)
    assert done.returncode == OK
    *complaints, summary = done.stderr.splitlines()
    for source, line in zip(sources, complaints, strict=True):
        assert line.startswith(f"nearsight: {source}: ")
        assert len(line) > len(f"nearsight: {source}: ") + 10
    assert summary == "1 added, 6 failed; the database holds 1 input"


def test_add_fails_if_every_source_fails(command: Any, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for source in ("missing.jpg", "folder"):
        done = command("add", source, "-q", cwd=tmp_path)
        assert done.returncode == FAILURE
        assert complaint(done).startswith(f"nearsight: {source}: ")


def test_add_takes_names_that_would_garble_a_terminal(
    album: Path, command: Any, tmp_path: Path
) -> None:
    strange = os.fsencode(tmp_path) + b"/\x1b[31m\n\xff.jpg"
    shutil.copy(album / "home.jpg", strange)
    assert command("add", os.fsdecode(strange), cwd=tmp_path).returncode == OK
    listed = command("search", cwd=tmp_path)
    assert "\x1b" not in listed.stdout
    assert len(listed.stdout.splitlines()) == 2
    run = [sys.executable, "-m", "nearsight", "search", "-f", "-0"]
    found = subprocess.run(run, cwd=tmp_path, capture_output=True, check=True).stdout
    assert found == strange + b"\0"


def test_concepts_that_contradict_each_other_are_bad_usage(
    album: Path, command: Any, tmp_path: Path
) -> None:
    done = command("add", album, "--concept", "a", "--not-concept", "a", cwd=tmp_path)
    assert done.returncode == USAGE
    assert "choose one" in complaint(done)


def test_a_terminal_gets_a_progress_bar_and_a_pipe_does_not(
    album: Path, command: Any, tmp_path: Path
) -> None:
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    run = [sys.executable, "-m", "nearsight", "add", str(album), str(tmp_path / "missing.jpg")]
    subprocess.run(run, cwd=tmp_path, stderr=terminal, timeout=60, check=True)
    os.close(terminal)
    shown = os.read(screen, 100_000).decode()
    os.close(screen)
    assert re.search(r"9/9 \[.* files/s\]|9 files \[.* files/s\]", shown)
    assert "missing.jpg: there is no such file" in shown
    assert "files/s" not in command("add", album, cwd=tmp_path).stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_add_keeps_what_it_reported_and_goes_on(
    stop: signal.Signals, stamps: Path, command: Any, tmp_path: Path
) -> None:
    source = stamps / "animals"
    run = [sys.executable, "-m", "nearsight", "add", str(source), "--json"]
    with subprocess.Popen(
        run, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as adding:
        assert adding.stdout and adding.stderr
        reported = [json.loads(adding.stdout.readline()) for _ in range(20)]
        adding.send_signal(stop)
        rest, errors = adding.communicate(timeout=60)
    reported += [json.loads(line) for line in rest.splitlines() if line.endswith("}")]
    kept = [outcome["id"] for outcome in reported if outcome["id"]]
    total = len(list(source.rglob("*.png")))
    assert len(kept) < total, "it finished before it was stopped"
    if stop == signal.SIGINT:
        assert adding.returncode == INTERRUPTED
        assert "what was added stays" in errors
        assert "Traceback" not in errors
    assert command("show", "-", "-q", cwd=tmp_path, stdin="\n".join(kept)).returncode == OK
    with nearsight.open(tmp_path / "photos.ns") as app:
        assert all(id_ in app.inputs for id_ in kept)
    again = command("add", source, "--json", cwd=tmp_path)
    assert again.returncode == OK
    statuses = [outcome["status"] for outcome in lines(again)]
    assert statuses.count("duplicate") >= len(kept)
    assert len(statuses) >= total


def test_add_reads_what_to_add_from_a_pipe(album: Path, command: Any, tmp_path: Path) -> None:
    names = [f"{album}/home.jpg", f"{album}/apple.jpg"]
    for ends in ("\n", "\0"):
        done = command("add", "-", "--json", cwd=tmp_path, stdin=ends.join([*names, ""]))
        assert done.returncode == OK
        assert [outcome["source"] for outcome in lines(done)] == names
    nothing = command("add", "-", "-q", cwd=tmp_path)
    assert (nothing.returncode, complaint(nothing)) == (NOTHING, "nearsight: no pictures in -")


def test_add_gives_metadata_and_a_place_that_show_and_where_know(
    album: Path, command: Any, tmp_path: Path
) -> None:
    camera = '{"camera": {"make": "Canon"}, "iso": 200}'
    first = ("add", album / "home.jpg", "--metadata", camera, "--geo", "-33.86,151.21")
    assert command(*first, cwd=tmp_path).returncode == OK
    assert command("add", album / "apple.jpg", cwd=tmp_path).returncode == OK
    for where in (
        '{"camera": {"make": "Canon"}}',
        "@iso < 400",
        "within(-33.9, 151.2, 20)",
        "box(-34, 151, -33, 152)",
    ):
        found = command("search", "--where", where, "-i", cwd=tmp_path).stdout.split()
        assert len(found) == 1
    shown = command("show", *found, cwd=tmp_path).stdout
    assert f"metadata  {camera}\n" in shown
    assert "geo  -33.86, 151.21\n" in shown
    other = command("search", "--where", "not @iso < 400", "-i", cwd=tmp_path).stdout
    assert (
        "metadata  none\n     geo  unknown\n" in command("show", other.strip(), cwd=tmp_path).stdout
    )


# ---- search


def test_search_finds_the_picture_itself_first(added: Path, command: Any) -> None:
    for question in (["album/butterfly.jpg"], ["--image", "album/butterfly.jpg"]):
        done = command("search", *question, "--json", cwd=added)
        assert done.returncode == OK
        assert names(done)[0] == "butterfly.jpg"
        assert len(names(done)) == 8
        assert lines(done)[0]["score"] >= 0.999


def test_search_by_words_and_by_concept(added: Path, command: Any) -> None:
    for question in (
        ["a butterfly"],
        ["--text", "butterflies"],
        ["--concept", "butterfly"],
        ["--concept", "n02274259"],
    ):
        done = command("search", *question, "-k", 2, cwd=added)
        assert done.returncode == OK
        assert "n02274259" in done.stderr
        head, first, second = done.stdout.splitlines()
        assert head.split() == ["rank", "score", "picture"]
        assert first.split()[0] == "1" and first.endswith("album/butterfly.jpg")
        assert float(first.split()[1]) > 0.5 > float(second.split()[1])


def test_several_words_are_one_question(added: Path, command: Any) -> None:
    apart = command("search", "a", "butterfly", "-k", 3, "-i", cwd=added)
    together = command("search", "-k", 3, "-i", "a butterfly", cwd=added)
    assert (apart.returncode, apart.stdout) == (OK, together.stdout)


def test_a_question_mark_makes_no_pattern(added: Path, command: Any) -> None:
    assert command("search", "is it a butterfly?", cwd=added).returncode == OK


def test_search_by_input_with_offset_and_filter(added: Path, command: Any) -> None:
    (hit,) = lines(command("search", "monkey", "-k", 1, "--json", cwd=added))
    done = command("search", "--input", hit["input"]["id"], "--offset", 1, "--json", cwd=added)
    assert [found["rank"] for found in lines(done)] == list(range(2, 9))
    assert "baboon.jpg" not in names(done)
    where = "album and fruit >= 0.5"
    fruit = command("search", "--where", where, "-f", cwd=added)
    assert {Path(line).name for line in fruit.stdout.splitlines()} == {
        "apple.jpg",
        "fruits.jpg",
        "orange.jpg",
    }


def found(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    """Give the hits that a search prints, run in this process."""
    capsys.readouterr()
    assert main(["search", *map(str, arguments), "--json"]) == OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def name_of(hit: dict[str, Any]) -> str:
    return Path(hit["input"]["name"]).name


def test_search_by_several_ranks_together(
    added: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(added)
    orange, apple = "album/orange.jpg", "album/apple.jpg"
    both = found(capsys, "--image", orange, "--image", apple)
    assert {name_of(hit) for hit in both[:2]} == {"orange.jpg", "apple.jpg"}
    assert name_of(found(capsys, "--image", orange, "--unlike", apple)[0]) == "orange.jpg"
    assert name_of(found(capsys, orange, "--unlike", apple)[-1]) == "apple.jpg"
    scores = [hit["score"] for hit in both]
    some = found(capsys, "--image", orange, "--image", apple, "--min-score", scores[2])
    assert [hit["score"] for hit in some] == scores[:3]
    (part,) = found(capsys, "album/butterfly.jpg", "--crop", "0,0,0.9,1", "-k", 1)
    assert name_of(part) == "butterfly.jpg"


def test_search_for_annotations_names_the_part(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    with nearsight.open("photos.ns") as app:
        (fruits,) = app.search(where=':name = "album/fruits.jpg"')
        app.annotations.add(fruits.id, box=(0, 0, 0.5, 0.5), concepts=["corner"], id="r1")
    (hit,) = found(capsys, "--annotations", "--where", "corner")
    assert hit["annotation"]["id"] == "r1"
    assert main(["search", "--annotations", "--where", "corner", "-i"]) == OK
    assert capsys.readouterr().out == "r1\n"
    assert main(["search", "--where", "corner", "-i"]) == OK
    assert capsys.readouterr().out == f"{fruits.id}\n"
    assert main(["search", "--region", "r1", "--annotations", "-k", "1"]) == OK
    assert capsys.readouterr().out.rstrip().endswith("fruits.jpg  [0.00, 0.00, 0.50, 0.50]")


def test_search_by_a_whole_query(
    added: Path, command: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any
) -> None:
    monkeypatch.chdir(added)
    fruit = {"ranks": [{"concept": "fruit"}], "where": "album and not butterfly >= 0.5"}
    hosted = {"query": {"ranks": [{"concepts": [{"name": "fruit"}]}], "filters": [{}, "album"]}}
    asked = [name_of(hit) for hit in found(capsys, "--concept", "fruit", "-k", 3)]
    for n, query in enumerate((fruit, hosted)):
        file = tmp_path / f"{n}.json"
        file.write_text(json.dumps(query))
        assert [name_of(hit) for hit in found(capsys, "--query", file, "-k", 3)] == asked
    (second,) = found(capsys, "--query", file, "-k", 1, "--offset", 1)
    assert (name_of(second), second["rank"]) == (asked[1], 2)
    done = command("search", "--query", "-", "-k", 3, "--json", cwd=added, stdin=file.read_text())
    assert names(done) == asked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "--query q.json: "),
        ("[" * 100_000, "--query q.json: "),
        ("[]", "give a Query or a dictionary"),
        ('{"ranks": [{"colour": "red"}]}', "query.ranks[0]: there is no key 'colour' here"),
        ('{"query": {}, "pagination": {"page": 2}}', "give page= and k="),
    ],
)
def test_a_query_that_cannot_be_read_says_where(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q.json").write_text(text)
    assert main(["search", "--query", "q.json"]) == USAGE
    assert words in capsys.readouterr().err


def test_search_without_hits_says_so(added: Path, command: Any) -> None:
    done = command("search", "dog", "--where", "not album", cwd=added)
    assert (done.returncode, done.stdout) == (NOTHING, "")
    assert "nothing found" in done.stderr
    quiet = command("search", "dog", "--where", "not album", "--json", "-q", cwd=added)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (NOTHING, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["search", "--concept", "butterfli"], FAILURE, "Did you mean butterfly"),
        (["search", "--text", "xyzzy"], FAILURE, "names no concept"),
        (["search", "--image", "missing.jpg"], FAILURE, "missing.jpg"),
        (["search", "missing.jpg"], FAILURE, "missing.jpg: there is no such file"),
        (["search", "missing.jpg"], FAILURE, "put --text before them"),
        (["search", "a", "picture.jpeg"], FAILURE, "a picture.jpeg: there is no such file"),
        (["search", "album/nonsuch"], FAILURE, "album/nonsuch: there is no such file"),
        (["search", "file:///nonsuch"], FAILURE, "/nonsuch: there is no such file"),
        (["search", "http://a/b.jpg"], FAILURE, "no network"),
        (["search", "album"], USAGE, "album is a folder: name one picture in it"),
        (["search", "--image", "album"], USAGE, "album is a folder"),
        (["search", "album/*.jpg"], USAGE, "name one picture, not a pattern"),
        (["search", "--text", "xyzzy.jpg"], FAILURE, "names no concept"),
        (["search", "dog", "-k", "-1"], USAGE, "k=-1"),
        (["search", "dog", "--offset", "-3"], USAGE, "offset=-3"),
        (["add", "album", "--geo", "91,2"], USAGE, "latitude"),
        (["add", "album", "--geo", "here"], USAGE, "give (latitude, longitude)"),
        (["add", "album", "--metadata", "{"], USAGE, "--metadata: "),
        (["add", "album", "--metadata", "[1]"], USAGE, "give a dictionary"),
        (["search", "--input", "0" * 32], FAILURE, "no input has the id"),
        (["search", "album/home.jpg", "--image", "album/apple.jpg"], USAGE, "give one of them"),
        (["search", "dog", "--text", "cat"], USAGE, "'dog' and --text: give one of them"),
        (["search", "--query", "none.json"], FAILURE, "none.json: No such file"),
        (["search", "dog", "--query", "q.json"], USAGE, "--query says all of it: leave out 'dog'"),
        (["search", "--query", "q.json", "--crop", "0"], USAGE, "leave out --crop"),
        (["search", "--image", "album/home.jpg", "--crop", "a"], USAGE, "four fractions"),
        (["search", "--image", "album/home.jpg", "--crop", "1,0,0,1"], USAGE, "empty or inverted"),
        (["search", "dog", "--crop", "0,0,1,1"], USAGE, "give image= or input= with it"),
        (["search", "--region", "none"], FAILURE, "none"),
        (["search", "--where", "album and ("], USAGE, "needs a concept"),
        (["search", "--where", "nonsuch"], FAILURE, "no input is annotated"),
        (["search", "dog", "-k", "0"], USAGE, "k=0"),
        (["search", "dog", "--json", "-f"], USAGE, "leave out"),
        (["search", "dog", "-0"], USAGE, "--files or --ids"),
        (["info", "--db", "none/photos.ns"], FAILURE, "no database none/photos.ns"),
        (["info", "--model", "nonsuch"], FAILURE, "nonsuch"),
        (["info", "--model", "grid"], FAILURE, "holds embeddings of the model 'general'"),
        (["info", "--db", "album"], FAILURE, "folder"),
        (["info", "--db", "album/home.jpg"], FAILURE, "album/home.jpg is not a nearsight"),
    ],
)
def test_a_mistake_gets_one_line_that_says_what_to_do(
    arguments: list[str],
    code: int,
    words: str,
    added: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(added)
    assert main(arguments) == code
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("nearsight: ")
    assert written.err.count("\n") == 1
    assert words in written.err


@pytest.mark.parametrize("wrong", [[], ["nonsuch"], ["search", "--nonsuch"], ["bench", "nonsuch"]])
def test_bad_usage_exits_with_2(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(wrong)
    assert exit_.value.code == USAGE
    assert "usage: nearsight" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["search", "show", "info", "rm"])
def test_a_database_that_is_not_there_is_not_made(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([name, *(["x"] if name != "info" else [])]) == FAILURE
    assert "create it with `nearsight add FOLDER" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_a_newer_nearsight_says_upgrade(home: Path, command: Any) -> None:
    with apsw.Connection(str(home / "photos.ns")) as db:
        db.pragma("user_version", 99)
    done = command("search", "dog", cwd=home)
    assert done.returncode == FAILURE
    assert "photos.ns has format 99" in complaint(done)
    assert "upgrade" in complaint(done)


def test_a_reader_that_leaves_is_no_error(added: Path) -> None:
    run = [sys.executable, "-m", "nearsight", "search", "--json"]
    with subprocess.Popen(
        run, cwd=added, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as searching:
        assert searching.stdout and searching.stderr
        searching.stdout.close()
        errors = searching.stderr.read()
        assert searching.wait(60) == BROKEN_PIPE
    assert errors == ""


def test_streams_that_are_closed_are_no_error(added: Path) -> None:
    search = shlex.join([sys.executable, "-m", "nearsight", "search", "-f", "-k", "1"])
    for closed in (">&-", ">&- 2>&-", "<&- >&-"):
        line = ["sh", "-c", f"{search} {closed}"]
        done = subprocess.run(line, cwd=added, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (OK, "")
    show = search.replace("search -f -k 1", "show - <&-")
    done = subprocess.run(["sh", "-c", show], cwd=added, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (NOTHING, "")


# ---- show, info, rm


def test_show_says_what_is_known_and_seen(added: Path, command: Any) -> None:
    ids = command("search", "butterfly", "-k", 1, "-i", cwd=added).stdout
    shown = command("show", "-", cwd=added, stdin=ids)
    assert shown.returncode == OK
    for word in (ids.strip(), "butterfly.jpg", "JPEG, 493 x 356", "album", "insect"):
        assert word in shown.stdout
    (record,) = lines(command("show", "--json", ids.strip(), cwd=added))
    assert record["concepts"] == {"album": True}
    assert any(p["name"] == "butterfly" and p["probability"] > 0.5 for p in record["predicted"])


def test_show_passes_over_unknown_ids(added: Path, command: Any) -> None:
    known = command("search", "-k", 1, "-i", cwd=added).stdout.strip()
    both = command("show", "nonsuch", known, cwd=added)
    assert both.returncode == OK
    assert "'nonsuch'" in complaint(both)
    assert known in both.stdout
    assert command("show", "nonsuch", cwd=added).returncode == NOTHING


def test_info_counts(added: Path, command: Any) -> None:
    (facts,) = lines(command("info", "--json", cwd=added))
    assert (facts["inputs"], facts["model"], facts["said"]) == (8, "general", {"album": [8, 0]})
    assert facts["size_bytes"] > 8 * 1280 * 4
    text = command("--db", added / "photos.ns", "info", cwd="/").stdout
    assert f"inputs  {facts['inputs']}\n" in text
    assert facts["kernel"] in text


def test_rm_takes_out_what_it_is_given_and_leaves_the_files(home: Path, command: Any) -> None:
    ids = command("search", "fruit", "-k", 2, "-i", cwd=home).stdout
    done = command("rm", "-", "nonsuch", cwd=home, stdin=ids)
    assert done.returncode == OK
    assert "'nonsuch'" in done.stderr
    assert "2 erased; the database holds 6 inputs" in done.stderr
    assert not set(ids.split()) & set(command("search", "-i", cwd=home).stdout.split())
    assert len(list((home / "album").iterdir())) == 8
    again = command("rm", "-", cwd=home, stdin=ids)
    assert again.returncode == NOTHING
