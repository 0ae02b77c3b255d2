"""What the README, the help and the layout say is so."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import orchestrator
from orchestrator.cli.main import COMMANDS, cli
from orchestrator.core.inventory.calls import REVIEW_ACTIONS, TERMINATE_ACTION
from orchestrator.core.run.transitions import diagram
from orchestrator.errors import ExitCode
from orchestrator.report.iam_policy import policy, trust
from orchestrator.store.plan.schema import (
    LimitKeys,
    OptionKeys,
    PlanKeys,
    ProductKeys,
    ProtectKeys,
    RetryKeys,
    SelectKeys,
    TargetKeys,
    WhereKeys,
)

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


MODELS = (
    PlanKeys,
    TargetKeys,
    ProductKeys,
    SelectKeys,
    WhereKeys,
    ProtectKeys,
    OptionKeys,
    LimitKeys,
    RetryKeys,
)


def test_the_diagram_in_the_readme_is_the_table() -> None:
    """Drawn from it, not beside it."""
    assert f"<!-- diagram -->\n```mermaid\n{diagram()}```" in README


def test_every_key_of_a_plan_is_in_the_readme_and_in_the_template() -> None:
    """With its name as it is written."""
    template = (ROOT / "plans" / "template.yaml").read_text()
    for model in MODELS:
        for key in model.model_fields:
            assert key in README
            assert f"{key}:" in template


def test_every_exit_code_is_in_the_readme() -> None:
    """And no other."""
    table = README.partition("### Exit codes")[2].partition("##")[0]
    documented = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for code in row.split(",")}
    assert documented == {int(code) for code in ExitCode}


SHOWN = [
    shlex.split(line, comments=True)
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("orchestrator ")
]


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_every_command_that_the_readme_shows_is_one(words: list[str]) -> None:
    """With options that exist; what it does is tested where it is built."""
    command = cli.get_command(click.Context(cli), words[1])
    assert command is not None
    command.make_context(words[1], words[2:])


def test_every_command_is_in_the_readme() -> None:
    """In its table, and with a help of its own."""
    table = README.partition("### The commands")[2].partition("##")[0]
    for name in COMMANDS:
        assert f"`{name} " in table or f"`{name}`" in table
        assert cli.get_command(click.Context(cli), name) is not None


def test_the_readmes_reviewed_worklist_can_be_tried(tmp_path: Path) -> None:
    """A rehearsal's worklist is run in a rehearsal."""
    out = tmp_path / "demo.worklist.json"
    for arguments in (
        ["review", "plans/demo.yaml", "--simulate", "--out", str(out)],
        ["run", str(out), "--simulate", "--yes", "--quiet", "--state-dir", str(tmp_path)],
    ):
        command = [sys.executable, "-m", "orchestrator", *arguments]
        ended = subprocess.run(command, text=True, capture_output=True, cwd=ROOT, check=False, timeout=100)
        assert ended.returncode == 0, ended.stderr
    assert "14 terminated" in ended.stdout


def test_the_public_names_can_be_imported() -> None:
    """Each of them, although they are imported late."""
    for name in orchestrator.__all__:
        assert getattr(orchestrator, name) is not None
    assert dir(orchestrator) == sorted(orchestrator.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = orchestrator.nonsense


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["validate", "plans/demo.yaml"],
        ["run", "--help"],
        ["schema"],
        ["journals", "--state-dir", "/nonexistent"],
    ],
)
def test_what_needs_no_aws_imports_no_boto(arguments: list[str]) -> None:
    """boto3 alone is most of the start-up time; the help needs neither it nor pydantic, structlog or rich."""
    code = (
        "import sys\nfrom orchestrator.cli.main import main\n"
        f"sys.argv = ['orchestrator', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as leaving:\n    assert not leaving.code, leaving.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, cwd=ROOT, check=True)
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert "click" in loaded
    assert loaded.isdisjoint({"boto3", "botocore", "rich"})
    if arguments[0].startswith("--"):
        assert loaded.isdisjoint({"pydantic", "structlog", "yaml", "tenacity"})


def test_the_example_runs() -> None:
    """As its docstring says."""
    command = [sys.executable, "-W", "error", "examples/library.py", "plans/demo.yaml"]
    ended = subprocess.run(command, text=True, capture_output=True, cwd=ROOT, check=False, timeout=100)
    assert ended.returncode == 0, ended.stderr
    assert "staging-api      terminated" in ended.stdout


def test_every_shipped_plan_rehearses(tmp_path: Path) -> None:
    """Against the simulator, to the end."""
    shipped = sorted(path for path in (ROOT / "plans").glob("*.yaml") if not path.name.endswith(".world.yaml"))
    assert len(shipped) >= 4
    for path in shipped:
        command = [
            sys.executable, "-m", "orchestrator", "run", str(path), "--simulate", "--yes", "--quiet",
            "--state-dir", str(tmp_path),
        ]  # fmt: skip
        ended = subprocess.run(command, text=True, capture_output=True, cwd=ROOT, check=False, timeout=100)
        assert ended.returncode == 0, ended.stderr
        assert " 0 failed, 0 timed out, 0 in progress, 0 pending, 0 in doubt" in ended.stdout


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("reviewer", policy(REVIEW_ACTIONS)),
        ("janitor", policy([*REVIEW_ACTIONS, TERMINATE_ACTION])),
        ("trust", trust("arn:aws:iam::123456789012:role/Orchestrator", "replace-me")),
    ],
)
def test_the_policies_in_the_readme_are_the_programs(name: str, document: dict[str, object]) -> None:
    """What `doctor` looks for is what is asked for."""
    [block] = re.findall(rf"<!-- policy: {name} -->\n```json\n(.*?)```", README, re.DOTALL)
    assert json.loads(block) == document


def classes_and_names() -> Iterator[tuple[str, str, set[str]]]:
    """Each class with its docstring, and the names that the docstring may mean."""
    for path in sorted(Path("orchestrator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and (text := ast.get_docstring(node)):
                names = {
                    each.target.id
                    for each in node.body
                    if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
                }
                names |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
                names |= {each.name for each in ast.walk(node) if isinstance(each, ast.FunctionDef)}
                names |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
                yield f"{path}:{node.name}", text, names


def test_a_docstring_of_a_class_names_what_the_class_has() -> None:
    """A name that was changed lives on in prose, and whoever looks for it finds nothing."""
    elsewhere = {"at", "line", "lane", "adopt", "finished", "abandoned", "diagnose"}
    faults = {"lose_answer", "reset", "hang", "cut", "truncate", "garble", "answer", "error", "delay", "late"}
    unknown = [
        f"{where}: `{word}`"
        for where, text, names in classes_and_names()
        for word in re.findall(r"`([a-z]\w*)`", text)
        if word not in names | elsewhere | faults and not word.endswith("_")
    ]
    assert unknown == []
