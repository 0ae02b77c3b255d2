"""
What there is: the form of a world file, read strictly.

A world is made up for rehearsals and tests. Every field has a default, so that the smallest world is `{}`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from orchestrator.simulator.specs import (
    OPERATIONS,
    AccountSpec,
    AccountText,
    CrowdSpec,
    FaultSpec,
    NonNegative,
    PagingSpec,
    ProductSpec,
    QuotaSpec,
    RegionText,
    StrictSpec,
)


class WorldInvalid(Exception):
    """A world file has mistakes."""


class Holdings(StrictSpec):
    """What one account holds in one region, its quotas and its trouble."""

    UnderChangeCode: str = "ValidationException"
    SearchLag: NonNegative = 0.0
    LookupLag: NonNegative = 0.0
    RecordLag: NonNegative = 0.0
    HistoryLag: NonNegative = 0.0
    ClockOffset: Annotated[float, Field(ge=-1e9, le=1e9)] = 0.0
    DateHeader: Literal["honest", "absent", "cached"] = "honest"
    Tokens: Literal["remembered", "forgotten", "refused"] = "remembered"
    Deny: tuple[OPERATIONS, ...] = ()
    Paging: PagingSpec = PagingSpec()
    Quotas: dict[OPERATIONS, QuotaSpec] = Field(default={})
    Products: tuple[ProductSpec, ...] = ()
    Crowd: CrowdSpec | None = None
    Faults: tuple[FaultSpec, ...] = ()

    @model_validator(mode="after")
    def _ids_and_names_are_unique(self) -> Self:
        known = {product.Id for product in self.Products}
        unknown = [product.Follows for product in self.Products if product.Follows and product.Follows not in known]
        if unknown:
            message = f"Follows names products that do not exist: {', '.join(unknown)}"
            raise ValueError(message)
        for what, found in (
            ("products listed twice", [product.Id for product in self.Products]),
            ("names borne twice at a time", [product.Name for product in self.Products if product.is_there_at_first]),
        ):
            twice = [str(each) for each, count in Counter(found).items() if each is not None and count > 1]
            if twice:
                message = f"{what}: {', '.join(twice)}"
                raise ValueError(message)
        return self

    def all_products(self, seed: int) -> Iterator[ProductSpec]:
        """Yield the products named, then the crowd; durations that are not given are drawn from the seed (1-4 s)."""
        draw = random.Random(seed)  # noqa: S311 - a made-up world
        names = {product.Id: product.Name or f"name-of-{product.Id}" for product in self.Products}
        for product in self.Products:
            yield completed(product, names[product.Follows or product.Id], draw)
        for number in range(self.Crowd.Count if self.Crowd else 0):
            assert self.Crowd is not None
            fails = draw.random() < self.Crowd.FailOnce
            yield ProductSpec(
                Id=f"{self.Crowd.Prefix}-{number:06d}",
                Name=f"{self.Crowd.Prefix}-{number:06d}",
                Duration=round(draw.uniform(*self.Crowd.Duration), 3),
                Terminations=("FAILED", "SUCCEEDED") if fails else ("SUCCEEDED",),
            )


def completed(product: ProductSpec, name: str, draw: random.Random) -> ProductSpec:
    """Return a product with a name, if it has none of its own, and with a duration that is drawn if it is not given."""
    duration = product.Duration if product.Duration is not None else round(draw.uniform(1.0, 4.0), 2)
    return product.model_copy(update={"Duration": duration, "Name": product.Name or name})


class LaneSpec(Holdings):
    """A further account and region, with what it holds."""

    Account: AccountText
    Region: RegionText


class WorldSpec(Holdings):
    """
    A whole world. `Account` and `Region` are where the client's own credentials lead, and the keys beside them say what
    there is; `Lanes` are further accounts and regions, and `Accounts` says who may do what in each.
    """

    Seed: int = 1
    Speed: Annotated[float, Field(gt=0)] = 1.0
    Account: AccountText = "111122223333"
    Region: RegionText = "eu-west-1"
    Lanes: tuple[LaneSpec, ...] = ()
    Accounts: dict[AccountText, AccountSpec] = Field(default={})

    @model_validator(mode="after")
    def _lanes_are_unique(self) -> Self:
        lanes = Counter([(self.Account, self.Region), *((lane.Account, lane.Region) for lane in self.Lanes)])
        twice = ["/".join(lane) for lane, count in lanes.items() if count > 1]
        if twice:
            message = f"lanes listed twice: {', '.join(twice)}"
            raise ValueError(message)
        return self

    @property
    def all_lanes(self) -> dict[tuple[str, str], Holdings]:
        """What each lane holds, the first one's first."""
        return {(self.Account, self.Region): self} | {(lane.Account, lane.Region): lane for lane in self.Lanes}

    @property
    def all_accounts(self) -> dict[str, AccountSpec]:
        """Who may do what, for every account that there is."""
        known = dict.fromkeys([self.Account, *(lane.Account for lane in self.Lanes)])
        return {account: self.Accounts.get(account, AccountSpec()) for account in [*known, *self.Accounts]}


MOST_WORLD_BYTES = 64 * 1024 * 1024
MOST_NODES = 5_000_000


class Bounded(yaml.SafeLoader):
    """Reads YAML whose aliases do not make more of it than fits: a few lines could stand for billions."""

    def construct_document(self, node: yaml.Node) -> Any:  # noqa: ANN401 - as the base class has it
        """Count before anything is built."""
        if size_of(node, {}) > MOST_NODES:
            message = f"it stands for more than {MOST_NODES:,} values"
            raise ValueError(message)
        return super().construct_document(node)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse merges, which multiply while they are read."""
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            message = "merge keys are not read"
            raise ValueError(message)


def size_of(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the values that a node stands for, each alias for all that it names."""
    if id(node) not in known:
        children: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            children = [each for pair in node.value for each in pair]
        elif isinstance(node, yaml.SequenceNode):
            children = node.value
        known[id(node)] = 1
        known[id(node)] = 1 + sum(size_of(child, known) for child in children)
    return known[id(node)]


def read_world(path: Path) -> WorldSpec:
    """
    Read a world file.

    Args:

        path: The YAML file.

    Raises:

        WorldInvalid: It has mistakes, or cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            message = "this is no file"
            raise ValueError(message)
        if path.stat().st_size > MOST_WORLD_BYTES:
            message = f"it is longer than {MOST_WORLD_BYTES // 1024 // 1024} MiB"
            raise ValueError(message)
        content = yaml.load(path.read_bytes().decode(), Loader=Bounded)  # noqa: S506 - it is a SafeLoader
        return WorldSpec.model_validate(content if content is not None else {})
    except ValidationError as error:
        mistakes = "\n".join(
            f"{path}: {'.'.join(map(str, detail['loc'])) or 'the world'}: {detail['msg']}" for detail in error.errors()
        )
        raise WorldInvalid(mistakes) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        message = f"{place}: not YAML: {error.problem}"
        raise WorldInvalid(message) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        message = f"{path}: {error}"
        raise WorldInvalid(message) from error
