"""
What can go wrong, what one sees then, how the program exits and how one goes on: the README's table, and the tests of it.

`python -m tests.processes.fault_table` prints the table.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestrator.core.run.events import Accepted
from orchestrator.store import journal as journals
from tests.processes.conftest import LONGEST, Bench, Service, wait_for

HOME, OTHER = "111122223333", "444455556666"
TERMINATE, RECORD, SCAN = "TerminateProvisionedProduct", "DescribeRecord", "ScanProvisionedProducts"
FOR_EVER = 1_000_000

NOTHING = "nothing to do"
RESUME = "`orchestrator resume JOURNAL`"
AGAIN = "`orchestrator run --from JOURNAL --only-failed`"
REVIEW = "`orchestrator review PLAN`"
DOCTOR = "`orchestrator doctor PLAN`"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """How the program ended, and what it said."""

    code: int
    said: str

    @classmethod
    def of(cls, process: subprocess.CompletedProcess[str]) -> Ended:
        """Take it from a process."""
        return cls(process.returncode, process.stderr + process.stdout)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a fault is injected. `small_disk` mounts a file system of 5 MiB, or skips the test."""

    bench: Bench
    simulate: Callable[[Json], Service]
    small_disk: Callable[[], Path]
    fault: Fault

    def service(self) -> Service:
        """Start the fault's world."""
        return self.simulate({"Products": list(self.fault.products)} | dict(self.fault.world))

    def plan(self) -> Path:
        """Write its plan."""
        ids = [] if "Products" in self.fault.plan else self.ids
        return self.bench.plan(*ids, **self.fault.plan)

    @property
    def ids(self) -> list[str]:
        """The products that its plan names."""
        return [str(product["Id"]) for product in self.fault.products if "Follows" not in product]

    def run(self, service: Service, *arguments: object, **more: Any) -> Ended:
        """Run its plan."""
        return Ended.of(self.bench.run(service, "run", self.plan(), *(arguments or ("--yes",)), **more))


Inject = Callable[[Scene, Service], Ended]


def plain(scene: Scene, service: Service) -> Ended:
    """Run the plan, in the fault's environment."""
    return scene.run(service, *scene.fault.arguments, env=dict(scene.fault.env))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    One row. `said` is what the output holds, word for word; `on` is how to go on, and if it is a command, the program has
    printed it, and it ends with `then`.
    """

    name: str
    said: Sequence[str]
    code: int
    on: str
    then: int | None = None
    products: Sequence[Json] = ({"Id": "pp-a", "Duration": 0},)
    world: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    arguments: Sequence[object] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    inject: Inject = plain

    def row(self) -> str:
        """Return the row of the table."""
        seen = " … ".join(f"`{words}`" for words in self.said)
        return f"| {self.name} | {seen} | {self.code} | {self.on} |"


def product(name: str, *endings: str, **keys: Any) -> Json:
    """A product that goes at once, or as told."""
    return {"Id": f"pp-{name}", "Name": name, "Duration": 0, "Terminations": list(endings or ("SUCCEEDED",))} | keys


def trouble(do: str, operation: str = TERMINATE, **keys: Any) -> Json:
    """Trouble with calls."""
    return {"Operation": operation, "Do": do, **keys}


def interrupted(*signals: signal.Signals) -> Inject:
    """Send signals to the run once a termination is under way."""

    def inject(scene: Scene, service: Service) -> Ended:
        process = scene.bench.start(service, "run", scene.plan(), "--yes", "--grace", "1s" if len(signals) == 1 else "1h")
        wait_for(process, " accepted ")
        for number in signals[:-1]:
            process.send_signal(number)
            wait_for(process, "draining")
        process.send_signal(signals[-1])
        out, err = process.communicate(timeout=LONGEST)
        return Ended(process.returncode, err + out)

    return inject


def unfinished(scene: Scene, service: Service) -> Path:
    """Leave a run behind that was killed."""
    process = scene.bench.start(service, "run", scene.plan(), "--yes")
    wait_for(process, " accepted ")
    process.kill()
    process.communicate(timeout=LONGEST)
    return scene.bench.journals[-1]


def killed(scene: Scene, service: Service) -> Ended:
    """Kill a run, and begin another."""
    unfinished(scene, service)
    return scene.run(service)


def endpoint_dies(scene: Scene, service: Service) -> Ended:
    """Let the endpoint die in the middle of a run."""
    process = scene.bench.start(service, "run", scene.plan(), "--yes", "--grace", "1s")
    wait_for(process, " accepted ")
    service.kill()
    out, err = process.communicate(timeout=LONGEST)
    return Ended(process.returncode, err + out)


def endpoint_is_down(scene: Scene, service: Service) -> Ended:
    """Let the endpoint be down from the beginning."""
    service.kill()
    return scene.run(service)


def corrupt(scene: Scene, service: Service) -> Path:
    """Leave a journal behind that somebody has changed."""
    path = unfinished(scene, service)
    path.write_bytes(path.read_bytes().replace(b'"attempt":1', b'"attempt":2', 1))
    return path


def corrupt_resumed(scene: Scene, service: Service) -> Ended:
    """Resume a journal that was changed."""
    return Ended.of(scene.bench.run(service, "resume", corrupt(scene, service)))


def corrupt_nightly(scene: Scene, service: Service) -> Ended:
    """Meet a journal that was changed in a nightly job."""
    corrupt(scene, service)
    return scene.run(service, "--yes", "--resume")


def corrupt_notices(scene: Scene, service: Service) -> Ended:
    """Meet notices that were changed in a nightly job."""
    notices = scene.bench.folder / "state" / "test" / "notices.json"
    notices.parent.mkdir(parents=True, mode=0o700)
    notices.write_text("{")
    return scene.run(service, "--yes", "--resume")


def changed_account(scene: Scene, service: Service) -> Ended:
    """Let the program that credentials come from hand out those of another account in mid-run."""
    folder = scene.bench.folder
    account, program, config = folder / "account", folder / "credentials.sh", folder / "config"
    account.write_text("111122223333")
    soon = datetime.now(UTC) + timedelta(minutes=5)
    program.write_text(CREDENTIALS.format(account=account, soon=soon.isoformat(timespec="seconds")))
    program.chmod(0o755)
    config.write_text(f"[profile renewed]\ncredential_process = {program}\n")
    process = scene.bench.start(service, "run", scene.plan(), "--yes", env={"AWS_CONFIG_FILE": str(config)})
    wait_for(process, " accepted ")
    account.write_text("444455556666")
    out, err = process.communicate(timeout=LONGEST)
    return Ended(process.returncode, err + out)


CREDENTIALS = """\
#!/bin/sh
printf '{{"Version": 1, "SecretAccessKey":"x", "SessionToken": "x", "Expiration": "{soon}", "AccessKeyId": "AKIA%sK"}}' \\
  "$(cat {account})"
