"""
Sessions and clients: one cached catalog per lane.

Two ways in. `Ambient` honours what boto3 honours: profiles, regions, endpoint variables, CA bundle, proxies. `Rehearsal`
reads none of it and knows only the endpoint that it is given, so that a rehearsal cannot reach a real account.
"""

from __future__ import annotations

import os
import threading

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from orchestrator.aws.catalog import BotoCatalog
from orchestrator.core.lane import Lane
from orchestrator.errors import NoAccess

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60

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


class Sessions:
    """A `Connect` over one boto3 session: the same credentials in each region."""

    def __init__(self, session: boto3.Session, client_config: Config, endpoint_url: str | None = None) -> None:
        self._session = session
        self._config = client_config
        self._endpoint_url = endpoint_url
        self._catalogs: dict[str, BotoCatalog] = {}
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        """
        The region that the environment names.

        Raises:

            NoAccess: It names none.
        """
        try:
            region = self._session.region_name
        except BotoCoreError as error:
            raise NoAccess(str(error)) from error
        if not region:
            message = "no region is set; set AWS_DEFAULT_REGION, or `region` in your AWS profile"
            raise NoAccess(message)
        return region

    def __call__(self, lane: Lane) -> BotoCatalog:
        """Return the catalog of *lane*. The credentials are those of the session, whatever the lane's account."""
        return self.catalog(lane.region)

    def catalog(self, region: str) -> BotoCatalog:
        """
        Return the catalog of a region.

        Raises:

            NoAccess: boto3 cannot make a client (no such profile, no credentials, a malformed setting).
        """
        with self._lock:
            if region not in self._catalogs:
                try:
                    self._catalogs[region] = BotoCatalog(
                        self._session.client(
                            "servicecatalog",
                            region_name=region,
                            config=self._config,
                            endpoint_url=self._endpoint_url,
                        ),
                        self._session.client(
                            "sts", region_name=region, config=self._config, endpoint_url=self._endpoint_url
                        ),
                    )
                except (BotoCoreError, ValueError) as error:
                    raise NoAccess(str(error)) from error
            return self._catalogs[region]


def ambient(workers: int) -> Sessions:
    """
    Enter with the credentials and settings of the environment.

    Args:

        workers: Threads that will share each client.

    Raises:

        NoAccess: boto3 finds its settings contradictory.
    """
    try:
        return Sessions(boto3.Session(), config(workers))
    except BotoCoreError as error:
        raise NoAccess(str(error)) from error


def rehearsal(endpoint_url: str, region: str, workers: int) -> Sessions:
    """
    Enter the simulator, and nothing else.

    Every setting that botocore would take from the environment or from a file is replaced by its default, and proxies are
    switched off; the credentials are made up.

    Args:

        endpoint_url: Where the simulator listens.
        region: The region to call it for.
        workers: Threads that will share each client.
    """
    defaults = {
        name: (None, None, default, conversion)
        for name, (_, _, default, conversion) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    defaults["config_file"] = (None, None, os.devnull, None)
    defaults["credentials_file"] = (None, None, os.devnull, None)
    core = botocore.session.Session(session_vars=defaults)
    # Models under ~/.aws would take part otherwise.
    built_in = [botocore.loaders.Loader.BUILTIN_DATA_PATH]
    loader = botocore.loaders.Loader(extra_search_paths=built_in, include_default_search_paths=False)
    core.register_component("data_loader", loader)
    session = boto3.Session(
        aws_access_key_id=REHEARSAL_KEY_ID,
        aws_secret_access_key=REHEARSAL_KEY,
        region_name=region,
        botocore_session=core,
    )
    return Sessions(session, config(workers).merge(Config(proxies={})), endpoint_url)
