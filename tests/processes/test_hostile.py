"""Words of other people and settings of ours, end to end: nothing obeys the first, nothing shows the second."""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.run.events import Finished
from orchestrator.store.codec import frame
from orchestrator.store.files import partial_of, write_whole
from orchestrator.store.journal import create, load_journal
from tests.processes.conftest import Bench, Service, clean_environment

Simulate = Callable[[dict[str, Any]], Service]
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
WORDS = [
    '=HYPERLINK("http://evil")', "+1", "-1", "@SUM(1)", "\t=1", "\x1b]0;title\x07", "\x1b[2J", "a\r\nRun 1: 9 terminated",
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "| a | b |", "`code`", "\u202egnp.exe", "\u2028", "a\x00b",
]  # fmt: skip
ALLOWED = {
    # GitHub finds mentions and numbers of issues in words that nothing keeps apart.
    "\u2060", "\u200b",
}  # fmt: skip


@pytest.fixture
def hostile(bench: Bench, simulate: Simulate) -> tuple[Bench, Service, Path]:
    """A world whose every word is somebody's attack."""
    products = [
        {
            "Id": f"pp-{n:02d}",
            "Name": f"{word}{n}",
            "Duration": 0,
            "Terminations": ["FAILED"],
            "Error": {"Code": word, "Description": word},
            "Tags": {f"k{n}": word, word or "x": "v"},
            "ProductName": word,
            "UserArn": f"arn:aws:sts::111122223333:assumed-role/{word}",
        }
        for n, word in enumerate(WORDS)
    ]
    world = bench.folder / "hostile.json"
    world.write_text(json.dumps({"Products": products}))
    service = simulate(json.loads(world.read_text()))
    plan = bench.plan(*(f"pp-{n:02d}" for n in range(len(WORDS))), Retry={"Attempts": 1}, Limits={"FailureTolerance": 50})
    return bench, service, plan


def obeyed(text: str) -> list[str]:
    """Return the characters that a terminal or a reader would obey; an output of ours has none but its line ends."""
    return [c for c in text if unicodedata.category(c) in UNSAFE and c != "\n" and c not in ALLOWED]


def test_no_output_holds_what_a_terminal_or_a_spreadsheet_obeys(hostile: tuple[Bench, Service, Path]) -> None:
    """Review, run, report and discover, in every form."""
    bench, service, plan = hostile
    said = {form: bench.run(service, "review", plan, "--format", form) for form in ("text", "json", "csv", "markdown")}
    said["discover"] = bench.run(service, "discover", "--where", "Name=*")
    said["run"] = bench.run(service, "run", plan, "--yes", "--log-level", "debug")
    [journal] = bench.journals
    said |= {f"report {form}": bench.run(service, "report", journal, "--format", form) for form in ("text", "json", "csv")}
    said["story"] = bench.run(service, "report", journal, "--product", "pp-*")
    said["logged"] = bench.run(service, "run", plan, "--yes", "--log-format", "json")
    for what, ended in said.items():
        assert ended.returncode in (0, 1), (what, ended.stderr)
        assert obeyed(ended.stdout.replace("\r\n", "\n") + ended.stderr) == [], what
    for form in ("csv", "report csv"):
        for row in csv.reader(io.StringIO(said[form].stdout)):
            assert not [cell for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and len(cell) > 1], row
    assert "<script>" not in said["markdown"].stdout
    assert "[x](" not in said["markdown"].stdout
    # A journal is word for word what AWS said; JSON escapes what would end a line of it or move a cursor.
    assert not [c for c in journal.read_text() if unicodedata.category(c) == "Cc" and c != "\n"]


def test_a_last_line_cannot_be_forged(hostile: tuple[Bench, Service, Path]) -> None:
    """A product whose name holds a newline and a final line says nothing on stdout."""
    bench, service, plan = hostile
    ended = bench.run(service, "run", plan, "--yes")
    [line] = ended.stdout.splitlines()
    assert line.startswith("Run ")
    assert f"0 terminated, {len(WORDS)} failed" in line


