"""
What the simulator does with a request, HTTP apart: takes note of it, lets scripted trouble happen, throttles, holds it
against the contract and the caller's rights, and lets the world answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orchestrator.simulator import protocols as query
from orchestrator.simulator.accounts import Accounts, Principal
from orchestrator.simulator.errors import ApiError, invalid, unknown_operation
from orchestrator.simulator.faults import AnswerLost, CarryOut, Cut, Faults, Hung, Late, Odd, apply_fault, damaged, note
from orchestrator.simulator.form import Contract, parse
from orchestrator.simulator.quota import Bucket, Clocks
from orchestrator.simulator.resources import Json
from orchestrator.simulator.world import World
from orchestrator.simulator.world_file import Holdings, WorldSpec


class Service:
    """
    A world with its quotas, its scripted trouble and a ledger of every call; thread-safe.

    Args:

        spec: The world.
        clock: Our time, in epoch seconds.
    """

    def __init__(self, spec: WorldSpec, clock: Callable[[], float] = time.time) -> None:
        self._spec = spec
        self._contract = Contract()
        self._accounts = Accounts(spec.Account, spec.all_accounts)
        self._holdings: dict[tuple[str, str], Holdings] = spec.all_lanes
        self._clocks = Clocks(self._holdings, clock, spec.Speed)
        self._worlds: dict[tuple[str, str], World] = {}
        for account, region in self._holdings:
            self._world(account, region)
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._faults = {
            lane: Faults(holdings.Faults, f"{spec.Seed}/{'/'.join(lane)}") for lane, holdings in self._holdings.items()
        }
        self._late = Late()
        self._lock = threading.Lock()
        self.ledger: list[Json] = []

    @property
    def target_prefix(self) -> str:
        """What the API's operations are prefixed with on the wire."""
        return self._contract.target_prefix

    def dates(self, key_id: str, region: str) -> dict[str, str]:
        """Return the headers that tell an access key's owner the service's time."""
        return self._clocks.headers(self._accounts.account_of(key_id), region)

    def calls(self) -> list[Json]:
        """Return the ledger, after carrying out the late requests that are due."""
        with self._caught_up():
            return list(self.ledger)

    def summary(self) -> Json:
        """Return the state of the world: of each lane, and of its own account's products by their id alone."""
        with self._caught_up() as now:
            found = {}
            for (account, region), world in self._worlds.items():
                world.advance(now)
                found[f"{account}/{region}"] = world.summary()
            home = found[f"{self._spec.Account}/{self._spec.Region}"]
            return {**home, "lanes": found}

    @contextmanager
    def lane(self, account: str, region: str) -> Iterator[World]:
        """Lock a lane, brought up to now, for a change; raise a KeyError if the account does not exist."""
        with self._caught_up() as now:
            if account not in self._spec.all_accounts:
                raise KeyError(account)
            world = self._world(account, region)
            world.advance(now)
            yield world

    def catalog(self, operation: str, body: bytes, key_id: str, region: str) -> bytes:
        """
        Answer a Service Catalog request.

        Raises:

            ApiError: The answer is an error.
            Lost, Hung, Cut, Odd: There is to be no answer, or a wrong one.
        """
        caller = self._accounts.caller(key_id)
        try:
            request = parse(body)
        except ApiError as error:
            with self._lock:
                self._note(operation, caller.account, region, {})["error"] = error.code
            raise
        return self._answer(
            operation, caller.account, region, request, lambda now: self._carry_out(operation, request, caller, region, now)
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
            account = (form.get("RoleArn", "").split(":") + [""] * 5)[4]

        def carry_out(now: float) -> bytes:
            self._throttle(action, account, region, now)
            self._check_lane(caller, action, account, region)
            if action == "AssumeRole":
                name = form.get("RoleSessionName", "?")
                return query.assume_role_answer(
                    self._accounts.assume(caller, form.get("RoleArn", ""), name, form.get("ExternalId"))
                )
            self._accounts.check(caller, action, None)
            if action == "GetCallerIdentity":
                return query.identity(caller)
            if action == "ListAccountAliases":
                return query.aliases(self._accounts.alias(account))
            code = "InvalidAction"
            raise ApiError(code, "the simulator knows no such action")

        return self._answer(action, account, region, form, carry_out)

    def _answer(self, operation: str, account: str, region: str, request: Json, carry_out: CarryOut) -> bytes:
        """Note a call, let trouble happen to it, carry it out."""
        with self._caught_up() as now:
            call = self._note(operation, account, region, request)
            faults = self._faults.get((account, region))
            fault = faults.meet(operation, request) if faults else None
            if fault is not None and fault.do == "late":
                self._late.add(now + fault.spec.Seconds, call, carry_out)
        try:
            apply_fault(fault)
            with self._caught_up() as now:
                answer = carry_out(now)
            note(call, answer)
            return damaged(answer, fault)
        except ApiError as error:
            call["error"] = error.code
            raise
        except (AnswerLost, Hung, Cut, Odd) as error:
            call["error"] = error.in_ledger
            raise
        except Exception:
            # The client gets a 500. Without a note here, the ledger would report a success.
            call["error"] = "InternalFailure"
            raise

    @contextmanager
    def _caught_up(self) -> Iterator[float]:
        """Lock the world, carry out the late requests that are due, and yield the world's time."""
        with self._lock:
            now = self._clocks.now()
            self._late.arrive(now)
            yield now

    def _note(self, operation: str, account: str, region: str, request: Json) -> Json:
        call = {
            "at": round(self._clocks.now(), 3),
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

    def _carry_out(self, operation: str, request: Json, caller: Principal, region: str, now: float) -> Json:
        self._throttle(operation, caller.account, region, now)
        world = self._world(caller.account, region)
        operations: dict[str, Callable[[Json], Json]] = {
            "TerminateProvisionedProduct": lambda read: world.terminate(read, now),
            "DescribeRecord": world.describe_record,
            "DescribeProvisionedProduct": world.describe_product,
            "ScanProvisionedProducts": world.scan,
            "SearchProvisionedProducts": lambda read: world.search(read, now),
            "ListRecordHistory": world.history,
        }
        if operation not in operations:
            message = f"the simulator does not know {operation}"
            raise unknown_operation(message)
        read = self._contract.check_request(operation, request)
        access = read.get("AccessLevelFilter", {})
        if access.get("Value", "self") != "self":
            raise invalid("The only supported value of an access level filter is self.")
        self._check_lane(caller, operation, caller.account, region)
        self._accounts.check(caller, operation, access.get("Key"))
        world.advance(now)
        world.sees = lambda owned_by: self._accounts.sees(caller, owned_by)
        answer = operations[operation](read)
        self._contract.check_answer(operation, answer)
        return answer

    def _world(self, account: str, region: str) -> World:
        """Return the world of a lane; one that nothing was put into is empty."""
        if (account, region) not in self._worlds:
            holdings = self._holdings.get((account, region), Holdings())
            # Lanes that hold the same must not live the same lives.
            seed = self._spec.Seed + len(self._worlds)
            self._worlds[account, region] = World(account, region, holdings, seed, self._clocks.began_at)
        return self._worlds[account, region]

    def _check_lane(self, caller: Principal, operation: str, account: str, region: str) -> None:
        holdings = self._holdings.get((account, region))
        if holdings is not None and operation in holdings.Deny:
            raise self._accounts.denied(caller, operation)

    def _throttle(self, operation: str, account: str, region: str, now: float) -> None:
        holdings = self._holdings.get((account, region))
        quota = holdings.Quotas.get(operation) if holdings else None  # type: ignore[call-overload]
        if quota is None:
            return
        bucket = self._buckets.setdefault((operation, account, region), Bucket(quota.Rate, quota.Burst))
        if not bucket.take(now):
            code = "ThrottlingException"
            raise ApiError(code, "Rate exceeded")
