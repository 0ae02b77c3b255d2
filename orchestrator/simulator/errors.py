"""Error answers of the simulated services."""

from __future__ import annotations


class ApiError(Exception):
    """An error answer. AWS JSON errors come with HTTP 400 here, also for what is not found (seen in the wild)."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid(message: str) -> ApiError:
    """Return the error of a parameter that is not valid."""
    code = "InvalidParametersException"
    return ApiError(code, message)


def missing(message: str) -> ApiError:
    """Return the error of a resource that does not exist, or that the caller does not see."""
    code = "ResourceNotFoundException"
    return ApiError(code, message)


def unserializable(message: str) -> ApiError:
    """Return the error of a request that is not JSON of the operation's types."""
    code = "SerializationException"
    return ApiError(code, message)


def unknown_operation(message: str) -> ApiError:
    """Return the error of an operation that is not served."""
    code = "UnknownOperationException"
    return ApiError(code, message)