def test_no_key_that_was_used_is_in_anything_that_is_written(bench: Bench, simulate: Simulate) -> None:
    """Journals, locks, logs, reports, errors: of our own credentials and of a role's, also where they are refused."""
    accounts = {"111122223333": {"Roles": ["Janitor"]}, "444455556666": {"Roles": []}}
    lanes = [{"Account": "444455556666", "Region": "eu-west-1"}]
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}], "Lanes": lanes, "Accounts": accounts})
    targets = [{"AccountId": account, "Regions": ["eu-west-1"], "RoleName": "Janitor"} for account in accounts]
    plan = bench.plan("pp-a", Targets=targets)
    secrets = {
        "AWS_ACCESS_KEY_ID": "AKIASECRETKEYIDOFTHETEST",
        "AWS_SECRET_ACCESS_KEY": "secret-access-key-of-the-test",
        "AWS_SESSION_TOKEN": "session-token-of-the-test",
        "HTTPS_PROXY": "http://user:proxy-p@ssword-of-the-test@127.0.0.1:9",
    }
    said = [
        bench.run(service, command, *more, env=secrets)
        for command, more in (
            ("doctor", [plan]),
            ("review", [plan, "--out", bench.folder / "made.worklist.json"]),
            ("run", [plan, "--yes", "--log-level", "debug"]),
        )
    ]
    said += [bench.run(service, "report", bench.journals[0], "--format", form) for form in ("text", "json", "csv")]
    said.append(
        bench.run(service, "run", plan, "--yes", env=secrets | {"AWS_ENDPOINT_URL": "http://a:b@c-of-the-test@[::"})
    )
    written = [path for path in bench.folder.rglob("*") if path.is_file() and not path.name.startswith("world")]
    text = "".join(path.read_text(errors="replace") for path in written) + "".join(e.stdout + e.stderr for e in said)
    for secret in ("SECRETKEYID", "of-the-test", "not-a-secret", "ASIA"):
        assert secret not in text, text[max(0, text.index(secret) - 200) : text.index(secret) + 100]


def test_the_simulator_listens_on_loopback_only(simulate: Simulate) -> None:
    """Whoever sits in the same network cannot reach it."""
    service = simulate({})
    host, _, port = service.url.removeprefix("http://").partition(":")
    assert host == "127.0.0.1"
    with socket.socket() as probe:
        # Connecting sends nothing for datagrams; it only tells which address this machine has elsewhere.
        others = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {host}
        for other in others - {"127.0.1.1"}:
            assert probe.connect_ex((other, int(port))) != 0


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("../outside.csv", lambda folder: (folder.parent / "outside.csv").write_text("x"), "outside.csv"),
        ("/etc/passwd", lambda folder: None, "/etc/passwd"),
        ("link.csv", lambda folder: (folder / "link.csv").symlink_to("/etc/passwd"), "link.csv"),
        ("fifo.csv", lambda folder: os.mkfifo(folder / "fifo.csv"), "fifo.csv"),
        ("zero.csv", lambda folder: (folder / "zero.csv").symlink_to("/dev/zero"), "zero.csv"),
    ],
)
def test_a_plan_cannot_have_other_files_read(name: str, make: Callable[[Path], object], said: str, bench: Bench) -> None:
    """What is not beside it or below it, or no plain file: exit code 2 at once, and not a word of what is in it."""
    make(bench.folder)
    plan = bench.plan(ProductsFrom=[name])
    ended = bench.run(None, "validate", plan, longest=20, env=clean_environment())
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr
    assert "root:" not in ended.stdout + ended.stderr