"""
"""Such as have to be renewed before each call, since they are about to expire."""


def cut(scene: Scene, service: Service) -> Ended:
    """Resume a journal whose last line is half there."""
    path = unfinished(scene, service)
    path.write_bytes(path.read_bytes()[:-7])
    return Ended.of(scene.bench.run(service, "resume", path))


def moved(scene: Scene, service: Service) -> Ended:
    """Resume a run at another endpoint."""
    return Ended.of(scene.bench.run(scene.service(), "resume", unfinished(scene, service)))


def second_at_once(scene: Scene, service: Service) -> Ended:
    """Run a plan that is running."""
    process = scene.bench.start(service, "run", scene.plan(), "--yes")
    wait_for(process, " accepted ")
    try:
        return scene.run(service)
    finally:
        process.kill()
        process.communicate(timeout=LONGEST)


def stale_lock(scene: Scene, service: Service) -> Ended:
    """Find the lock files of a process that is no more."""
    path = unfinished(scene, service)
    assert (path.parents[1] / ".locks" / "plan-test.holder").exists()
    return Ended.of(scene.bench.run(service, "resume", path))


def full_disk(scene: Scene, service: Service) -> Ended:
    """Let the disk of the state directory fill up in the middle of a run."""
    disk = scene.small_disk()
    environment = {"ORCHESTRATOR_STATE_DIR": str(disk)}
    process = scene.bench.start(service, "run", scene.plan(), "--yes", env=environment)
    wait_for(process, " accepted ")
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    out, err = process.communicate(timeout=LONGEST)
    [journal] = disk.glob("test/*.jsonl")
    history = journals.load_journal(journal)
    assert not history.is_finished
    assert any(isinstance(event, Accepted) for event in history.events)
    filler.unlink()
    return Ended(process.returncode, err + out)


def no_space(scene: Scene, service: Service) -> Ended:
    """Begin a run where there is no room for its journal."""
    disk = scene.small_disk()
    (disk / "filler").write_bytes(bytes(2 * 1024 * 1024))
    return scene.run(service, env={"ORCHESTRATOR_STATE_DIR": str(disk)})


def read_only(scene: Scene, service: Service) -> Ended:
    """Keep the state directory where nothing can be written."""
    disk = scene.small_disk()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    return scene.run(service, env={"ORCHESTRATOR_STATE_DIR": str(disk)})


def closed_stdout(scene: Scene, service: Service) -> Ended:
    """Let nobody read what is written to stdout."""
    process = scene.bench.start(service, "run", scene.plan(), "--yes")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.read()
    return Ended(process.wait(LONGEST), said)


def newcomer(scene: Scene, service: Service) -> Ended:
    """Let somebody provision what a product comes after, between a canary and its rest."""
    first = scene.run(service, "--yes", "--first", "1")
    assert first.code == 4, first.said
    service.provision({"Id": "pp-team-9", "Name": "team-9"})
    return Ended.of(scene.bench.run(service, "resume", scene.bench.journals[-1]))


def renamed(scene: Scene, service: Service) -> Ended:
    """Let a product have another name after it was reviewed."""
    out = scene.bench.folder / "reviewed.json"
    reviewed = scene.bench.run(service, "review", scene.plan(), "--out", out)
    assert reviewed.returncode == 0, reviewed.stderr
    service.rename("pp-a", "somebody-elses")
    return Ended.of(scene.bench.run(service, "run", out, "--yes"))


def table() -> str:
    """Return the whole table."""
    from tests.processes.faults import FAULTS

    head = "| fault | what you see | exit | how to go on |\n|---|---|---|---|"
    return "\n".join([head, *(fault.row() for fault in FAULTS)]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
