"""
What the simulator does with a request, HTTP apart: takes note of it, lets scripted trouble happen, throttles, holds it
against the contract, and lets the world answer.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from orchestrator.simulator.contract import ApiError, Contract
from orchestrator.simulator.quota import Bucket
from orchestrator.simulator.world import World
from orchestrator.simulator.world_file import FaultSpec, WorldSpec

IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:sts::{account}:assumed-role/Simulated/rehearsal</Arn><UserId>AROASIMULATED:rehearsal</UserId>"
    "<Account>{account}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>{request}</RequestId>"
    "</ResponseMetadata></GetCallerIdentityResponse>"
)
Json = dict[str, Any]


class Lost(Exception):
    """The connection is to be closed without an answer."""


class Service:
    """
    A world with its quotas, its scripted trouble and a ledger of every call; thread-safe.

    Args:

        spec: The world.
    """

    def __init__(self, spec: WorldSpec) -> None:
        self._spec = spec
        self._contract = Contract()
        self._began_at = time.time()
        self._world = World(spec, self._began_at)
        self._elsewhere: dict[str, World] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._faults: list[list[Any]] = [[fault, fault.After, fault.Times] for fault in spec.Faults]
        self._lock = threading.Lock()
        self.ledger: list[Json] = []

    @property
    def account(self) -> str:
        """The account of its world."""
        return self._spec.Account

    @property
    def target_prefix(self) -> str:
        """What the API's operations are prefixed with on the wire."""
        return self._contract.target_prefix

    @property
    def region(self) -> str:
        """The region of its world."""
        return self._spec.Region

    def now(self) -> float:
        """Return the world's time, in epoch seconds; it may go faster than ours."""
        return self._began_at + (time.time() - self._began_at) * self._spec.Speed

    def summary(self) -> Json:
        """Return the state of the world."""
        with self._lock:
            self._world.advance(self.now())
            return self._world.summary()

    def catalog(self, operation: str, body: bytes, region: str) -> bytes:
        """
        Answer a Service Catalog request.

        Raises:

            ApiError: The answer is an error.
            Lost: There is to be no answer.
        """
        request = parse(body)
        with self._lock:
            call = self._note(operation, region, request)
        fault = self._fault(operation, request)
        try:
            if fault is not None and fault.Do == "delay":
                time.sleep(fault.Seconds)
            if fault is not None and fault.Do == "reset":
                raise Lost
            if fault is not None and fault.Do == "error":
                raise ApiError(fault.Code, fault.Message, fault.Status)
            with self._lock:
                answer = self._carry_out(operation, request, region)
            call["record"] = answer.get("RecordDetail", {}).get("RecordId")
        except ApiError as error:
            call["error"] = error.code
            raise
        except Lost:
            call["error"] = "lost"
            raise
        return garbled(answer, fault, call)

    def identity(self) -> bytes:
        """Answer sts:GetCallerIdentity."""
        with self._lock:
            self._note("GetCallerIdentity", "", {})
        return IDENTITY.format(account=self.account, request=uuid.uuid4()).encode()

    def _note(self, operation: str, region: str, request: Json) -> Json:
        call = {
            "at": round(self.now(), 3),
            "operation": operation,
            "region": region,
            "product": request.get("ProvisionedProductId"),
            "token": request.get("TerminateToken"),
            "request": request,
            "record": None,
            "error": None,
        }
        self.ledger.append(call)
        return call

    def _carry_out(self, operation: str, request: Json, region: str) -> Json:
        now = self.now()
        if not self._allowed(operation, region, now):
            code = "ThrottlingException"
            raise ApiError(code, "Rate exceeded")
        self._contract.check_request(operation, request)
        if request.get("AccessLevelFilter", {}).get("Value", "self") != "self":
            code = "InvalidParametersException"
            raise ApiError(code, "The only supported value of an access level filter is self.")
        world = self._world if region == self.region else self._empty_world(region)
        world.advance(now)
        operations: dict[str, Callable[[], Json]] = {
            "TerminateProvisionedProduct": lambda: world.terminate(request, now),
            "DescribeRecord": lambda: world.describe_record(request),
            "DescribeProvisionedProduct": lambda: world.describe_product(request),
            "ScanProvisionedProducts": lambda: world.scan(request),
            "SearchProvisionedProducts": lambda: world.search(request, now),
            "ListRecordHistory": lambda: world.history(request),
        }
        if operation not in operations:
            code = "UnknownOperationException"
            raise ApiError(code, f"the simulator does not know {operation}")
        answer = operations[operation]()
        self._contract.check_answer(operation, answer)
        return answer

    def _empty_world(self, region: str) -> World:
        """Return the world of a region that nothing was put into."""
        if region not in self._elsewhere:
            spec = WorldSpec(Account=self.account, Region=region)
            self._elsewhere[region] = World(spec, self._began_at)
        return self._elsewhere[region]

    def _allowed(self, operation: str, region: str, now: float) -> bool:
        quota = self._spec.Quotas.get(operation)  # type: ignore[call-overload]
        if quota is None:
            return True
        return self._buckets.setdefault((operation, region), Bucket(quota.Rate, quota.Burst)).take(now)

    def _fault(self, operation: str, request: Json) -> FaultSpec | None:
        """Return the trouble that is scripted for this call, if any."""
        product = request.get("ProvisionedProductId") or request.get("Id")
        with self._lock:
            for entry in self._faults:
                fault, after, times = entry
                if fault.Operation != operation or fault.Product not in (None, product) or not times:
                    continue
                if after:
                    entry[1] -= 1
                    continue
                entry[2] -= 1
                return fault  # type: ignore[no-any-return]
        return None


def garbled(answer: Json, fault: FaultSpec | None, call: Json) -> bytes:
    """Return an answer's bytes, damaged if a fault says so."""
    if fault is not None and fault.Do == "lose_answer":
        call["error"] = "answer lost"
        raise Lost
    if fault is not None and fault.Do == "truncate":
        return b"{}"
    if fault is not None and fault.Do == "garble":
        return b"\xff\xfe\x00garbled"
    return json.dumps(answer).encode()


def parse(body: bytes) -> Json:
    """Read a request's JSON."""
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        code = "SerializationException"
        raise ApiError(code, str(error)) from error
    if not isinstance(request, dict):
        code = "SerializationException"
        raise ApiError(code, "the request is not an object")
    return request
