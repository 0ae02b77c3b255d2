"""
What the simulator does with a request, HTTP apart: takes note of it, lets scripted trouble happen, throttles, holds it
against the contract and the caller's rights, and lets the world answer.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from orchestrator.simulator import query
from orchestrator.simulator.accounts import Accounts, Caller
from orchestrator.simulator.contract import ApiError, Contract
from orchestrator.simulator.faults import Cut, Fault, Faults, Hung, Lost, Odd, damaged
from orchestrator.simulator.quota import Bucket
from orchestrator.simulator.world import World
from orchestrator.simulator.world_file import Holdings, WorldSpec

Json = dict[str, Any]


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
        self._accounts = Accounts(spec.Account, spec.all_accounts)
        self._holdings: dict[tuple[str, str], Holdings] = spec.all_lanes
        self._worlds: dict[tuple[str, str], World] = {}
        for account, region in self._holdings:
            self._world(account, region)
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._faults = {
            lane: Faults(holdings.Faults, f"{spec.Seed}/{'/'.join(lane)}") for lane, holdings in self._holdings.items()
        }
        self._lock = threading.Lock()
        self.ledger: list[Json] = []

    @property
    def target_prefix(self) -> str:
        """What the API's operations are prefixed with on the wire."""
        return self._contract.target_prefix

    def now(self) -> float:
        """Return the world's time, in epoch seconds; it may go faster than ours."""
        return self._began_at + (time.time() - self._began_at) * self._spec.Speed

    def summary(self) -> Json:
        """Return the state of the world: of each lane, and of its own account's products by their id alone."""
        with self._lock:
            now = self.now()
            found = {}
            for (account, region), world in self._worlds.items():
                world.advance(now)
                found[f"{account}/{region}"] = world.summary()
            home = found[f"{self._spec.Account}/{self._spec.Region}"]
            return {**home, "lanes": found}

    def tag(self, account: str, region: str, product_id: str, tags: dict[str, str]) -> None:
        """Let somebody tag a product; a KeyError if there is no such product."""
        with self._lock:
            self._worlds[account, region].tag(product_id, tags)

    def catalog(self, operation: str, body: bytes, key_id: str, region: str) -> bytes:
        """
        Answer a Service Catalog request.

        Raises:

            ApiError: The answer is an error.
            Lost, Hung, Cut, Odd: There is to be no answer, or a wrong one.
        """
        request = parse(body)
        caller = self._accounts.caller(key_id)
        return self._answer(
            operation, caller.account, region, request, lambda: self._carry_out(operation, request, caller, region)
        )

    def query(self, action: str, form: dict[str, str], key_id: str, region: str) -> bytes:
        """
        Answer a request to STS or IAM.

        Raises:

            ApiError: The answer is an error.
            Lost, Hung, Cut, Odd: There is to be no answer, or a wrong one.
        """
        caller = self._accounts.caller(key_id)
        account = caller.account
        if action == "AssumeRole":
            # What happens to it happens in the account that is entered.
            account = form.get("RoleArn", "::::").split(":")[4]

        def carry_out() -> bytes:
            self._throttle(action, account, region, self.now())
            if action == "AssumeRole":
                name = form.get("RoleSessionName", "?")
                return query.assumed(self._accounts.assume(caller, form.get("RoleArn", ""), name, form.get("ExternalId")))
            self._accounts.check(caller, action, None)
            if action == "GetCallerIdentity":
                return query.identity(caller)
            if action == "ListAccountAliases":
                return query.aliases(self._accounts.alias(account))
            code = "InvalidAction"
            raise ApiError(code, "the simulator knows no such action")

        return self._answer(action, account, region, form, carry_out)

    def _answer(
        self, operation: str, account: str, region: str, request: Json, carry_out: Callable[[], Json | bytes]
    ) -> bytes:
        """Note a call, let trouble happen to it, carry it out."""
        with self._lock:
            call = self._note(operation, account, region, request)
            faults = self._faults.get((account, region))
            fault = faults.meet(operation, request) if faults else None
        try:
            forestall(fault)
            with self._lock:
                answer = carry_out()
            if isinstance(answer, dict):
                call["record"] = answer.get("RecordDetail", {}).get("RecordId")
            return damaged(answer, fault)
        except ApiError as error:
            call["error"] = error.code
            raise
        except (Lost, Hung, Cut, Odd) as error:
            call["error"] = type(error).__name__.lower()
            raise

    def _note(self, operation: str, account: str, region: str, request: Json) -> Json:
        call = {
            "at": round(self.now(), 3),
            "operation": operation,
            "account": account,
            "region": region,
            "product": request.get("ProvisionedProductId"),
            "token": request.get("TerminateToken"),
            "request": request,
            "record": None,
            "error": None,
        }
        self.ledger.append(call)
        return call

    def _carry_out(self, operation: str, request: Json, caller: Caller, region: str) -> Json:
        now = self.now()
        self._throttle(operation, caller.account, region, now)
        self._contract.check_request(operation, request)
        access = request.get("AccessLevelFilter", {})
        if access.get("Value", "self") != "self":
            code = "InvalidParametersException"
            raise ApiError(code, "The only supported value of an access level filter is self.")
        self._accounts.check(caller, operation, access.get("Key"))
        world = self._world(caller.account, region)
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
        world.sees = lambda owned_by: self._accounts.sees(caller, owned_by)
        answer = operations[operation]()
        self._contract.check_answer(operation, answer)
        return answer

    def _world(self, account: str, region: str) -> World:
        """Return the world of a lane; one that nothing was put into is empty."""
        if (account, region) not in self._worlds:
            holdings = self._holdings.get((account, region), Holdings())
            # Lanes that hold the same must not live the same lives.
            seed = self._spec.Seed + len(self._worlds)
            self._worlds[account, region] = World(account, region, holdings, seed, self._began_at)
        return self._worlds[account, region]

    def _throttle(self, operation: str, account: str, region: str, now: float) -> None:
        holdings = self._holdings.get((account, region))
        quota = holdings.Quotas.get(operation) if holdings else None  # type: ignore[call-overload]
        if quota is None:
            return
        bucket = self._buckets.setdefault((operation, account, region), Bucket(quota.Rate, quota.Burst))
        if not bucket.take(now):
            code = "ThrottlingException"
            raise ApiError(code, "Rate exceeded")


def forestall(fault: Fault | None) -> None:
    """
    Let a fault happen that comes before the request is carried out.

    Raises:

        ApiError: The answer is an error.
        Lost, Odd: There is to be no answer, or a wrong one.
    """
    match fault:
        case Fault("delay", spec):
            time.sleep(spec.Seconds)
        case Fault("reset"):
            raise Lost
        case Fault("error", spec):
            raise ApiError(spec.Code, spec.Message, spec.Status or 500)
        case Fault("answer", spec):
            raise Odd(spec.Status or 200, spec.Body.encode())


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
