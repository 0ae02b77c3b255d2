"""
Holds requests and answers against botocore's own service model: what the real API would reject is rejected here too.

botocore's validator checks types, required members and minima; maxima, patterns and enums are added from the model.
"""

from __future__ import annotations

import re
from typing import Any

import botocore.loaders
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator


class ApiError(Exception):
    """An error answer. AWS JSON errors come with HTTP 400 here, also for what is not found (seen in the wild)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Contract:
    """The service model of Service Catalog, as AWS publishes it in botocore."""

    def __init__(self) -> None:
        built_in = [botocore.loaders.Loader.BUILTIN_DATA_PATH]
        loader = botocore.loaders.Loader(extra_search_paths=built_in, include_default_search_paths=False)
        self._model = ServiceModel(loader.load_service_model("servicecatalog", "service-2"), "servicecatalog")
        self._validator = ParamValidator()
        self.target_prefix = str(self._model.metadata["targetPrefix"])

    def check_request(self, operation: str, parameters: dict[str, Any]) -> None:
        """
        Check a request as the service would.

        Raises:

            ApiError: It does not fit the model.
        """
        if operation not in self._model.operation_names:
            code = "UnknownOperationException"
            raise ApiError(code, f"there is no operation {operation}")
        shape: Any = self._model.operation_model(operation).input_shape
        report = self._validator.validate(parameters, shape)
        problems = [report.generate_report()] if report.has_errors() else list(violations(shape, parameters, ""))
        if problems:
            code = "ValidationException"
            count = len(problems)
            raise ApiError(code, f"{count} validation error detected: {'; '.join(problems)}")

    def check_answer(self, operation: str, answer: dict[str, Any]) -> None:
        """
        Check that an answer has nothing that the model does not know.

        Raises:

            TypeError: It has: a mistake in the simulator.
        """
        unknown_members(self._model.operation_model(operation).output_shape, answer, operation)


def violations(shape: Any, value: Any, path: str) -> list[str]:  # noqa: ANN401 - JSON
    """List the maxima, patterns and enums of the model that a request breaks."""
    if shape is None or value is None:
        return []
    if shape.type_name == "structure":
        return [
            found
            for name, member in shape.members.items()
            if name in value
            for found in violations(member, value[name], name)
        ]
    if shape.type_name == "list":
        return [found for item in value for found in violations(shape.member, item, path)]
    if shape.type_name == "map":
        keys = [found for key in value for found in violations(shape.key, key, path)]
        return keys + [found for item in value.values() for found in violations(shape.value, item, path)]
    return constraint(shape, value, path)


def constraint(shape: Shape, value: Any, path: str) -> list[str]:  # noqa: ANN401 - JSON
    """Return the broken constraint of a single value, in the words of a real answer."""
    rules = shape.metadata
    what = f"Value '{value}' at '{path[:1].lower()}{path[1:]}' failed to satisfy constraint: Member must"
    if "enum" in rules and value not in rules["enum"]:
        return [f"{what} satisfy enum value set: [{', '.join(rules['enum'])}]"]
    if shape.type_name == "string":
        if "max" in rules and len(value) > rules["max"]:
            return [f"{what} have length less than or equal to {rules['max']}"]
        if "pattern" in rules and not re.fullmatch(python_pattern(rules["pattern"]), value):
            return [f"{what} satisfy regular expression pattern: {rules['pattern']}"]
    elif "max" in rules and value > rules["max"]:
        return [f"{what} have value less than or equal to {rules['max']}"]
    return []


def python_pattern(pattern: str) -> str:
    """Turn the model's Java pattern into one that Python reads."""
    return pattern.removeprefix("^").removesuffix("$").replace("\\u0009", "\t").replace("\\u000a", "\n")


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
