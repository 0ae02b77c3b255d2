"""What a rehearsal finds: a world file, or else everything that the plan names."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.core.plan.model import Conditions, Entry, Plan
from orchestrator.core.review.match import admits
from orchestrator.core.review.protect import PROTECT
from orchestrator.core.values.lane import Lane
from orchestrator.errors import InvalidInput

if TYPE_CHECKING:
    from orchestrator.simulator import WorldSpec

HOME = Lane("111122223333", "eu-west-1")
"""Where a plan without targets is rehearsed."""

DAY = 86_400


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
    """
    Return a world in which every product that a plan names exists, in the first lane that it may be in; and for each of its
    selections, in each lane, products that fit it, one of them protected, and one that does not.
    """
    lanes = plan.lanes or (ambient_lane(plan),)
    products: dict[Lane, list[dict[str, Any]]] = {lane: [] for lane in lanes}
    for entry in plan.entries:
        lane = next((lane for lane in lanes if entry.admits(lane)), lanes[0])
        products[lane].append(product_of(entry, lane))
    for number, selection in enumerate(plan.selections, start=1):
        for lane in lanes:
            if admits(selection.conditions, lane):
                taken = {product.get("Name") for product in products[lane]}
                products[lane] += [each for each in examples(selection.conditions, number) if each["Name"] not in taken]
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
    accounts = [entry.account_id for entry in plan.entries if entry.account_id]
    accounts += [each for selection in plan.selections for each in selection.conditions.account_ids]
    regions = [entry.region for entry in plan.entries if entry.region]
    regions += [each for selection in plan.selections for each in selection.conditions.regions]
    return Lane(next(iter(accounts), HOME.account_id), next(iter(regions), HOME.region))


def product_of(entry: Entry, lane: Lane) -> dict[str, str]:
    """Return the product that an entry means; its id is made of its name if the plan does not say."""
    product_id = entry.product_id or f"pp-{hashlib.sha256(f'{lane}/{entry.name}'.encode()).hexdigest()[:13]}"
    return {"Id": product_id} | ({"Name": entry.name} if entry.name else {})


def examples(conditions: Conditions, number: int) -> list[dict[str, Any]]:
    """Return products for a selection: two that fit, one that fits and is protected, one that does not."""
    tags = {key: example(values[0], 1) for key, values in conditions.tags}
    like = {
        "Status": conditions.statuses[0] if conditions.statuses else "AVAILABLE",
        "Age": age_for(conditions),
        **({"Type": conditions.types[0]} if conditions.types else {}),
        **({"ProductId": conditions.catalog_ids[0]} if conditions.catalog_ids else {}),
        **({"ProductName": example(conditions.catalog_names[0], 1)} if conditions.catalog_names else {}),
        **({"UserArn": example(conditions.user_arns[0], 1)} if conditions.user_arns else {}),
    }
    pattern = conditions.names[0] if conditions.names else f"selected-{number}-*"
    fitting = [
        {"Id": f"pp-selection{number}-{each}", "Name": example(pattern, each), "Tags": tags, **like} for each in (1, 2, 3)
    ]
    fitting[2]["Tags"] = {**tags, PROTECT: "true"}
    other = {"Id": f"pp-selection{number}-other", "Name": f"not-selected-{number}", "Age": 0, "Status": "TAINTED"}
    # A name without a wildcard can be borne by one only.
    return [*{product["Name"]: product for product in reversed(fitting)}.values(), other]


def age_for(conditions: Conditions) -> float:
    """Return an age that fits, in days."""
    least, most = conditions.older_than_seconds or 0, conditions.younger_than_seconds
    if most is not None:
        return (least + most) / 2 / DAY
    return least / DAY + 1 if least else 30


def example(pattern: str, number: int) -> str:
    """Return a word that fits a glob."""
    word = re.sub(r"\[(?:!.)?([^]])[^]]*\]", r"\1", pattern)
    return word.replace("*", str(number)).replace("?", str(number))