def test_a_command_that_is_printed_can_be_pasted(tmp_path: Path, simulate: Simulate) -> None:
    """From any folder, whatever the path holds."""
    folder = tmp_path / "it's a folder; really"
    folder.mkdir()
    bench = Bench(folder)
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 3}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    refused = bench.run(service, "run", bench.plan("pp-a"), "--yes")
    assert refused.returncode == 4
    [command] = [line.partition(": ")[2].strip() for line in refused.stderr.splitlines() if "finish it with:" in line]
    environment = service.environment() | {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    pasted = subprocess.run(["bash", "-c", command], cwd="/", env=environment, text=True, capture_output=True, check=False)
    assert pasted.returncode == 0, pasted.stderr
    assert "1 terminated" in pasted.stdout


def test_a_forged_journal_moves_no_cursor_and_is_refused_without_a_traceback(bench: Bench, simulate: Simulate) -> None:
    """Whatever words it holds, and however deep."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}]})
    assert bench.run(service, "run", bench.plan("pp-a"), "--yes").returncode == 0
    loaded = load_journal(bench.journals[0])
    names: tuple[dict[str, Any], ...] = {"run_id": "r\x1b[31m"}, {"plan_name": "../p"}, {}
    forged = bench.folder / "forged.jsonl"
    for number, name in enumerate(names):
        forged = bench.folder / f"forged{number}.jsonl"
        file = create(forged, replace(loaded.header, origin=replace(loaded.header.origin, **name)))
        file.append([Finished(at=1.0, exit_code=0, summary="Run \x1b[2J: 9999 terminated")])
        file.close()
        for ended in (bench.run(service, "report", forged), bench.run(service, "resume", forged)):
            assert obeyed(ended.stdout + ended.stderr) == []
            assert ended.returncode == (7 if name else 0), ended.stderr
    lines = bench.journals[0].read_bytes().splitlines(keepends=True)
    deep = json.loads("[" * 900 + "]" * 900)
    sys.setrecursionlimit(10_000)
    try:
        lines[-1] = frame(len(lines), "finished", {"at": deep, "exit_code": 0, "summary": "x"})
    finally:
        sys.setrecursionlimit(1_000)
    forged.write_bytes(b"".join(lines))
    for command in (["report", forged], ["resume", forged]):
        ended = bench.run(service, *command)
        assert ended.returncode == 7, ended.stderr
        assert "Traceback" not in ended.stderr
    assert bench.run(service, "abandon", forged, "--reason", "deep").returncode == 0


def test_what_is_no_file_is_no_journal_and_no_world(bench: Bench) -> None:
    """A FIFO keeps nobody waiting, an endless device fills no memory, a bomb is found before it goes off."""
    fifo = bench.folder / "fifo.jsonl"
    os.mkfifo(fifo)
    bomb = bench.folder / "bomb.yaml"
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else '1'}]" for n in range(12)]
    bomb.write_text("\n".join(levels))
    merged = bench.folder / "merged.yaml"
    merged.write_text("a: &a {x: 1}\nb: {<<: *a}\n")
    for command in (
        ["report", fifo],
        ["report", "/dev/zero"],
        ["simulate", "--world", "/dev/zero"],
        ["simulate", "--world", fifo],
        ["simulate", "--world", bomb],
        ["simulate", "--world", merged],
    ):
        ended = bench.run(None, *command, longest=20)
        assert ended.returncode == 2, (command, ended.stderr)
        assert "Traceback" not in ended.stderr


def test_the_simulator_answers_to_names_of_this_machine_only(simulate: Simulate) -> None:
    """A page in a browser that a name of its own leads here gets nothing (DNS rebinding)."""
    service = simulate({})
    for host, status in (("evil.example.com", 403), ("127.0.0.1", 200), ("localhost:1", 200)):
        connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/_simulator/world", headers={"Host": host})
        assert connection.getresponse().status == status
        connection.close()


def test_nothing_is_written_through_a_link_that_somebody_has_put_there(tmp_path: Path) -> None:
    """The file that becomes another has a name that nobody can know before."""
    names = {partial_of(tmp_path / "x").name for _ in range(100)}
    assert len(names) == 100
    write_whole(tmp_path / "x", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
