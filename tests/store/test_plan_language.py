"""Selections, protections and their mistakes: each class of mistake with its whole rendering."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.plan.model import Conditions, Limits, Options, Protection, Selection
from orchestrator.store.plan.load import load_plan
from tests.store.test_plan_file import complaints

HEAD = "Version: 1\nName: x\n"


def test_every_key_of_selections_and_protections_is_read(tmp_path: Path) -> None:
    """One word stands for a list of one; a selection that does not say takes the statuses that can be terminated."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        HEAD + "Defaults: {IgnoreErrors: true}\n"
        "Select:\n"
        "  - Where:\n"
        '      Name: ["sbx-*", tmp]\n'
        "      Status: ERROR\n"
        '      Tags: {Environment: sandbox, Owner: [a, "b*"], Empty: ""}\n'
        "      ProductName: Sandbox notebook\n"
        "      ProductId: [prod-abcdefghijklm]\n"
        "      Type: [CFN_STACK]\n"
        '      UserArn: "*:role/Student/*"\n'
        '      AccountId: "123456789012"\n'
        "      Region: eu-west-1\n"
        "      OlderThan: 14d\n"
        "      YoungerThan: 90d\n"
        "    RetainPhysicalResources: true\n"
        "    After: 7d\n"
        "    Key: sandboxes\n"
        "    DependsOn: [app-*]\n"
        '  - Where: {Name: "*"}\n'
        "Protect:\n"
        "  - {Name: prod-*, ProvisionedProductId: pp-1, Status: [TAINTED]}\n"
        '  - Tags: {Keep: "true"}\n'
        "Limits: {MaxPercent: 80}\n"
    )
    plan = load_plan(path)
    assert plan.entries == ()
    assert plan.selections == (
        Selection(
            conditions=Conditions(
                names=("sbx-*", "tmp"),
                statuses=("ERROR",),
                tags=(("Environment", ("sandbox",)), ("Owner", ("a", "b*")), ("Empty", ("",))),
                catalog_names=("Sandbox notebook",),
                catalog_ids=("prod-abcdefghijklm",),
                types=("CFN_STACK",),
                user_arns=("*:role/Student/*",),
                account_ids=("123456789012",),
                regions=("eu-west-1",),
                older_than_seconds=14 * 86_400,
                younger_than_seconds=90 * 86_400,
            ),
            options=Options(ignore_errors=True, retain_physical_resources=True, accept_language="en"),
            notice_seconds=7 * 86_400,
            key="sandboxes",
            depends_on=("app-*",),
            location=f"{path}:5",
        ),
        Selection(
            conditions=Conditions(names=("*",), statuses=("AVAILABLE", "ERROR", "TAINTED")),
            options=Options(ignore_errors=True, accept_language="en"),
            location=f"{path}:21",
        ),
    )
    assert plan.protections == (
        Protection(
            conditions=Conditions(names=("prod-*",), product_ids=("pp-1",), statuses=("TAINTED",)), location=f"{path}:23"
        ),
        Protection(conditions=Conditions(tags=(("Keep", ("true",)),)), location=f"{path}:24"),
    )
    assert plan.limits == Limits(max_percent=80)


