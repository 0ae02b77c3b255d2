"""
Sessions and clients: one cached catalog per lane, one session for all roles, one loader of service models for all of them.

Two ways in. `ambient` honours what boto3 honours: profiles, regions, endpoint variables, CA bundle, proxies; and from there
assumes the roles that a plan's targets name. `rehearsal` reads none of it and knows only the endpoint that it is given, so
that a rehearsal cannot reach a real account.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, NoCredentialsError

from orchestrator.aws.assume_role import RoleSession, assume_role, no_client
from orchestrator.aws.catalog import BotoCatalog
from orchestrator.core.plan.model import Target
from orchestrator.core.values.lane import Lane
from orchestrator.errors import NoAccess

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60

Way = tuple[str, Target | None]
"""An account, and the target by which it is entered, if there is one."""

REHEARSAL_KEY_ID = "AKIAREHEARSAL0000000"
REHEARSAL_KEY = "not-a-secret"


def config(workers: int) -> Config:
    """
    Return how clients behave: one attempt per call, since every repetition is the run's decision.

    Args:

        workers: Threads that share a client; each needs a connection of its own.
    """
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=workers,
        retries={"total_max_attempts": 1, "mode": "standard"},
        user_agent_extra="servicecatalog-orchestrator",
    )


def role_config() -> Config:
    """Return how the clients behave that assume roles; assuming one changes nothing, so it may be repeated."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"total_max_attempts": 3, "mode": "standard"},
        user_agent_extra="servicecatalog-orchestrator",
    )


@dataclass(frozen=True, slots=True)
class AccountSession:
    """How the clients of an account are made: by a session, which acts as a role meanwhile if there is one."""

    session: boto3.Session
    actor: RoleSession
    role: Credentials | None = None

    @classmethod
    def of(cls, actor: RoleSession, role: Credentials | None = None) -> AccountSession:
        """Return the door that an actor opens."""
        return cls(boto3.Session(botocore_session=actor), actor, role)


