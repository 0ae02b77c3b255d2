"""Each row of the README's fault table: the fault is injected, and what the row says is what happens."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.disks import small_disk
from tests.processes.conftest import Bench, Service
from tests.processes.fault_table import AGAIN, Fault, Scene, table
from tests.processes.faults import FAULTS
from tests.processes.truth import check

Simulate = Callable[[dict[str, Any]], Service]
README = (Path(__file__).parents[2] / "README.md").read_text()


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """Mount a file system of 5 MiB when it is asked for; it goes with the test."""
    with ExitStack() as mounted:
        yield lambda: mounted.enter_context(small_disk(tmp_path / "small"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_seen_and_gone_on_from_as_the_table_says(
    fault: Fault, bench: Bench, simulate: Simulate, small_disk: Callable[[], Path]
) -> None:
    """The words, the exit code, the command to go on, and how that ends."""
    scene = Scene(bench, simulate, small_disk, fault)
    service = scene.service()
    ended = fault.inject(scene, service)
    assert ended.code == fault.code, ended.said
    for words in fault.said:
        assert words in ended.said.replace("`", ""), ended.said
    assert "Traceback" not in ended.said
    journals = bench.journals
    if journals and service.process.poll() is None and fault.code in (0, 1, 4) and len(journals) == 1:
        check(journals[0], service)
    if fault.on.startswith("`orchestrator"):
        goes_on(fault, ended.said, bench, service)


def goes_on(fault: Fault, said: str, bench: Bench, service: Service) -> None:
    """The command was printed as the table has it; run it, if the table says how it ends."""
    wanted = re.sub("JOURNAL|PLAN", "__", fault.on.strip("`"))
    if fault.code in (2, 3, 5):
        # Nothing was begun: the plan's place is known to whoever wrote the command, not to the error.
        assert wanted.split()[1] in said or "did you mean" in said
        return
    pattern = re.escape(wanted).replace("__", r"(\S+)")
    found = re.search(pattern + r"( --state-dir \S+)?", said)
    assert found, said
    if fault.then is None:
        return
    arguments = shlex.split(found[0])[1:] + (["--yes"] if fault.on == AGAIN else [])
    went = bench.run(service, *arguments)
    assert went.returncode == fault.then, went.stderr + went.stdout


def test_the_table_in_the_readme_is_this_one() -> None:
    """Printed by `python -m tests.processes.fault_table`."""
    assert f"<!-- faults -->\n{table()}<!-- /faults -->" in README
