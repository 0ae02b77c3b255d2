"""The commands as a person meets them: the happy path, the wrong path, no terminal, closed streams."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.main import COMMANDS
from tests.processes.conftest import LONGEST, PROGRAM, Bench, Service, clean_environment

Simulate = Callable[[dict[str, Any]], Service]
ONE: dict[str, Any] = {"Products": [{"Id": "pp-a", "Duration": 0}]}


def test_an_empty_plan_has_nothing_to_do(bench: Bench, simulate: Simulate) -> None:
    """Exit code 0, and a final line that adds up."""
    ended = bench.run(simulate(ONE), "run", bench.plan())
    assert ended.returncode == 0, ended.stderr
    assert "0 terminated, 0 failed" in ended.stdout


def test_an_empty_account_terminates_nothing_and_says_what_was_not_found(bench: Bench, simulate: Simulate) -> None:
    """Most likely the wrong region: exit code 1, by review, run and resume alike."""
    service = simulate({})
    path = bench.plan("pp-a", "pp-b")
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 1
    assert "not found in 111122223333/eu-west-1" in ended.stderr
    assert "Is it the right account and region?" in ended.stderr
    assert "2 not found, 0 skipped" in ended.stdout
    assert service.ledger() == []
    assert bench.run(service, "review", path).returncode == 1
    assert bench.run(service, "resume", bench.journals[0]).returncode == 1
    strict = bench.run(service, "run", path, "--yes", "--strict")
    assert (strict.returncode, "2 refused" in strict.stdout) == (1, True)


def test_a_typo_in_the_plan_gets_its_line_and_nothing_is_called(bench: Bench, simulate: Simulate) -> None:
    """Exit code 2."""
    service = simulate(ONE)
    path = bench.plan("pp-a", Limit={"MaxTerminations": 3})
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 2
    assert f"{path}:7:1: unknown key `Limit`" in ended.stderr
    assert "did you mean `Limits`?" in ended.stderr
    assert service.ledger("GetCallerIdentity") == []
    assert bench.run(service, "validate", path).returncode == 2
    assert bench.run(service, "run", path.with_name("none.yaml")).returncode == 2
    assert bench.run(service, "rum", path).returncode == 2
    assert bench.run(service, "run", path, "--world", path).returncode == 2


def test_without_a_terminal_nothing_is_terminated_without_yes(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3, and no journal is begun; no environment variable helps."""
    service = simulate(ONE)
    ended = bench.run(service, "run", bench.plan("pp-a"), env={"ORCHESTRATOR_YES": "1", "ORCHESTRATOR_RUN_YES": "1"})
    assert ended.returncode == 3
    assert "use --yes" in ended.stderr
    assert (service.ledger(), bench.journals) == ([], [])


def test_a_limit_refuses_before_the_first_call(bench: Bench, simulate: Simulate) -> None:
    """By run with 3, by review with 3; nothing is sent."""
    service = simulate({"Products": [{"Id": "pp-a"}, {"Id": "pp-b"}]})
    path = bench.plan("pp-a", "pp-b", Limits={"MaxTerminations": 1})
    assert bench.run(service, "run", path, "--yes").returncode == 3
    review = bench.run(service, "review", path)
    assert review.returncode == 3
    assert review.stdout.startswith(
        "Review: 2 to terminate, 0 blocked, 0 drifted, 0 not found, 0 skipped, 0 refused, 0 already gone.\n"
    )
    assert service.ledger() == []


