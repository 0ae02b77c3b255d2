"""
The form of requests: JSON read into the types of an operation, then held against its constraints.

The two steps fail as AWS's JSON services do: a value of the wrong type is a SerializationException, a broken constraint is
a ValidationException. A null member counts as absent, and an unknown member is ignored. That Service Catalog does the same
is a guess, and so are the words of a SerializationException; the words of a ValidationException were seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import botocore.loaders
from botocore.model import ServiceModel

from orchestrator.simulator.errors import ApiError, unknown_operation, unserializable
from orchestrator.simulator.resources import Json

FORM_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "structure": ("structure", (dict,)),
    "map": ("map", (dict,)),
    "list": ("list", (list,)),
    "string": ("String", (str,)),
    "blob": ("Blob", (str,)),
    "integer": ("Integer", (int,)),
    "long": ("Long", (int,)),
    "float": ("Float", (int, float)),
    "double": ("Double", (int, float)),
    "timestamp": ("Timestamp", (int, float)),
    "boolean": ("Boolean", (bool,)),
}

DEEPEST = 100
"""How deeply the JSON of a request may be nested; the model's own nesting is below ten."""

JAVA_CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\w", r"\p{Z}": r"\s"}
"""Classes of Java's patterns, and Python's that hold them: a little more is let through, and nothing less."""


def parse(body: bytes) -> Json:
    """
    Read the JSON of a request.

    Raises:

        ApiError: It is not a JSON object.
    """
    try:
        request = json.loads(body or b"{}")
    except RecursionError as error:
        raise unserializable("the request is nested too deeply") from error
    except ValueError as error:
        raise unserializable(str(error)) from error
    if not isinstance(request, dict):
        raise unserializable("the request is not an object")
    if depth_exceeds(request, DEEPEST):
        raise unserializable("the request is nested too deeply")
    return request


def depth_exceeds(value: Any, most: int) -> bool:  # noqa: ANN401 - JSON
    """Whether JSON is nested more deeply than that."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


def typed_value(shape: Any, value: Any) -> Any:  # noqa: ANN401 - JSON
    """
    Return a value without its nulls and its unknown members.

    Raises:

        ApiError: Something in it is of another type than the model says.
    """
    if shape is None:
        return {}
    name, kinds = FORM_KINDS[shape.type_name]
    if type(value) not in kinds:
        raise unserializable(wrong_type(value, name))
    if shape.type_name == "structure":
        return {key: typed_value(member, value[key]) for key, member in shape.members.items() if value.get(key) is not None}
    if shape.type_name == "map":
        return {key: typed_value(shape.value, each) for key, each in value.items() if each is not None}
    if shape.type_name == "list":
        return [typed_value(shape.member, each) for each in value if each is not None]
    return value


def wrong_type(value: Any, wanted: str) -> str:  # noqa: ANN401 - JSON
    """Say that a value cannot be read as a type, as other JSON services of AWS say it."""
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    kind = {str: "STRING_VALUE", bool: f"{value}_VALUE".upper()}.get(type(value), "NUMBER_VALUE")
    return f"{kind} can not be converted to a {wanted}"


def constrained(shape: Any, request: Json) -> None:  # noqa: ANN401 - botocore has no type for any shape
    """
    Hold a typed request against the model's constraints.

    Raises:

        ApiError: It breaks some; all of them are named.
    """
    found = list(violations(shape, request, "")) if shape is not None else []
    if found:
        code = "ValidationException"
        errors = "error" if len(found) == 1 else "errors"
        raise ApiError(code, f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def violations(shape: Any, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the constraints that a value breaks, in the words of a real answer."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            place = f"{path}.{name[:1].lower()}{name[1:]}".removeprefix(".")
            if name in value:
                yield from violations(member, value[name], place)
            elif name in shape.required_members:
                yield f"Value null at '{place}' failed to satisfy constraint: Member must not be null"
        return
    for rule in broken(shape, value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {rule}"
    if shape.type_name == "list":
        for number, each in enumerate(value, start=1):
            yield from violations(shape.member, each, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, each in value.items():
            for rule in broken(shape.key, key):
                words = f"Map keys must satisfy constraint: [Member must {rule}]"
                yield f"Value '{value}' at '{path}' failed to satisfy constraint: {words}"
            yield from violations(shape.value, each, f"{path}.{key}.member")


def broken(shape: Any, value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield what a single value would have to satisfy and does not."""
    rules = shape.metadata
    if shape.type_name in ("string", "list", "map", "blob"):
        size, what = len(value), "length"
    else:
        size, what = value, "value"
    if "min" in rules and size < rules["min"]:
        yield f"have {what} greater than or equal to {rules['min']}"
    if "max" in rules and size > rules["max"]:
        yield f"have {what} less than or equal to {rules['max']}"
    if "enum" in rules and value not in rules["enum"]:
        yield f"satisfy enum value set: [{', '.join(rules['enum'])}]"
    pattern = compiled(rules["pattern"]) if "pattern" in rules else None
    if pattern is not None and not pattern.fullmatch(value):
        yield f"satisfy regular expression pattern: {rules['pattern']}"


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Compile one of the model's Java patterns; None if Python has no like of it, so that nothing is held against it."""
    for java, python in JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    try:
        return re.compile(pattern)
    except re.error:
        return None


class Contract:
    """The service model of Service Catalog, as AWS publishes it in botocore."""

    def __init__(self) -> None:
        built_in = [botocore.loaders.Loader.BUILTIN_DATA_PATH]
        loader = botocore.loaders.Loader(extra_search_paths=built_in, include_default_search_paths=False)
        self._model = ServiceModel(loader.load_service_model("servicecatalog", "service-2"), "servicecatalog")
        self.target_prefix = str(self._model.metadata["targetPrefix"])

    def check_request(self, operation: str, request: Json) -> Json:
        """
        Check a request as the service would, and return it as the service reads it.

        Raises:

            ApiError: It does not fit the model.
        """
        if operation not in self._model.operation_names:
            message = f"there is no operation {operation}"
            raise unknown_operation(message)
        shape = self._model.operation_model(operation).input_shape
        read: Json = typed_value(shape, request)
        constrained(shape, read)
        return read

    def check_answer(self, operation: str, answer: Json) -> None:
        """
        Check that an answer has nothing that the model does not know.

        Raises:

            TypeError: It has: a mistake in the simulator.
        """
        unknown_members(self._model.operation_model(operation).output_shape, answer, operation)


def unknown_members(shape: Any, value: Any, path: str) -> None:  # noqa: ANN401 - JSON
    """Refuse members that the model does not have."""
    if shape is None:
        return
    if shape.type_name == "structure":
        for name, item in value.items():
            if name not in shape.members:
                message = f"{path} has no member {name}"
                raise TypeError(message)
            unknown_members(shape.members[name], item, f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            unknown_members(shape.member, item, path)
