"""Products in files beside a plan: CSV and JSON Lines, each mistake with its file and line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.plan.model import Entry, Options
from orchestrator.report.diagnostics import render
from orchestrator.store.plan.load import PlanInvalid, load_plan
from orchestrator.store.plan.mistakes import MOST_MISTAKES
from tests.mutating import mutated
from tests.store.test_plan_file import outcome


def plan_with(folder: Path, name: str, content: str | bytes, more: str = "") -> Path:
    """Write a plan and one file of rows beside it."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    plan = folder / "plan.yaml"
    plan.write_text(f"Version: 1\nName: x\nProductsFrom: [{name}]\n{more}")
    return plan


def complaints(plan: Path) -> str:
    """Return the rendering of what is wrong, without the folder."""
    with pytest.raises(PlanInvalid) as caught:
        load_plan(plan)
    return render(caught.value.diagnostics).replace(f"{plan.parent}{os.sep}", "")


def test_rows_of_csv_are_entries_like_those_of_the_plan(tmp_path: Path) -> None:
    """As a spreadsheet writes them: a mark at the beginning, capitals, empty cells, cells in quotes, Windows line ends."""
    rows = (
        "\ufeffProvisionedProductId,ProvisionedProductName,AccountId,Region,IgnoreErrors,DependsOn,TerminationTimeout\r\n"
        "pp-1,,012345670123,eu-west-1,TRUE,,2h\r\n"
        ',"alice",,,,pp-1; team-*,\r\n'
        "\r\n"
        'pp-3,,,,false,"pp-1\r\npp-2x",\r\n'
    )
    plan = plan_with(
        tmp_path, "list.csv", rows, "Defaults: {IgnoreErrors: true}\nProducts: [{ProvisionedProductId: pp-2x}]\n"
    )
    default = Options(ignore_errors=True, accept_language="en")
    assert load_plan(plan).entries == (
        Entry(product_id="pp-2x", options=default, location=f"{plan}:5"),
        Entry(
            product_id="pp-1",
            account_id="012345670123",
            region="eu-west-1",
            options=Options(ignore_errors=True, accept_language="en", termination_timeout_seconds=7_200),
            location=f"{tmp_path}/list.csv:2",
        ),
        Entry(name="alice", depends_on=("pp-1", "team-*"), options=default, location=f"{tmp_path}/list.csv:3"),
        Entry(
            product_id="pp-3",
            depends_on=("pp-1", "pp-2x"),
            options=Options(accept_language="en"),
            location=f"{tmp_path}/list.csv:5",
        ),
    )


