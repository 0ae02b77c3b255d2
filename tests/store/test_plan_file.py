"""Plan files: every mistake at once, each with its place and what would be right."""

from __future__ import annotations

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.plan.model import Entry, Limits, Options, Retry, Tolerance
from orchestrator.errors import InvalidInput
from orchestrator.report.diagnostics import render
from orchestrator.store.plan.load import PlanInvalid, load_plan
from orchestrator.store.plan.mistakes import MOST_MISTAKES
from tests.mutating import mutated

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path for path in (ROOT / "plans").glob("*.yaml") if not path.name.endswith(".world.yaml"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Where a test writes its plan."""
    return tmp_path / "plan.yaml"


def complaints(path: Path, text: str) -> str:
    """Write a plan, load it, and return the rendering of what is wrong, without the folder."""
    path.write_text(text)
    with pytest.raises(PlanInvalid) as caught:
        load_plan(path)
    return render(caught.value.diagnostics).replace(str(path), "plan.yaml")


def test_a_full_plan_is_read(written: Path) -> None:
    """Every key of this version; options come from the entry, then the defaults, then what is built in."""
    written.write_text(
        "Version: 1\nName: nightly\n"
        "Defaults: {IgnoreErrors: true, AcceptLanguage: jp}\n"
        "Products:\n"
        "  - {ProvisionedProductId: pp-a, IgnoreErrors: false, TerminationTimeout: 2h}\n"
        "  - ProvisionedProductId: pp-b\n"
        "    Key: second\n"
        "    RetainPhysicalResources: true\n"
        "Limits: {MaxTerminations: 7, FailureTolerance: 25%, InFlight: 3, RatePerSecond: 2,"
        " TerminationTimeout: 90s, Deadline: 1h30m}\n"
        "Retry: {Attempts: 3, Backoff: 5s}\n"
    )
    plan = load_plan(written)
    assert plan.name == "nightly"
    assert plan.entries == (
        Entry(
            product_id="pp-a",
            options=Options(ignore_errors=False, accept_language="jp", termination_timeout_seconds=7_200),
            location=f"{written}:5",
        ),
        Entry(
            product_id="pp-b",
            key="second",
            options=Options(
                ignore_errors=True, retain_physical_resources=True, accept_language="jp", termination_timeout_seconds=90
            ),
            location=f"{written}:6",
        ),
    )
    tolerance = Tolerance(percent=25)
    assert plan.limits == Limits(
        max_terminations=7, failure_tolerance=tolerance, in_flight=3, rate_per_second=2.0, deadline_seconds=5_400
    )
    assert plan.retry == Retry(attempts=3, backoff_seconds=5)


def test_a_typo_gets_its_line_a_caret_and_the_nearest_word(written: Path) -> None:
    """The whole rendering."""
    text = "Version: 1\nName: x\nProducts:\n  - ProvisionedProductId: pp-a\n    RetainPhysicalResorces: true\n"
    assert complaints(written, text) == (
        "plan.yaml:5:5: unknown key `RetainPhysicalResorces`\n"
        "  |\n"
        "5 |     RetainPhysicalResorces: true\n"
        "  |     ^^^^^^^^^^^^^^^^^^^^^^\n"
        "  = help: did you mean `RetainPhysicalResources`?"
    )


def test_all_mistakes_are_reported_in_one_pass_in_the_order_of_the_file(written: Path) -> None:
    """Of the YAML, of single values, and between entries that are valid by themselves."""
    text = (
        "Version: 2\n"
        "Name: Bad Name\n"
        "Defaults:\n  ignore_errors: yes\n"
        "Products:\n"
        "  - ProvisionedProductId: pp-a\n"
        "    IgnoreErrors: maybe\n"
        "  - ProvisionedProductId: pp-a\n"
        "  - ProvisionedProductId: pp-a\n"
        "  - ProvisionedProductId: 12345\n"
        "  - Key: k\n"
        "Limits: {Deadline: 90, FailureTolerance: 200%, MaxTerminations: -1}\n"
        "Retry: [1]\n"
    )
    shown = [line for line in complaints(written, text).splitlines() if line.startswith("plan.yaml:")]
    assert shown == [
        "plan.yaml:1:10: `Version`: there is only version 1; write `Version: 1`",
        "plan.yaml:2:7: `Name` cannot be `Bad Name`",
        "plan.yaml:4:3: unknown key `ignore_errors`",
        "plan.yaml:4:18: ambiguous value `yes`",
        "plan.yaml:7:19: `IgnoreErrors` must be true or false, not `maybe`",
        "plan.yaml:9:27: `pp-a` is listed twice",
        "plan.yaml:10:27: `ProvisionedProductId` must be text, not the number `12345`",
        "plan.yaml:11:5: `ProvisionedProductId` or `ProvisionedProductName` is missing",
        "plan.yaml:12:20: `Deadline`: expected a duration, as in 30s, 45m, 4h or 1h30m",
        "plan.yaml:12:42: `FailureTolerance`: expected a number of failures, as in 3, "
        "or a share of the terminations, as in 10%",
        "plan.yaml:12:65: `MaxTerminations` is out of range: should be greater than or equal to 0",
        "plan.yaml:13:8: `Retry` must be a mapping of keys to values, not a list",
    ]


def test_rules_between_parts_hold_for_those_that_are_valid_by_themselves(written: Path) -> None:
    """Each part is shown where it stands, whatever is left out before it; what may be left out is not missed."""
    text = (
        "Version: 1\nName: x\n"
        "Targets:\n"
        "  - {AccountId: 1, Regions: [eu-west-1]}\n"
        '  - {AccountId: "111122223333", Regions: [eu-west-1], RoleName: r, Profile: p}\n'
        "Products:\n"
        "  - {ProvisionedProductId: pp a}\n"
        "  - {ProvisionedProductId: pp-b, DependsOn: [pp-c, pp-d], Key: k}\n"
        "  - {Key: nameless}\n"
        '  - {ProvisionedProductId: pp-c, DependsOn: [pp-b], AccountId: "444455556666"}\n'
        "Select:\n"
        "  - {Where: {}}\n"
        '  - {Where: {AccountId: "444455556666"}, Key: k}\n'
        "Protect:\n"
        "  - {Name: '[a'}\n"
        '  - {AccountId: "111122223333"}\n'
    )
    said = complaints(written, text)
    assert [line for line in said.splitlines() if line.startswith("plan.yaml:")] == [
        "plan.yaml:4:17: `AccountId` must be text, not the number `1`",
        "plan.yaml:5:17: account 111122223333 is protected as a whole",
        "plan.yaml:5:77: `Profile` beside `RoleName`",
        "plan.yaml:7:28: `ProvisionedProductId` cannot be `pp a`",
        "plan.yaml:8:46: entries wait for one another: k → pp-c → k",
        "plan.yaml:9:5: `ProvisionedProductId` or `ProvisionedProductName` is missing",
        "plan.yaml:12:13: `Where` is empty",
        "plan.yaml:13:47: the key `k` is used twice",
        "plan.yaml:15:12: `Name`: not a glob: a `[` is never closed",
    ]
    for lines in (
        " 8 |   - {ProvisionedProductId: pp-b, DependsOn: [pp-c, pp-d], Key: k}\n"
        "   |                                                                - first used here\n",
        '10 |   - {ProvisionedProductId: pp-c, DependsOn: [pp-b], AccountId: "444455556666"}\n'
        "   |                                              ---- `pp-c` waits here\n",
        '16 |   - {AccountId: "111122223333"}\n   |                 -------------- protected here\n',
    ):
        assert lines in said


def test_a_misspelled_section_is_not_missed(written: Path) -> None:
    """What it would hold is not read, so nothing is said to be missing from it."""
    text = (
        "Version: 1\nName: x\nTarget: []\nproducts: []\nSelect: [{Where: {Name: a}, DependsOn: [pp-a]}]\n"
        "Products-From: []\nProtect: []\n"
    )
    shown = [line for line in complaints(written, text).splitlines() if line.startswith("plan.yaml:")]
    assert [line.partition(": ")[2] for line in shown] == [
        "unknown key `Target`",
        "unknown key `products`",
        "unknown key `Products-From`",
    ]


def test_a_product_listed_twice_shows_both_places(written: Path) -> None:
    """The earlier one first."""
    text = "Version: 1\nName: x\nProducts:\n  - ProvisionedProductId: pp-a\n  - ProvisionedProductId: pp-a\n"
    assert complaints(written, text) == (
        "plan.yaml:5:27: `pp-a` is listed twice\n"
        "  |\n"
        "4 |   - ProvisionedProductId: pp-a\n"
        "  |                           ---- first listed here\n"
        "5 |   - ProvisionedProductId: pp-a\n"
        "  |                           ^^^^\n"
        "  = help: a product may have one entry only, so that its options are beyond doubt"
    )


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("ignore_errors", "IgnoreErrors"),
        ("ignore-errors", "IgnoreErrors"),
        ("ignoreErrors", "IgnoreErrors"),
        ("IgnoreError", "IgnoreErrors"),
        ("retain_physical_resource", "RetainPhysicalResources"),
        ("ProvisionedProductID", "ProvisionedProductId"),
        ("Keys", "Key"),
    ],
)
def test_other_spellings_of_a_key_are_recognised_and_not_accepted(word: str, meant: str, written: Path) -> None:
    """snake_case, kebab-case, camelCase, singular and plural."""
    text = f"Version: 1\nName: x\nProducts:\n  - ProvisionedProductId: pp-a\n    {word}: true\n"
    assert f"did you mean `{meant}`?" in complaints(written, text)


def test_a_misspelled_key_is_not_called_missing_as_well(written: Path) -> None:
    """At the top, in a target, in a product, in a selection."""
    text = (
        "version: 1\nName: x\nselects: []\nProducts: [{id: pp-a}]\n"
        'Targets: [{account: "111122223333", Regions: [eu-west-1]}]\nSelect: [{where: {Name: a}}]\n'
    )
    shown = [line for line in complaints(written, text).splitlines() if line.startswith("plan.yaml:")]
    assert shown == [
        "plan.yaml:1:1: unknown key `version`",
        "plan.yaml:3:1: unknown key `selects`",
        "plan.yaml:4:13: unknown key `id`",
        "plan.yaml:5:12: unknown key `account`",
        "plan.yaml:6:11: unknown key `where`",
    ]
    assert "missing" not in complaints(written, "Version: 1\nName: x\nproducts: []\n")


def test_a_long_plan_of_misspelled_keys_is_not_told_to_its_end(written: Path) -> None:
    """Looking for the nearest word takes time, so nothing is looked for once there are enough mistakes."""
    written.write_text("Version: 1\nName: x\nProducts:\n" + "  - {product_identifier: pp-a}\n" * 3 * MOST_MISTAKES)
    with pytest.raises(PlanInvalid) as caught:
        load_plan(written)
    assert len(caught.value.diagnostics) == MOST_MISTAKES + 1


def test_a_key_like_no_other_is_answered_with_all_there_are(written: Path) -> None:
    """One need not look them up."""
    text = "Version: 1\nName: x\nProducts: []\nXyzzy: 1\n"
    known = "Version, Name, Targets, Defaults, Products, ProductsFrom, Select, Protect, Limits, Retry"
    assert f"help: the keys here are {known}" in complaints(written, text)


@pytest.mark.parametrize("name", ["", "-x", "X", "a" * 65, "a/b", "a\n", "ä"])
def test_a_plan_name_must_be_fit_for_a_file_name(name: str, written: Path) -> None:
    """It names journals and locks."""
    written.write_text(f"Version: 1\nName: {name!r}\nProducts: []\n".replace("'", '"'))
    with pytest.raises(PlanInvalid):
        load_plan(written)


@pytest.mark.parametrize("product", ["", "pp a", "pp/a", "a" * 101, "pp-a\n", "../x"])
def test_a_product_id_must_fit_the_pattern_of_the_api(product: str, written: Path) -> None:
    """Anchored at both ends."""
    quoted = product.replace("\n", "\\n")
    written.write_text(f'Version: 1\nName: x\nProducts:\n  - ProvisionedProductId: "{quoted}"\n')
    with pytest.raises(PlanInvalid):
        load_plan(written)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "the file is empty"), (b"# nothing\n", "the file is empty"), (b"just text\n", "must be a mapping")],
)
def test_a_file_without_a_plan_says_what_is_missing(content: bytes, said: str, written: Path) -> None:
    """Empty, only comments, only a word."""
    assert said in complaints(written, content.decode())


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8."""
    with pytest.raises(InvalidInput, match="no such file"):
        load_plan(tmp_path / "none.yaml")
    with pytest.raises(InvalidInput, match="is a directory"):
        load_plan(tmp_path)
    with pytest.raises(InvalidInput, match="not a regular file"):
        load_plan(Path("/dev/null"))
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"Version: 1\nName: \xe4\n")
    with pytest.raises(InvalidInput, match=r"latin\.yaml:2: not UTF-8 \(byte 0xe4\)"):
        load_plan(latin)


