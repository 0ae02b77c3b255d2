"""
What the accounts of a plan would allow: asked side by side, before anybody relies on it at night.

Nothing that is amiss ends the examination: each account/region of the plan gets its diagnosis.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.api import diagnosis
from orchestrator.api.connect import workers_for
from orchestrator.api.connections import AMBIENT, MOST_AT_DOOR, knock
from orchestrator.api.diagnosis import Diagnosis
from orchestrator.api.remedies import AccessContext
from orchestrator.api.simulation import world_for
from orchestrator.core.inventory.calls import Problem
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.limits import stranger_to
from orchestrator.core.values.lane import Lane
from orchestrator.engine.clock import SystemClock
from orchestrator.engine.executors import threads
from orchestrator.engine.permission_probe import TRIES, examine
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import NoAccess
from orchestrator.ports import Connect, Identity

ENVIRONMENT = "credentials of the environment"
"""What an account is called that is not known yet."""


def diagnose(
    plan: Plan, *, simulate: bool = False, world: Path | None = None, workers: int | None = None, probe: bool = False
) -> list[Diagnosis]:
    """
    Try in each account/region of a plan what a run needs.

    Args:

        plan: A valid plan.
        simulate: Whether to examine a simulation, and nothing else.
        world: A world file for it, or None.
        workers: How many calls may be in flight; None for as many as the plan needs.
        probe: Whether to send one termination of a product that does not exist in each.

    Returns:

        A diagnosis for each account/region, at least one.

    Raises:

        InvalidInput: The world file has errors.
    """
    workers = workers or workers_for(len(plan.lanes))
    if not simulate:
        return in_environment(plan, workers, probe=probe)
    from orchestrator.aws import sessions as connect  # noqa: PLC0415 - boto3 is most of the start-up time
    from orchestrator.simulator import Simulator  # noqa: PLC0415 - only simulations need it

    spec = world_for(plan, world)
    with Simulator(spec) as server:
        doctor = Doctor(plan, connect.rehearsal(server.url, workers, plan.targets), {}, probe=probe)
        return doctor.visit(plan.lanes) if plan.targets else [doctor.visit_environment(spec.Region)]


def in_environment(plan: Plan, workers: int, *, probe: bool) -> list[Diagnosis]:
    """Try what a run needs with the credentials and settings of the environment; the arguments are those of `diagnose`."""
    from orchestrator.aws import assume_role  # noqa: PLC0415 - as below
    from orchestrator.aws import sessions as connect  # noqa: PLC0415 - boto3 is most of the start-up time

    settings = dict(os.environ)
    try:
        doctor = Doctor(plan, connect.ambient(workers, plan.targets), settings, probe=probe)
    except NoAccess as error:
        lanes = plan.lanes or (Lane(AMBIENT, ""),)
        return [diagnosis.closed(context_of(plan, lane, settings), title_of(lane), str(error)) for lane in lanes]
    if plan.targets:
        return doctor.visit(plan.lanes)
    try:
        region = connect.ambient_region()
    except NoAccess as error:
        place = context_of(plan, Lane(AMBIENT, ""), settings)
        return [diagnosis.without_region(place, title_of(place.lane), str(error), assume_role.credentials_problem())]
    return [doctor.visit_environment(region)]


@dataclass(frozen=True, slots=True)
class Doctor:
    """Examines accounts. `settings` are the environment's variables, none in a simulation; `probe` is as for `diagnose`."""

    plan: Plan
    connect: Connect
    settings: Mapping[str, str]
    probe: bool

    def visit(self, lanes: Sequence[Lane]) -> list[Diagnosis]:
        """Return the diagnosis of each of these accounts/regions."""
        found = knock(self.connect, lanes, TRIES)
        with threads(min(len(lanes), MOST_AT_DOOR) or 1) as executor:
            return list(executor.map(lambda lane: self._judge(lane, found[lane]), lanes))

    def visit_environment(self, region: str) -> Diagnosis:
        """Return the diagnosis of the account of the environment's credentials, in a region."""
        lane = Lane(AMBIENT, region)
        found = knock(self.connect, [lane], TRIES)[lane]
        if not isinstance(found, Identity):
            return self._judge(lane, found)
        lane = Lane(found.account_id, region)
        if message := stranger_to(self.plan, lane):
            return diagnosis.other_account(str(lane), message)
        return self._judge(lane, found)

    def _judge(self, lane: Lane, found: Identity | Problem | str) -> Diagnosis:
        place = context_of(self.plan, lane, self.settings)
        if not isinstance(found, Identity):
            return diagnosis.closed(place, title_of(lane), found)
        if found.account_id != lane.account_id:
            return diagnosis.another(place, found)
        try:
            catalog = self.connect(lane)
        except NoAccess as error:
            return diagnosis.closed(place, title_of(lane), str(error))
        clock = SystemClock()
        with threads(1) as unused:
            surveyor = Surveyor(clock=clock, sleep=time.sleep, executor=unused)
            examination = examine(surveyor, lane, catalog, probe=self.probe)
        return diagnosis.entered(place, found, examination, catalog.endpoint, clock.now())


def context_of(plan: Plan, lane: Lane, settings: Mapping[str, str]) -> AccessContext:
    """Return what remedies for an account/region depend on."""
    target = next((target for target in plan.targets if lane in target.lanes), None)
    return AccessContext(lane=lane, target=target, settings=settings)


def title_of(lane: Lane) -> str:
    """Return what an account/region is called, also where it is not known."""
    return str(lane) if lane.account_id != AMBIENT else f"{ENVIRONMENT}, {lane.region or 'no region'}"