def test_a_review_changes_nothing_and_says_what_there_is_to_do(bench: Bench, simulate: Simulate) -> None:
    """Exit code 0, with --detailed-exitcode 10; the same by --dry-run."""
    service = simulate(ONE)
    path = bench.plan("pp-a")
    assert bench.run(service, "review", path).returncode == 0
    assert bench.run(service, "review", path, "--detailed-exitcode").returncode == 10
    dry = bench.run(service, "run", path, "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, bench.run(service, "review", path).stdout)
    assert (service.ledger(), bench.journals) == ([], [])


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        (b"2\n", 0, b"2 terminated"),
        (b"1\n", 3, b"not confirmed"),
        (b"yes\n", 3, b"not confirmed"),
        (b"\x04", 3, b"not confirmed"),
        (b"\x03", 130, b"this run was not begun"),
    ],
)
def test_on_a_terminal_the_number_has_to_be_typed(
    typed: bytes, code: int, said: bytes, bench: Bench, simulate: Simulate
) -> None:
    """The right number goes on; anything else, end of input or Ctrl-C does not."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}, {"Id": "pp-b", "Duration": 0}]})
    process, leader = on_a_terminal(bench, service, "run", bench.plan("pp-a", "pp-b"))
    shown = read_until(leader, b"to go on: ")
    assert b"There is no undo." in shown
    assert b"account 111122223333, eu-west-1: 2" in shown
    os.write(leader, typed)
    shown += read_until(leader, None)
    assert process.wait(LONGEST) == code, shown
    assert said in shown
    assert len(service.ledger()) == (2 if code == 0 else 0)
    os.close(leader)


@pytest.mark.parametrize(
    ("terminal", "live"),
    [
        ({"COLUMNS": "120", "LINES": "40"}, True),
        ({"COLUMNS": "30", "LINES": "8"}, False),
        ({"COLUMNS": "120", "LINES": "40", "CI": "true"}, False),
        ({"COLUMNS": "120", "LINES": "40", "TERM": "dumb"}, False),
    ],
    ids=["roomy", "tiny", "of a CI job", "dumb"],
)
def test_a_live_display_is_shown_where_somebody_can_see_it(
    terminal: dict[str, str], live: bool, bench: Bench, simulate: Simulate
) -> None:
    """On a tiny terminal, a dumb one and in a CI job's log there are log lines."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 1}]})
    process, leader = on_a_terminal(bench, service, "run", bench.plan("pp-a"), "--yes", **terminal)
    shown = read_until(leader, None)
    assert process.wait(LONGEST) == 0
    assert (b"1/1" in shown) is live
    assert (b"record_status" in shown) is not live
    assert b"1 terminated" in shown
    os.close(leader)


def on_a_terminal(
    bench: Bench, service: Service, *arguments: object, **terminal: str
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the program on a terminal of its own; returns it, and the side of the terminal where a person sits."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments), "--state-dir", str(bench.folder / "state")],
        env=service.environment() | {"TERM": "xterm", "COLUMNS": "120", "LINES": "40"} | terminal,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - no other way to get a controlling terminal, and no thread is running
    )
    os.close(follower)
    return process, leader


def take_terminal() -> None:
    """Make the terminal this process's own, so that Ctrl-C reaches it."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def read_until(leader: int, wanted: bytes | None) -> bytes:
    """Read what a terminal shows until *wanted*, or until nobody writes to it any more."""
    shown = b""
    while wanted is None or wanted not in shown:
        try:
            piece = os.read(leader, 65_536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    return shown


def test_a_closed_stdout_does_not_stop_a_run(bench: Bench, simulate: Simulate) -> None:
    """`| head -0` and `>&-`: the products go all the same, and the exit code says so."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}, {"Id": "pp-b", "Duration": 0}]})
    environment = service.environment() | {"ORCHESTRATOR_STATE_DIR": str(bench.folder / "state")}
    for product, redirect in (("pp-a", "| true; exit ${PIPESTATUS[0]}"), ("pp-b", ">&- 2>&- <&-")):
        path = bench.plan(product, Name=f"test-{product}")
        command = f"{' '.join(PROGRAM)} run {path} --yes {redirect}"
        ended = subprocess.run(["bash", "-c", command], env=environment, check=False, timeout=LONGEST, capture_output=True)
        assert ended.returncode == 0, ended.stderr
    assert set(service.products().values()) == {"TERMINATED"}