def test_rows_of_json_lines_are_entries_too(tmp_path: Path) -> None:
    """With JSON's own kinds of values; options that are alike are one value, however many rows there are."""
    rows = [
        {"ProvisionedProductId": "pp-1", "RetainPhysicalResources": True, "Key": "one"},
        {"ProvisionedProductName": "b", "DependsOn": ["one"]},
        {"ProvisionedProductName": "c"},
    ]
    plan = plan_with(tmp_path, "list.jsonl", "\n\n".join(map(json.dumps, rows)) + "\n")
    first, second, third = load_plan(plan).entries
    assert (first.key, first.options.retain_physical_resources, second.depends_on) == ("one", True, ("one",))
    assert second.options is third.options
    assert third.location == f"{tmp_path}/list.jsonl:5"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "l.csv",
            "ProvisionedProductId,ignore_errors,Key,Key\npp-1,,,\n",
            "l.csv:1:22: unknown key `ignore_errors`\n"
            "  |\n"
            "1 | ProvisionedProductId,ignore_errors,Key,Key\n"
            "  |                      ^^^^^^^^^^^^^\n"
            "  = help: did you mean `IgnoreErrors`?\n"
            "\n"
            "l.csv:1:36: the key `Key` is given twice\n"
            "  |\n"
            "1 | ProvisionedProductId,ignore_errors,Key,Key\n"
            "  |                                    ^^^\n"
            "  = help: keep one of the two columns",
        ),
        (
            "l.csv",
            "ProvisionedProductId,IgnoreErrors\npp 1,maybe\n",
            "l.csv:2:1: `ProvisionedProductId` cannot be `pp 1`\n"
            "  |\n"
            "2 | pp 1,maybe\n"
            "  | ^^^^\n"
            "  = help: it must be letters, digits, `_` and `-`, at most 100, as in pp-abcdefghijklm\n"
            "\n"
            "l.csv:2:6: `IgnoreErrors` must be true or false, not `maybe`\n"
            "  |\n"
            "2 | pp 1,maybe\n"
            "  |      ^^^^^\n"
            "  = help: write true or false, without quotes",
        ),
        (
            "l.csv",
            "ProvisionedProductId,Key\npp-1\n",
            "l.csv:2:1: 1 cells, and the heading has 2\n  |\n2 | pp-1\n  | ^^^^",
        ),
        (
            "l.csv",
            'ProvisionedProductId\n"pp-1\n',
            'l.csv:2:1: not CSV: unexpected end of data\n  |\n2 | "pp-1\n  | ^^^^^',
        ),
        (
            "l.csv",
            "",
            "l.csv:1:1: the file has no heading\n"
            "  |\n"
            "1 |\n"
            "  | ^\n"
            "  = help: begin with a heading of keys, as in ProvisionedProductId,AccountId,Region",
        ),
        (
            "l.csv",
            "ProvisionedProductId;Key\npp-1;a\n",
            "l.csv:1:1: the cells are not separated by commas\n"
            "  |\n"
            "1 | ProvisionedProductId;Key\n"
            "  | ^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "  = help: separate them with commas",
        ),
        (
            "l.jsonl",
            '{"ProvisionedProductId": 17}\n[1]\n{"Key": "k"}\n{"a": 1, "a": 2}\n{"ProvisionedProductId": NaN}\n{\n',
            "l.jsonl:1:26: `ProvisionedProductId` must be text, not the number `17`\n"
            "  |\n"
            '1 | {"ProvisionedProductId": 17}\n'
            "  |                          ^^\n"
            "\n"
            "l.jsonl:2:1: a row must be an object of keys and values\n"
            "  |\n"
            "2 | [1]\n"
            "  | ^^^\n"
            "\n"
            "l.jsonl:3:1: `ProvisionedProductId` or `ProvisionedProductName` is missing\n"
            "  |\n"
            '3 | {"Key": "k"}\n'
            "  | ^^^^^^^^^^^^\n"
            "  = help: an entry names its product by one of them\n"
            "\n"
            "l.jsonl:4:1: not JSON: a key is given twice\n"
            "  |\n"
            '4 | {"a": 1, "a": 2}\n'
            "  | ^^^^^^^^^^^^^^^^\n"
            "  = help: each line is one object, as in {...}\n"
            "\n"
            "l.jsonl:5:1: not JSON: NaN is not JSON\n"
            "  |\n"
            '5 | {"ProvisionedProductId": NaN}\n'
            "  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "  = help: each line is one object, as in {...}\n"
            "\n"
            "l.jsonl:6:1: not JSON: Expecting property name enclosed in double quotes\n"
            "  |\n"
            "6 | {\n"
            "  | ^\n"
            "  = help: each line is one object, as in {...}",
        ),
        (
            "l.csv",
            b"ProvisionedProductId\npp-1\npp-\xe4\n",
            "l.csv:3:1: not UTF-8 (byte 0xe4)\n  |\n3 | pp-\N{REPLACEMENT CHARACTER}\n  | ^^^^",
        ),
    ],
)
def test_every_mistake_of_a_row_is_shown_with_its_line(name: str, content: str | bytes, said: str, tmp_path: Path) -> None:
    """The whole rendering."""
    assert complaints(plan_with(tmp_path, name, content)) == said