def test_windows_line_ends_and_a_byte_order_mark_are_fine(written: Path) -> None:
    """Editors write them."""
    written.write_bytes("\ufeffVersion: 1\r\nName: x\r\nProducts: []\r\n".encode())
    assert load_plan(written).name == "x"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_plan_is_valid(path: Path) -> None:
    """Ready to use means ready to use."""
    plan = load_plan(path)
    assert plan.entries or plan.selections


@given(st.sampled_from(SHIPPED), st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_mutated_plans_never_end_in_a_traceback(path: Path, seed: int) -> None:
    """Bytes are changed, removed, repeated; the answer is a plan or an error of ours, and it renders."""
    insertions = [b"\t", b"&a ", b"*a", b"!!x ", b"---\n", b"\xff", b"{", b"[", b": ", b"- ", b'"', b"0"]
    data = mutated(path.read_bytes(), seed, times=8, span=60, insertions=insertions)
    with TemporaryDirectory() as folder:
        wrong = Path(folder) / "plan.yaml"
        wrong.write_bytes(data)
        said = outcome(wrong)
    assert said is None or str(wrong) in said


def outcome(path: Path) -> str | None:
    """Load a plan; return what is wrong with it, rendered."""
    try:
        load_plan(path)
    except PlanInvalid as error:
        return "\n".join(render([diagnostic]) for diagnostic in error.diagnostics)
    except InvalidInput as error:
        return str(error)
    return None


def test_the_error_travels_between_processes(written: Path) -> None:
    """It can be pickled, diagnostics and all."""
    written.write_text("Version: 1\n")
    with pytest.raises(PlanInvalid) as caught:
        load_plan(written)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.diagnostics, str(again)) == (caught.value.diagnostics, str(caught.value))