class Sessions:
    """
    A `Connect` that opens one door per target, or account without one, and makes one client per lane.

    Args:

        targets: Ways into accounts.
        door_to: Finds the door to an account, through its target if there is one; called once for each.
        client_config: How clients behave.
        endpoint_url: Where to call instead of where the session says.
        now: Our clock: seconds since the epoch.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        door_to: Callable[[str, Target | None], AccountSession],
        client_config: Config,
        endpoint_url: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ways = {lane: target for target in targets for lane in target.lanes}
        self._door_to = door_to
        self._config = client_config
        self._endpoint_url = endpoint_url
        self._now = now
        self._doors: dict[Way, AccountSession] = {}
        self._catalogs: dict[Lane, BotoCatalog] = {}
        # A program of credentials that hangs keeps waiting whoever enters in the same way, and nobody else.
        self._locks: dict[Way, threading.Lock] = {}
        self._guard = threading.Lock()

    def __call__(self, lane: Lane) -> BotoCatalog:
        """
        Return the catalog of *lane*.

        Raises:

            NoAccess: boto3 cannot make a client (no such profile, no credentials, a malformed setting, a program or file of
                credentials that fails).
        """
        if found := self._catalogs.get(lane):
            return found
        # An account may be entered in one region by this role and in another by that.
        way = (lane.account_id, self._ways.get(lane))
        with self._guard:
            lock = self._locks.setdefault(way, threading.Lock())
        with lock:
            if lane not in self._catalogs:
                try:
                    self._catalogs[lane] = self._enter(lane, way)
                except Exception as error:
                    # A program or file that credentials come from may fail in any way; other lanes are none the worse.
                    raise NoAccess(no_client(error)) from error
            return self._catalogs[lane]

    def _enter(self, lane: Lane, way: Way) -> BotoCatalog:
        if way not in self._doors:
            self._doors[way] = self._door_to(*way)
        door = self._doors[way]
        source = door.role or door.actor.own_credentials()
        if source is None:
            # Found later, by a second look, they would sign without being held to their account.
            raise NoCredentialsError
        return BotoCatalog(lane.account_id, partial(self._client, lane, door), source, self._now)

    def _client(self, lane: Lane, door: AccountSession, service: str, credentials: Credentials) -> object:
        with door.actor.acting_as(credentials):
            return door.session.client(
                service,  # type: ignore[call-overload]
                region_name=lane.region,
                config=self._config,
                endpoint_url=self._endpoint_url,
            )


def ambient_region() -> str:
    """
    Return the region that the environment names.

    Raises:

        NoAccess: It names none, or contradicts itself.
    """
    try:
        region = boto3.Session().region_name
    except BotoCoreError as error:
        raise NoAccess(str(error)) from error
    if not region:
        message = "no region is set; set AWS_DEFAULT_REGION, or `region` in your AWS profile"
        raise NoAccess(message)
    return region


def ambient(workers: int, targets: Sequence[Target] = (), now: Callable[[], float] = time.time) -> Sessions:
    """
    Enter with the credentials and settings of the environment, and from there as the targets say.

    Args:

        workers: Threads that will share each client.
        targets: Ways into accounts; an account that is none of them is entered with the environment's credentials.
        now: Our clock: seconds since the epoch.

    Raises:

        NoAccess: boto3 finds its settings contradictory.
    """
    try:
        own = RoleSession()
        loader = own.get_component("data_loader")
    except BotoCoreError as error:
        raise NoAccess(str(error)) from error
    # Where credentials come from is looked up once, however many roles are assumed with them.
    acting = RoleSession()
    acting.register_component("data_loader", loader)

    def door_to(_account_id: str, target: Target | None) -> AccountSession:
        if target is not None and target.profile:
            actor = RoleSession(profile=target.profile)
            actor.register_component("data_loader", loader)
            return AccountSession.of(actor)
        if target is not None and (target.role_name or target.role_arn):
            return AccountSession.of(acting, assume_role(own, target, role_config()))
        return AccountSession.of(own)

    return Sessions(targets, door_to, config(workers), now=now)


def rehearsal(
    endpoint_url: str, workers: int, targets: Sequence[Target] = (), now: Callable[[], float] = time.time
) -> Sessions:
    """
    Enter the simulator, and nothing else.

    Every setting that botocore would take from the environment or from a file is replaced by its default, and proxies are
    switched off; the credentials are made up, and name the account that they are for. Profiles are not read.

    Args:

        endpoint_url: Where the simulator listens.
        workers: Threads that will share each client.
        targets: Ways into accounts; roles are assumed as they would be.
        now: Our clock: seconds since the epoch.
    """
    # Models under ~/.aws would take part otherwise.
    built_in = [botocore.loaders.Loader.BUILTIN_DATA_PATH]
    loader = botocore.loaders.Loader(extra_search_paths=built_in, include_default_search_paths=False)
    no_proxies = Config(proxies={})

    def deaf_actor() -> RoleSession:
        actor = RoleSession(session_vars=isolated_settings())
        actor.register_component("data_loader", loader)
        return actor

    acting = deaf_actor()

    def door_to(account_id: str, target: Target | None) -> AccountSession:
        own = deaf_actor()
        own.set_credentials(f"AKIA{account_id}SIMU" if account_id.isdecimal() else REHEARSAL_KEY_ID, REHEARSAL_KEY)
        if target is not None and (target.role_name or target.role_arn):
            return AccountSession.of(acting, assume_role(own, target, role_config().merge(no_proxies), endpoint_url))
        return AccountSession.of(own)

    return Sessions(targets, door_to, config(workers).merge(no_proxies), endpoint_url, now)


def isolated_settings() -> dict[str, tuple[None, None, object, object]]:
    """Return botocore's settings with their defaults, and without the variables and files that would change them."""
    defaults = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    defaults["config_file"] = (None, None, os.devnull, None)
    defaults["credentials_file"] = (None, None, os.devnull, None)
    return defaults
