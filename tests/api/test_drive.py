"""How an execution ends that something in this program went wrong in."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

from orchestrator import api
from orchestrator.errors import Bug, ExitCode
from orchestrator.store.journal import load_journal

PLAN = """\
Version: 1
Name: test
Products:
  - ProvisionedProductId: pp-a
  - ProvisionedProductId: pp-b
"""


class NoMoreThreads(Executor):
    """A machine that has no thread left after the first calls."""

    def __init__(self, calls: int) -> None:
        self._pool = ThreadPoolExecutor(4)
        self._left = calls

    def submit(self, *arguments: object, **more: object) -> Future[object]:  # type: ignore[override]
        self._left -= 1
        if self._left < 0:
            message = "can't start new thread"
            raise RuntimeError(message)
        return self._pool.submit(*arguments, **more)  # type: ignore[arg-type]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def test_a_mistake_in_mid_run_leaves_a_journal_that_can_be_gone_on_with(tmp_path: Path) -> None:
    """It is said what it was, by an exit code that is no run's, and what is known is not lost."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    plan = api.load_plan(path)
    with api.rehearse(plan, None) as connections:
        review = api.survey(plan, connections)
        state = api.StateDir(tmp_path / "state", simulated=True)
        settings = api.RunSettings(executor=lambda _workers: NoMoreThreads(1))
        result = api.run(review, state=state, settings=settings)
    assert isinstance(result.broken, Bug)
    assert "can't start new thread" in str(result.broken)
    assert result.exit_code is ExitCode.BUG
    assert not load_journal(result.journal).is_finished