def test_rows_collide_with_the_plan_and_with_one_another(tmp_path: Path) -> None:
    """Both places, each with its file."""
    plan = plan_with(
        tmp_path, "l.csv", "ProvisionedProductId\npp-1\npp-2\npp-2\n", "Products: [{ProvisionedProductId: pp-1}]\n"
    )
    assert complaints(plan) == (
        "l.csv:2:1: `pp-1` is listed twice\n"
        "  |\n"
        "4 | Products: [{ProvisionedProductId: pp-1}]\n"
        "  |                                   ---- first listed here, in plan.yaml\n"
        "2 | pp-1\n"
        "  | ^^^^\n"
        "  = help: a product may have one entry only, so that its options are beyond doubt\n"
        "\n"
        "l.csv:4:1: `pp-2` is listed twice\n"
        "  |\n"
        "3 | pp-2\n"
        "  | ---- first listed here\n"
        "4 | pp-2\n"
        "  | ^^^^\n"
        "  = help: a product may have one entry only, so that its options are beyond doubt"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/etc/passwd.csv", "a file of products stays in the plan's folder"),
        ("../x.csv", "a file of products stays in the plan's folder"),
        ("a/../../x.csv", "a file of products stays in the plan's folder"),
        ("x.txt", "expected a file whose name ends in .csv or .jsonl"),
        ("none.csv", "`none.csv` is no file beside the plan"),
        ("folder.csv", "`folder.csv` is no regular file"),
        ("link.csv", "`link.csv` leads out of the plan's folder"),
        ("pipe.csv", "`pipe.csv` is no regular file"),
        ("ok.csv, ok.csv", "`ok.csv` is read twice"),
        ("ok.csv, same.csv", "`same.csv` is read twice"),
    ],
)
def test_files_of_rows_stay_in_the_plans_folder(name: str, said: str, tmp_path: Path) -> None:
    """Whatever they are called, and wherever a link leads; nothing that is no file is waited for."""
    folder = tmp_path / "plans"
    (folder / "folder.csv").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("ProvisionedProductId\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "ok.csv").write_text("ProvisionedProductId\npp-1\n")
    (folder / "same.csv").symlink_to("ok.csv")
    os.mkfifo(folder / "pipe.csv")
    plan = folder / "plan.yaml"
    plan.write_text(f"Version: 1\nName: x\nProductsFrom: [{name}]\n")
    assert said in complaints(plan)


def test_reading_ends_after_so_many_mistakes(tmp_path: Path) -> None:
    """A wrong file of a million rows is not told a million times."""
    plan = plan_with(tmp_path, "l.csv", "ProvisionedProductId\n" + "a b\n" * 3 * MOST_MISTAKES)
    with pytest.raises(PlanInvalid) as caught:
        load_plan(plan)
    assert len(caught.value.diagnostics) == MOST_MISTAKES + 1
    assert caught.value.diagnostics[-1].message == "... and more mistakes than are told"


def test_mistakes_of_the_plan_and_of_its_rows_are_reported_in_one_pass(tmp_path: Path) -> None:
    """Those of the plan first, although the rows are read without it."""
    plan = plan_with(
        tmp_path, "l.csv", "ProvisionedProductId\npp 1\n", "Limits: {MaxTerminations: x}\nSelect: [{Key: k}]\n"
    )
    shown = [line for line in complaints(plan).splitlines() if ":1" in line or ": `" in line]
    assert shown == [
        "plan.yaml:4:27: `MaxTerminations` must be a number, not `x`",
        "plan.yaml:5:10: `Where` is missing",
        "l.csv:2:1: `ProvisionedProductId` cannot be `pp 1`",
    ]


def test_a_row_that_is_wrong_is_left_out_of_the_plan(tmp_path: Path) -> None:
    """The rows after it are shown where they stand, and what depends on it is not wrong for that."""
    rows = (
        "ProvisionedProductId,ProvisionedProductName,DependsOn\npp 1,,\npp-2,two,\npp-3,,\npp-4,,pp-1\n,,\n,,pp-4\npp-3,,\n"
    )
    plan = plan_with(tmp_path, "l.csv", rows, "Products: [{}, {ProvisionedProductId: pp-0, DependsOn: [pp-9]}]\n")
    shown = complaints(plan)
    assert [line for line in shown.splitlines() if line.startswith(("l.csv", "plan.yaml"))] == [
        "plan.yaml:4:12: `ProvisionedProductId` or `ProvisionedProductName` is missing",
        "l.csv:2:1: `ProvisionedProductId` cannot be `pp 1`",
        "l.csv:3:1: `ProvisionedProductName` beside `ProvisionedProductId`",
        "l.csv:6:1: `ProvisionedProductId` or `ProvisionedProductName` is missing",
        "l.csv:7:1: `ProvisionedProductId` or `ProvisionedProductName` is missing",
        "l.csv:8:1: `pp-3` is listed twice",
    ]
    assert "4 | pp-3,,\n  | ------ first listed here\n" in shown


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["l.csv", "l.jsonl"]), st.integers(0, 2**32))
def test_mutated_rows_never_end_in_a_traceback(name: str, seed: int) -> None:
    """Bytes are changed, removed, repeated; the answer is a plan or an error of ours, and it renders."""
    rows = {
        "l.csv": b"ProvisionedProductId,ProvisionedProductName,DependsOn,IgnoreErrors\npp-1,,,true\n,bob,pp-1 x-*,\n",
        "l.jsonl": b'{"ProvisionedProductId":"pp-1"}\n{"ProvisionedProductName":"bob","DependsOn":["pp-1","x-*"]}\n',
    }
    insertions = [b'"', b"\n", b"\x00", b"{", b"[", b",", b"\xff", b"\\ud800", b"9" * 5000]
    data = mutated(rows[name], seed, times=6, span=10, insertions=insertions)
    with TemporaryDirectory() as folder:
        outcome(plan_with(Path(folder), name, data))
