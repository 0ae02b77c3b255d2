"""What a plan's lanes would allow: asked side by side, before anybody relies on it at night."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.api.entrance import MOST_AT_DOOR, Entrance
from orchestrator.core.lane import Lane
from orchestrator.engine.examination import Examination, examine
from orchestrator.engine.pools import threads
from orchestrator.engine.survey import Surveyor


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """
    What is known of one lane. `problem` says why it cannot be entered; then nothing else is known. `seconds_left` is how
    long the credentials still last, None if they do not expire or that is not known.
    """

    lane: Lane
    arn: str | None = None
    endpoint: str | None = None
    problem: str | None = None
    examination: Examination | None = None
    seconds_left: float | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing that was tried is missing."""
        return self.examination is not None and not self.examination.missing


def diagnose(entrance: Entrance, *, probe: bool = False) -> list[Diagnosis]:
    """
    Try in each lane what a run needs.

    Args:

        entrance: The lanes, entered.
        probe: Whether to send one termination of a product that does not exist in each.

    Returns:

        A diagnosis for each lane, also for those that could not be entered.
    """
    lanes = list(entrance.identities)
    with threads(1) as unused, threads(min(len(lanes), MOST_AT_DOOR) or 1) as executor:
        surveyor = Surveyor(clock=entrance.clock, sleep=entrance.sleep, executor=unused)
        found = executor.map(lambda lane: examine(surveyor, lane, entrance.connect(lane), probe=probe), lanes)
        examinations = dict(zip(lanes, found, strict=True))
    now = entrance.clock.now()
    return [
        *(
            Diagnosis(
                lane=lane,
                arn=entrance.identities[lane].arn,
                endpoint=entrance.endpoints[lane],
                examination=examination,
                seconds_left=examination.life.expires_at - now if examination.life.expires_at is not None else None,
            )
            for lane, examination in examinations.items()
        ),
        *(Diagnosis(lane=lane, problem=problem) for lane, problem in entrance.barred.items()),
    ]