def test_a_full_stdout_is_said_and_does_not_change_how_a_run_ended(bench: Bench, simulate: Simulate) -> None:
    """The final line goes to stderr then; a review that cannot be shown has failed."""
    service = simulate(ONE)
    with Path("/dev/full").open("w") as full:
        environment = service.environment() | {"ORCHESTRATOR_STATE_DIR": str(bench.folder / "state")}
        for arguments, code in ((["review", "plan.yaml"], 1), (["run", "plan.yaml", "--yes"], 0)):
            bench.plan("pp-a")
            ended = subprocess.run(
                [*PROGRAM, *arguments],
                cwd=bench.folder,
                env=environment | {"PYTHONPATH": str(Path.cwd())},
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=LONGEST,
            )
            assert ended.returncode == code, ended.stderr
            assert "stdout cannot be written: No space left on device" in ended.stderr
    assert "Run " in ended.stderr


def test_an_unreadable_journal_is_refused_and_can_be_put_out_of_the_way(bench: Bench, simulate: Simulate) -> None:
    """It is refused with 7 and its line, and `abandon` puts it out of the way."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    path = bench.plan("pp-a")
    bench.interrupt(service, "run", path, "--yes")
    journal = bench.journals[0]
    journal.write_bytes(journal.read_bytes().replace(b'"attempt":1', b'"attempt":2'))
    refused = bench.run(service, "resume", journal)
    assert refused.returncode == 7
    assert "the journal cannot be trusted: its checksum does not fit" in refused.stderr
    assert f"orchestrator abandon {journal} --reason TEXT" in refused.stderr
    assert bench.run(service, "run", path, "--yes").returncode == 4
    assert bench.run(service, "abandon", "--plan", "test", "--reason", "broken").returncode == 0
    assert bench.run(service, "abandon", "--plan", "test", "--reason", "again").returncode == 2
    assert bench.run(service, "abandon", "--reason", "neither").returncode == 2
    assert journal.with_name(journal.name + ".corrupt").exists()
    assert bench.run(service, "run", path, "--yes", "--dry-run").returncode == 0


def test_run_resume_finishes_an_unfinished_run_first(bench: Bench, simulate: Simulate) -> None:
    """Then the new one begins and finds everything gone."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 3}, {"Id": "pp-b", "Duration": 3}]})
    path = bench.plan("pp-a", "pp-b")
    bench.interrupt(service, "run", path, "--yes", after=[" accepted "] * 2)
    nightly = bench.run(service, "run", path, "--yes", "--resume")
    assert nightly.returncode == 0, nightly.stderr
    first, second = nightly.stdout.splitlines()
    assert "2 terminated" in first
    assert "2 already gone." in second
    assert len(service.ledger()) == 2


def test_words_from_elsewhere_neither_colour_the_screen_nor_break_the_journal(bench: Bench, simulate: Simulate) -> None:
    """Escapes, newlines, right-to-left marks and lone surrogates in names and errors."""
    nasty = "x\x1b[31mred\r\n\u202eevil \ud800"
    world = {"Products": [{"Id": "pp-a", "Duration": 0, "Name": "n\x1b[2J", "Terminations": ["FAILED"]}]}
    world["Products"][0]["Error"] = {"Code": "400", "Description": nasty}
    path = bench.folder / "nasty.json"
    path.write_text(json.dumps(world))
    plan = bench.plan("pp-a")
    ended = bench.run(None, "run", plan, "--simulate", "--world", path, "--yes")
    assert ended.returncode == 1, ended.stderr
    assert "\x1b" not in ended.stderr
    assert "\u202e" not in ended.stderr
    [journal] = (bench.folder / "state").glob("simulated/test/*.jsonl")
    assert bench.run(None, "resume", journal).returncode == 1


