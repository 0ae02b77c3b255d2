"""
Holds requests and answers against botocore's own service model: what the real API would reject is rejected here too.
"""

from __future__ import annotations

from typing import Any

import botocore.loaders
from botocore.model import ServiceModel

from orchestrator.simulator.errors import unknown_operation
from orchestrator.simulator.form import constrained, typed_value
from orchestrator.simulator.resources import Json


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
