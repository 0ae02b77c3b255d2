"""
What there is: the form of a world file, read strictly.

A world is made up for rehearsals and tests. Every field has a default, so that the smallest world is `{}`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

OPERATIONS = Literal[
    "TerminateProvisionedProduct",
    "DescribeRecord",
    "DescribeProvisionedProduct",
    "ScanProvisionedProducts",
    "SearchProvisionedProducts",
    "ListRecordHistory",
    "GetCallerIdentity",
]

NonNegative = Annotated[float, Field(ge=0)]


class WorldInvalid(Exception):
    """A world file has mistakes."""


class Strict(BaseModel):
    """Nothing unknown is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class QuotaSpec(Strict):
    """How fast one operation may be called, per account and region."""

    Rate: Annotated[float, Field(gt=0)]
    Burst: Annotated[float, Field(ge=1)] = 1


class ErrorSpec(Strict):
    """One error of a record that FAILED."""

    Code: str = "400"
    Description: str = "Stack [{stack}] cannot be deleted while TerminationProtection is enabled"


class ProductSpec(Strict):
    """
    One provisioned product.

    `Terminations` says how its terminations end, one after another; the last one repeats. `Change` is what keeps a product
    UNDER_CHANGE, and for how long. `Duration` is in seconds.
    """

    Id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    Name: str | None = None
    Type: str = "CFN_STACK"
    Status: str = "AVAILABLE"
    Duration: NonNegative | None = None
    Terminations: Annotated[tuple[Literal["SUCCEEDED", "FAILED", "NEVER"], ...], Field(min_length=1)] = ("SUCCEEDED",)
    Error: ErrorSpec = ErrorSpec()
    Change: Literal["UPDATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISIONED_PRODUCT"] | None = None
    Tags: dict[str, str] = {}
    HiddenFromSearch: bool = False


class CrowdSpec(Strict):
    """Many products alike: `Count` of them, named and numbered after `Prefix`, durations drawn from a range."""

    Count: Annotated[int, Field(ge=0, le=1_000_000)]
    Prefix: str = "pp-crowd"
    Duration: tuple[NonNegative, NonNegative] = (1.0, 4.0)
    FailOnce: Annotated[float, Field(ge=0, le=1)] = 0.0


class FaultSpec(Strict):
    """
    Trouble with calls of one operation, the first `Times` that match.

    `Do`: `lose_answer` carries the request out and closes the connection; `reset` closes it before; `truncate` carries it
    out and answers 200 without content; `garble` answers with bytes that are no text; `error` answers with `Code` and
    `Status`; `delay` waits `Seconds` first.
    """

    Operation: OPERATIONS
    Product: str | None = None
    Do: Literal["lose_answer", "reset", "truncate", "garble", "error", "delay"]
    After: Annotated[int, Field(ge=0)] = 0
    Times: Annotated[int, Field(ge=1)] = 1
    Code: str = "InternalFailure"
    Message: str = "a scripted fault"
    Status: Annotated[int, Field(ge=400, le=599)] = 500
    Seconds: NonNegative = 1.0


class WorldSpec(Strict):
    """A whole world: one account in one region, its products, its quotas and its trouble."""

    Seed: int = 1
    Speed: Annotated[float, Field(gt=0)] = 1.0
    Account: Annotated[str, Field(pattern=r"^\d{12}$")] = "111122223333"
    Region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")] = "eu-west-1"
    UnderChangeCode: str = "ValidationException"
    SearchLag: NonNegative = 0.0
    Quotas: dict[OPERATIONS, QuotaSpec] = {}
    Products: tuple[ProductSpec, ...] = ()
    Crowd: CrowdSpec | None = None
    Faults: tuple[FaultSpec, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = Counter(product.Id for product in self.Products)
        twice = [id_ for id_, count in ids.items() if count > 1]
        if twice:
            message = f"products listed twice: {', '.join(twice)}"
            raise ValueError(message)
        return self

    def all_products(self) -> Iterator[ProductSpec]:
        """Yield the products named, then the crowd; durations that are not given are drawn from the seed (1-4 s)."""
        draw = random.Random(self.Seed)  # noqa: S311 - a made-up world
        for product in self.Products:
            duration = product.Duration if product.Duration is not None else round(draw.uniform(1.0, 4.0), 2)
            yield product.model_copy(update={"Duration": duration, "Name": product.Name or f"name-of-{product.Id}"})
        for number in range(self.Crowd.Count if self.Crowd else 0):
            assert self.Crowd is not None
            fails = draw.random() < self.Crowd.FailOnce
            yield ProductSpec(
                Id=f"{self.Crowd.Prefix}-{number:06d}",
                Name=f"{self.Crowd.Prefix}-{number:06d}",
                Duration=round(draw.uniform(*self.Crowd.Duration), 3),
                Terminations=("FAILED", "SUCCEEDED") if fails else ("SUCCEEDED",),
            )


def read_world(path: Path) -> WorldSpec:
    """
    Read a world file.

    Args:

        path: The YAML file.

    Raises:

        WorldInvalid: It has mistakes, or cannot be read.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
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
