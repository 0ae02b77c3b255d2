"""The types of single values in a plan: how each is checked, and what the JSON Schema says about it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from orchestrator.core.plan.model import Tolerance
from orchestrator.core.values.arns import is_arn, parse_arn
from orchestrator.core.values.durations import parse_duration
from orchestrator.core.values.globs import is_glob, mistake_in

MOST_PER_SECOND = 1000

UNSET: Any = None
"""The default of keys that may be left out but must not be empty."""

PERCENT = re.compile(r"(100|[1-9]?[0-9])%")
NAME_PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}")
NO_NAME = re.compile(r"[^A-Za-z0-9._*?\[\]!-]")
WORD = re.compile(r"[A-Za-z0-9._-]{1,128}")


def read_duration(value: object) -> int:
    """Convert a duration such as 1h30m to seconds."""
    if not isinstance(value, str):
        message = "expected a duration, as in 30s, 45m, 4h or 1h30m"
        raise PydanticCustomError("duration", message)
    try:
        return parse_duration(value)
    except ValueError as error:
        raise PydanticCustomError("duration", "{why}", {"why": str(error)}) from error


def read_tolerance(value: object) -> Tolerance:
    """Convert a failure tolerance, a number such as 3 or a share such as 10%."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Tolerance(count=value)
    if isinstance(value, str) and (match := PERCENT.fullmatch(value)):
        return Tolerance(percent=int(match.group(1)))
    message = "expected a number of failures, as in 3, or a share of the terminations, as in 10%"
    raise PydanticCustomError("tolerance", message)


def read_version(value: object) -> int:
    """Check the version of the plan format."""
    if type(value) is not int or value != 1:
        message = "there is only version 1; write `Version: 1`"
        raise PydanticCustomError("version", message)
    return value


def read_rate(value: object) -> float:
    """Convert a rate per second."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_PER_SECOND:
        message = "expected a number of terminations per second, more than 0 and at most 1000, or null"
        raise PydanticCustomError("rate", message)
    return float(value)


def check_name_or_arn(value: str) -> str:
    """Check the name or the ARN of a provisioned product."""
    if is_arn(value):
        try:
            parse_arn(value)
        except ValueError as error:
            raise PydanticCustomError("arn", "{why}", {"why": str(error)}) from error
    elif not NAME_PATTERN.fullmatch(value):
        message = "not a name of a provisioned product (letters, digits, `.`, `_` and `-`, at most 128), nor its ARN"
        raise PydanticCustomError("name", message)
    return value


def check_dependency(value: str) -> str:
    """Check one item of `DependsOn`."""
    if is_glob(value):
        check_name_glob(value)
    elif not WORD.fullmatch(value):
        message = "expected the ProvisionedProductId, ProvisionedProductName or Key of an entry, or a glob as in team-*"
        raise PydanticCustomError("dependency", message)
    return value


def check_glob(value: str) -> str:
    """Check a glob, or a word to be matched literally."""
    if not value or not value.isprintable():
        message = "expected a name or a glob, as in team-*, without control characters"
        raise PydanticCustomError("glob", message)
    if is_glob(value) and (mistake := mistake_in(value)):
        raise PydanticCustomError("glob", "not a glob: {why}", {"why": mistake})
    return value


def check_name_glob(value: str) -> str:
    """Check a glob over names of provisioned products, which must not contain characters that no name has."""
    check_glob(value)
    if strange := NO_NAME.search(value):
        message = "no name has `{character}` in it; write a list for several names, and * or ? for any characters"
        raise PydanticCustomError("glob", message, {"character": strange.group()})
    return value


def check_tag_value(value: str) -> str:
    """Check a glob over the values of a tag, or a literal value, which may be empty."""
    return check_glob(value) if value else value


def as_list(value: object) -> object:
    """Convert a single word to a list of one."""
    return value if isinstance(value, list) else [value]


def check_rows_name(value: str) -> str:
    """Check the name of a file of rows, which must be in the plan's folder or below it."""
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not value.isprintable() or "\\" in value:
        message = "a file of products stays in the plan's folder, so that who may change it is beyond doubt"
        raise PydanticCustomError("rows", message)
    if path.suffix not in (".csv", ".jsonl"):
        message = "expected a file whose name ends in .csv or .jsonl"
        raise PydanticCustomError("rows", message)
    return value


def check_one_line(value: str) -> str:
    """Refuse a line break at the end, which `$` in a pattern allows."""
    if "\n" in value:
        message = "must be one line"
        raise PydanticCustomError("one_line", message)
    return value


# For the JSON Schema: the forms of the types that are checked by functions, as far as a schema can express them.
DURATION_FORM = r"^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$"
NAME_FORM = r"^([a-zA-Z0-9][a-zA-Z0-9._-]{0,127}|arn:aws[a-z-]*:servicecatalog:[a-z0-9-]+:[0-9]{12}:stack/[^/]+/[^/]+)$"
WORD_FORM = r"^([A-Za-z0-9._-]{1,128}|[A-Za-z0-9._*?\[\]!-]*[*?\[][A-Za-z0-9._*?\[\]!-]*)$"
TOLERANCE_FORM = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^(100|[1-9]?[0-9])%$"}]}
RATE_FORM = {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_PER_SECOND}

Duration = Annotated[int, BeforeValidator(read_duration), WithJsonSchema({"type": "string", "pattern": DURATION_FORM})]
ToleranceText = Annotated[Tolerance, BeforeValidator(read_tolerance), WithJsonSchema(TOLERANCE_FORM)]
Rate = Annotated[float, BeforeValidator(read_rate), WithJsonSchema(RATE_FORM)]
FormatVersion = Annotated[int, BeforeValidator(read_version), WithJsonSchema({"const": 1})]
PlanName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$"), AfterValidator(check_one_line)]
# The service model's own pattern for ids, anchored.
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$"), AfterValidator(check_one_line)]
EntryKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"), AfterValidator(check_one_line)]

AccountNumber = Annotated[str, Field(pattern=r"^[0-9]{12}$"), AfterValidator(check_one_line)]
RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$"), AfterValidator(check_one_line)]
NameOrArn = Annotated[str, AfterValidator(check_name_or_arn), WithJsonSchema({"type": "string", "pattern": NAME_FORM})]
Dependency = Annotated[str, AfterValidator(check_dependency), WithJsonSchema({"type": "string", "pattern": WORD_FORM})]
# What sts:AssumeRole accepts, from its service model; before a role's name there may be a path.
RolePath = Annotated[
    str, Field(pattern=r"^([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}$"), AfterValidator(check_one_line)
]
RoleArnText = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$"), AfterValidator(check_one_line)
]
ExternalIdText = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$"), AfterValidator(check_one_line)]
SessionName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{2,64}$"), AfterValidator(check_one_line)]
ProfileName = Annotated[str, Field(min_length=1), AfterValidator(check_one_line)]
NameGlob = Annotated[
    str, AfterValidator(check_name_glob), WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9._*?\[\]!-]+$"})
]
GlobText = Annotated[str, AfterValidator(check_glob), WithJsonSchema({"type": "string", "minLength": 1})]
TagKey = Annotated[str, Field(min_length=1, max_length=128)]
TagValue = Annotated[str, AfterValidator(check_tag_value)]
RowsName = Annotated[
    str,
    AfterValidator(check_rows_name),
    WithJsonSchema({"type": "string", "pattern": r"^(?!/)(?!.*\.\./).+\.(csv|jsonl)$"}),
]

Word = TypeVar("Word")
Several = Annotated[list[Word], BeforeValidator(as_list), Field(min_length=1)]
"""One word, or a list of words."""
