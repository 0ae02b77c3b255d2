"""What a rehearsal finds: a world file, or else everything that the plan names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.core.lane import Lane
from orchestrator.core.plan import Entry, Plan
from orchestrator.errors import InvalidInput

if TYPE_CHECKING:
    from orchestrator.simulator import WorldSpec

HOME = Lane("111122223333", "eu-west-1")
"""Where a plan without targets is rehearsed."""


def world_for(plan: Plan, world: Path | None) -> WorldSpec:
    """
    Return the world that a plan is rehearsed in.

    Args:

        plan: A valid plan.
        world: A world file; None for one in which every product that the plan names exists.

    Raises:

        InvalidInput: The world file has mistakes.
    """
    from orchestrator import simulator  # noqa: PLC0415 - only rehearsals need it

    try:
        return simulator.read_world(world) if world is not None else simulator.WorldSpec.model_validate(made_up(plan))
    except simulator.WorldInvalid as error:
        raise InvalidInput(str(error)) from error


def made_up(plan: Plan) -> dict[str, Any]:
    """Return a world in which every product that a plan names exists, in the first lane that it may be in."""
    lanes = plan.lanes or (ambient_lane(plan),)
    products: dict[Lane, list[dict[str, str]]] = {lane: [] for lane in lanes}
    for entry in plan.entries:
        lane = next((lane for lane in lanes if entry.admits(lane)), lanes[0])
        products[lane].append(product_of(entry, lane))
    home = lanes[0]
    return {
        "Account": home.account_id,
        "Region": home.region,
        "Products": products[home],
        "Lanes": [
            {"Account": lane.account_id, "Region": lane.region, "Products": found}
            for lane, found in products.items()
            if lane != home
        ],
    }


def ambient_lane(plan: Plan) -> Lane:
    """Return the lane of a plan without targets: the one that its entries name, as far as they do."""
    account_id = next((entry.account_id for entry in plan.entries if entry.account_id), HOME.account_id)
    region = next((entry.region for entry in plan.entries if entry.region), HOME.region)
    return Lane(account_id, region)


def product_of(entry: Entry, lane: Lane) -> dict[str, str]:
    """Return the product that an entry means; its id is made of its name if the plan does not say."""
    product_id = entry.product_id or f"pp-{hashlib.sha256(f'{lane}/{entry.name}'.encode()).hexdigest()[:13]}"
    return {"Id": product_id} | ({"Name": entry.name} if entry.name else {})