MISTAKES = {
    "nothing to terminate": (
        "Limits: {}\n",
        """\
plan.yaml:1:1: `Products`, `ProductsFrom` or `Select` is missing
  |
1 | Version: 1
  | ^
  = help: name products under Products, in files under ProductsFrom, or describe them under Select""",
    ),
    "an empty Where": (
        "Select:\n  - Where: {}\n",
        """\
plan.yaml:4:12: `Where` is empty
  |
4 |   - Where: {}
  |            ^
  = help: say what is meant; for everything there is, write Name: "*\"""",
    ),
    "no Where": (
        "Select:\n  - IgnoreErrors: true\n",
        """\
plan.yaml:4:5: `Where` is missing
  |
4 |   - IgnoreErrors: true
  |     ^""",
    ),
    "snake_case, below which nothing is read": (
        "Select:\n  - where: {older_than: 14}\n",
        """\
plan.yaml:4:5: unknown key `where`
  |
4 |   - where: {older_than: 14}
  |     ^^^^^
  = help: did you mean `Where`?""",
    ),
    "kebab-case, and a condition that is none": (
        "Select:\n  - Where: {older-than: 3d, Names: [a], Colour: red}\n",
        """\
plan.yaml:4:13: unknown key `older-than`
  |
4 |   - Where: {older-than: 3d, Names: [a], Colour: red}
  |             ^^^^^^^^^^
  = help: did you mean `OlderThan`?

plan.yaml:4:29: unknown key `Names`
  |
4 |   - Where: {older-than: 3d, Names: [a], Colour: red}
  |                             ^^^^^
  = help: did you mean `Name`?

plan.yaml:4:41: unknown key `Colour`
  |
4 |   - Where: {older-than: 3d, Names: [a], Colour: red}
  |                                         ^^^^^^
  = help: the keys here are Name, Status, Tags, ProductName, ProductId, Type, UserArn, AccountId, Region, OlderThan, YoungerThan""",  # noqa: E501
    ),
    "words that are not among those there are": (
        "Select:\n  - Where: {Status: [available, GONE], Type: CFN_STACKS}\n",
        """\
plan.yaml:4:22: `Status` cannot be `available`
  |
4 |   - Where: {Status: [available, GONE], Type: CFN_STACKS}
  |                      ^^^^^^^^^
  = help: did you mean `AVAILABLE`?

plan.yaml:4:33: `Status` cannot be `GONE`
  |
4 |   - Where: {Status: [available, GONE], Type: CFN_STACKS}
  |                                 ^^^^
  = help: it must be `AVAILABLE`, `TAINTED`, `ERROR`, `UNDER_CHANGE` or `PLAN_IN_PROGRESS`

plan.yaml:4:46: `Type` cannot be `CFN_STACKS`
  |
4 |   - Where: {Status: [available, GONE], Type: CFN_STACKS}
  |                                              ^^^^^^^^^^
  = help: did you mean `CFN_STACK`?""",
    ),
    "YAML's own ideas of a tag": (
        "Select:\n  - Where: {Tags: {Keep: true, Cost: 0012, Since: 2026-01-01, Count: 3, None: }}\n",
        """\
plan.yaml:4:26: `Keep` must be text, not `true`
  |
4 |   - Where: {Tags: {Keep: true, Cost: 0012, Since: 2026-01-01, Count: 3, None: }}
  |                          ^^^^
  = help: quote it: "true"

plan.yaml:4:38: ambiguous value `0012`
  |
4 |   - Where: {Tags: {Keep: true, Cost: 0012, Since: 2026-01-01, Count: 3, None: }}
  |                                      ^^^^
  = help: some YAML parsers read this as an octal number; quote it: "0012"

plan.yaml:4:51: ambiguous value `2026-01-01`
  |
4 |   - Where: {Tags: {Keep: true, Cost: 0012, Since: 2026-01-01, Count: 3, None: }}
  |                                                   ^^^^^^^^^^
  = help: some YAML parsers read this as a date; quote it: "2026-01-01"

plan.yaml:4:70: `Count` must be text, not the number `3`
  |
4 |   - Where: {Tags: {Keep: true, Cost: 0012, Since: 2026-01-01, Count: 3, None: }}
  |                                                                      ^
  = help: quote it: "3"

plan.yaml:4:79: `None` must be text, not nothing
  |
4 |   - Where: {Tags: {Keep: true, Cost: 0012, Since: 2026-01-01, Count: 3, None: }}
  |                                                                               ^""",
    ),
    "lists and mappings that are empty or something else": (
        "Select:\n  - Where: {Name: [], Tags: {}, ProductName: {a: b}}\n",
        """\
plan.yaml:4:19: `Name` must not be empty
  |
4 |   - Where: {Name: [], Tags: {}, ProductName: {a: b}}
  |                   ^

plan.yaml:4:29: `Tags` must not be empty
  |
4 |   - Where: {Name: [], Tags: {}, ProductName: {a: b}}
  |                             ^

plan.yaml:4:46: `ProductName` must be text, not a mapping
  |
4 |   - Where: {Name: [], Tags: {}, ProductName: {a: b}}
  |                                              ^""",
    ),
    "globs that can never fit, and ages that exclude one another": (
        "Select:\n  - Where: {Name: ['prod-*, stage-*', '[z-a]*', '^sbx']}\n  - Where: {OlderThan: 14d, YoungerThan: 7d}\n",
        """\
plan.yaml:4:20: `Name`: no name has `,` in it; write a list for several names, and * or ? for any characters
  |
4 |   - Where: {Name: ['prod-*, stage-*', '[z-a]*', '^sbx']}
  |                    ^^^^^^^^^^^^^^^^^

plan.yaml:4:39: `Name`: not a glob: the range `z-a` runs backwards
  |
4 |   - Where: {Name: ['prod-*, stage-*', '[z-a]*', '^sbx']}
  |                                       ^^^^^^^^

plan.yaml:4:49: `Name`: no name has `^` in it; write a list for several names, and * or ? for any characters
  |
4 |   - Where: {Name: ['prod-*, stage-*', '[z-a]*', '^sbx']}
  |                                                 ^^^^^^

plan.yaml:5:42: nothing is older than its `OlderThan` and younger than that
  |
5 |   - Where: {OlderThan: 14d, YoungerThan: 7d}
  |                                          ^^""",
    ),
    "words that people expect": (
        "Products:\n  - {id: pp-a, account: 1234, timeout: 3}\nProtect:\n  - {ProvisionedProductName: prod-*}\n",
        """\
plan.yaml:4:6: unknown key `id`
  |
4 |   - {id: pp-a, account: 1234, timeout: 3}
  |      ^^
  = help: did you mean `ProvisionedProductId`?

plan.yaml:4:16: unknown key `account`
  |
4 |   - {id: pp-a, account: 1234, timeout: 3}
  |                ^^^^^^^
  = help: did you mean `AccountId`?

plan.yaml:4:31: unknown key `timeout`
  |
4 |   - {id: pp-a, account: 1234, timeout: 3}
  |                               ^^^^^^^
  = help: did you mean `TerminationTimeout`?

plan.yaml:6:6: unknown key `ProvisionedProductName`
  |
6 |   - {ProvisionedProductName: prod-*}
  |      ^^^^^^^^^^^^^^^^^^^^^^
  = help: did you mean `Name`?""",
    ),
    "what would not be right in quotes either": (
        "Products:\n  - {ProvisionedProductId: pp-a, IgnoreErrors: yes, TerminationTimeout: 2026-01-01}\n"
        "Limits: {MaxPercent: 60%, MaxTerminations: 1_000}\n",
        """\
plan.yaml:4:48: ambiguous value `yes`
  |
4 |   - {ProvisionedProductId: pp-a, IgnoreErrors: yes, TerminationTimeout: 2026-01-01}
  |                                                ^^^
  = help: write true or false, without quotes

plan.yaml:4:73: ambiguous value `2026-01-01`
  |
4 |   - {ProvisionedProductId: pp-a, IgnoreErrors: yes, TerminationTimeout: 2026-01-01}
  |                                                                         ^^^^^^^^^^
  = help: `TerminationTimeout`: not a duration; write whole numbers with units, as in 30s, 45m, 4h, 14d or 1h30m

plan.yaml:5:22: `MaxPercent` must be a number, not `60%`
  |
5 | Limits: {MaxPercent: 60%, MaxTerminations: 1_000}
  |                      ^^^
  = help: write 60

plan.yaml:5:44: ambiguous value `1_000`
  |
5 | Limits: {MaxPercent: 60%, MaxTerminations: 1_000}
  |                                            ^^^^^
  = help: write 1000""",
    ),
    "globs that are none": (
        'Protect:\n  - Name: ["a[b", "a\\tb"]\nProducts: []\n',
        """\
plan.yaml:4:12: `Name`: not a glob: a `[` is never closed
  |
4 |   - Name: ["a[b", "a\\tb"]
  |            ^^^^^

plan.yaml:4:19: `Name`: expected a name or a glob, as in team-*, without control characters
  |
4 |   - Name: ["a[b", "a\\tb"]
  |                   ^^^^^^""",
    ),
    "an octal account, and ages that are none": (
        "Select:\n  - Where: {AccountId: 012345670123, OlderThan: 14, YoungerThan: 2w}\n",
        """\
plan.yaml:4:24: ambiguous value `012345670123`
  |
4 |   - Where: {AccountId: 012345670123, OlderThan: 14, YoungerThan: 2w}
  |                        ^^^^^^^^^^^^
  = help: some YAML parsers read this as an octal number; quote it: "012345670123"

plan.yaml:4:49: `OlderThan`: expected a duration, as in 30s, 45m, 4h or 1h30m
  |
4 |   - Where: {AccountId: 012345670123, OlderThan: 14, YoungerThan: 2w}
  |                                                 ^^

plan.yaml:4:66: `YoungerThan`: not a duration; write whole numbers with units, as in 30s, 45m, 4h, 14d or 1h30m
  |
4 |   - Where: {AccountId: 012345670123, OlderThan: 14, YoungerThan: 2w}
  |                                                                  ^^""",
    ),
    "a key like no other": (
        "Select:\n  - Where: {Name: a}\n    After: 7d\n    Mark: true\n",
        """\
plan.yaml:6:5: unknown key `Mark`
  |
6 |     Mark: true
  |     ^^^^
  = help: the keys here are IgnoreErrors, RetainPhysicalResources, AcceptLanguage, TerminationTimeout, Where, After, Key, DependsOn""",  # noqa: E501
    ),
    "an empty protection": (
        "Products: []\nProtect:\n  - {}\n",
        """\
plan.yaml:5:5: an entry of `Protect` is empty
  |
5 |   - {}
  |     ^
  = help: say what is protected, as in {Name: [prod-*]}""",
    ),
    "a protected target": (
        'Targets:\n  - {AccountId: "123456789012", Regions: [eu-west-1]}\n'
        'Products: []\nProtect:\n  - AccountId: ["210987654321", "123456789012"]\n',
        """\
plan.yaml:4:17: account 123456789012 is protected as a whole
  |
4 |   - {AccountId: "123456789012", Regions: [eu-west-1]}
  |                 ^^^^^^^^^^^^^^
7 |   - AccountId: ["210987654321", "123456789012"]
  |                - protected here
  = help: leave the target out, or protect less than the account""",
    ),
    "a selection elsewhere": (
        'Targets:\n  - {AccountId: "123456789012", Regions: [eu-west-1]}\n'
        'Select:\n  - Where: {AccountId: "210987654321"}\n',
        """\
plan.yaml:6:24: 210987654321 is none of the plan's Targets
  |
6 |   - Where: {AccountId: "210987654321"}
  |                        ^^^^^^^^^^^^^^
  = help: the plan's are 123456789012""",
    ),
    "limits": (
        "Products: []\nLimits: {MaxPercent: 101, max_terminations: 3}\n",
        """\
plan.yaml:4:22: `MaxPercent` is out of range: should be less than or equal to 100
  |
4 | Limits: {MaxPercent: 101, max_terminations: 3}
  |                      ^^^

plan.yaml:4:27: unknown key `max_terminations`
  |
4 | Limits: {MaxPercent: 101, max_terminations: 3}
  |                           ^^^^^^^^^^^^^^^^
  = help: did you mean `MaxTerminations`?""",
    ),
    "entries and selections that wait for one another": (
        "Products:\n  - {ProvisionedProductId: pp-a, DependsOn: [all]}\n"
        "Select:\n  - {Where: {Name: a}, Key: all, DependsOn: [pp-a]}\n",
        """\
plan.yaml:4:46: entries wait for one another: pp-a → all → pp-a
  |
4 |   - {ProvisionedProductId: pp-a, DependsOn: [all]}
  |                                              ^^^
6 |   - {Where: {Name: a}, Key: all, DependsOn: [pp-a]}
  |                                              ---- `all` waits here
  = help: leave one of these dependencies out""",
    ),
    "a key twice": (
        "Products:\n  - {ProvisionedProductId: pp-a, Key: k}\nSelect:\n  - {Where: {Name: a}, Key: k}\n",
        """\
plan.yaml:6:29: the key `k` is used twice
  |
4 |   - {ProvisionedProductId: pp-a, Key: k}
  |                                       - first used here
6 |   - {Where: {Name: a}, Key: k}
  |                             ^
  = help: a key must name one entry""",
    ),
    "a tab": (
        "Select:\n\t- Where: {}\n",
        """\
plan.yaml:4:1: not YAML: found character that cannot start any token while scanning for the next token
  |
4 |  - Where: {}
  | ^
  = help: indent with spaces; YAML does not allow tabs there""",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_its_place_its_words_and_what_would_be_right(name: str, tmp_path: Path) -> None:
    """The whole rendering, caret and all."""
    text, said = MISTAKES[name]
    assert complaints(tmp_path / "plan.yaml", HEAD + text) == said