def test_a_mistake_in_the_program_ends_like_nothing_else(tmp_path: Path) -> None:
    """Exit code 70 and what is to be reported, where one comes to light that no run has caught."""
    (tmp_path / "broken.py").write_text(BROKEN)
    ended = subprocess.run(
        [*PROGRAM[:-2], tmp_path / "broken.py", "broken"],
        env=clean_environment() | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    assert ended.returncode == 70
    assert "ZeroDivisionError: by the test" in ended.stderr
    assert ended.stderr.endswith("Error: a mistake in this program; please report it with the lines above\n")


BROKEN = """
import sys
import types

import click

from orchestrator.cli import main


@click.command("broken")
def command():
    raise ZeroDivisionError("by the test")


main.COMMANDS["broken"] = "Has a mistake."
sys.modules["orchestrator.cli.broken"] = types.SimpleNamespace(command=command)
main.main()
"""
"""A program with one more command, and a mistake in it."""


def test_secrets_of_a_broken_environment_are_not_printed(bench: Bench, simulate: Simulate) -> None:
    """A newline in a secret makes a bad header, a password in an endpoint a bad address."""
    service = simulate(ONE)
    for extra in (
        {"AWS_SESSION_TOKEN": "top-secret\n"},
        {"AWS_ACCESS_KEY_ID": "top-secret\n"},
        {"AWS_ENDPOINT_URL": "http://user:top-secret@127.0.0.1:9"},
    ):
        ended = bench.run(service, "run", bench.plan("pp-a"), "--yes", env=extra)
        assert ended.returncode == 5, ended.stderr
        assert "top-secret" not in ended.stderr + ended.stdout


def test_without_settings_it_says_what_is_missing(bench: Bench) -> None:
    """No region, no credentials, no such profile: exit code 5 and no traceback."""
    path = bench.plan("pp-a")
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "HOME": str(bench.folder)}
    for extra, said in (
        ({}, "no region is set"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "Unable to locate credentials"),
        ({"AWS_PROFILE": "nobody"}, "nobody"),
    ):
        ended = bench.run(None, "run", path, "--yes", env=nowhere | extra)
        assert ended.returncode == 5
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr


def test_log_lines_are_json_if_asked_for(bench: Bench, simulate: Simulate) -> None:
    """One object a line on stderr, the final line on stdout."""
    ended = bench.run(simulate(ONE), "run", bench.plan("pp-a"), "--yes", "--log-format", "json")
    lines = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    assert {"started", "accepted", "terminated", "verified", "finished"} <= {line["event"] for line in lines}
    assert all({"timestamp", "level", "event"} <= line.keys() for line in lines)
    assert ended.stdout.count("\n") == 1


def test_the_help_of_each_command_is_there() -> None:
    """With every option explained, and without a traceback for a wrong one."""
    for name in COMMANDS:
        ended = subprocess.run(
            [*PROGRAM, name, "--help"], env=clean_environment(), capture_output=True, text=True, check=True
        )
        assert ended.stdout.startswith(f"Usage: orchestrator {name}") or "Usage: python -m orchestrator" in ended.stdout
        wrong = subprocess.run([*PROGRAM, name, "--nonsense"], capture_output=True, text=True, check=False)
        assert (wrong.returncode, "Traceback" in wrong.stderr) == (2, False)
        assert "\\b" not in ended.stdout


def test_what_needs_no_call_is_said_at_once_and_before_the_first_call(
    bench: Bench, simulate: Callable[[dict[str, Any]], Service]
) -> None:
    """An unfinished run, too many products, nobody who says yes: all together, with one code."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}, {"Id": "pp-b"}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    calls = len(service.ledger(None))
    path = bench.plan("pp-a", "pp-b", Limits={"MaxTerminations": 1})
    said = [
        "an earlier run of the plan `test` is unfinished",
        "the plan names 2 products, which exceeds Limits.MaxTerminations (1)",
        "confirmation required, and stdin is not a terminal; use --yes",
    ]
    for arguments, missing, code in (
        ([], [], 4),
        (["--yes"], said[2:], 4),
        (["--dry-run"], said, 3),
    ):
        ended = bench.run(service, "run", path, *arguments)
        assert ended.returncode == code, ended.stderr
        assert [words for words in said if words not in ended.stderr] == missing
        if arguments != ["--dry-run"]:
            assert len(service.ledger(None)) == calls
    warned = bench.run(None, "validate", path)
    assert (warned.returncode, "exceeds Limits.MaxTerminations (1)" in warned.stderr) == (0, True)
