"""Clients: what the environment may say, and what a rehearsal must not hear."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from orchestrator.aws import sessions as connect
from orchestrator.core.inventory.calls import Answer, NotSent
from orchestrator.core.plan.model import Target
from orchestrator.core.values.lane import Lane
from orchestrator.errors import NoAccess
from orchestrator.ports import CredentialLife
from orchestrator.simulator import Simulator, WorldSpec
from tests.aws.environment import nothing_of_aws
from tests.fakes import LANE

__all__ = ["nothing_of_aws"]

HOME, OTHER = "111122223333", "444455556666"


def test_a_rehearsal_hears_no_setting_of_the_environment(nothing_of_aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every variable and file points at a second server or at nonsense; that server sees no call."""
    with Simulator(WorldSpec()) as wrong, Simulator(WorldSpec()) as right:
        config = tmp_path / "config"
        config.write_text(f"[profile other]\nregion = us-east-1\nendpoint_url = {wrong.url}\nca_bundle = /nonsense\n")
        for name, value in {
            "AWS_ENDPOINT_URL": wrong.url,
            "AWS_ENDPOINT_URL_SERVICE_CATALOG": wrong.url,
            "AWS_ENDPOINT_URL_STS": wrong.url,
            "AWS_PROFILE": "does-not-exist",
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(config),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "AKIAREAL",
            "AWS_SECRET_ACCESS_KEY": "real",
            "AWS_SESSION_TOKEN": "real",
            "AWS_CA_BUNDLE": "/nonsense",
            "AWS_USE_FIPS_ENDPOINT": "true",
            "AWS_USE_DUALSTACK_ENDPOINT": "true",
            "AWS_MAX_ATTEMPTS": "7",
            "AWS_DEFAULTS_MODE": "nonsense",
            "AWS_RETRY_MODE": "nonsense",
            "HTTP_PROXY": wrong.url,
            "http_proxy": wrong.url,
            "ALL_PROXY": wrong.url,
        }.items():
            nothing_of_aws.setenv(name, value)
        catalog = connect.rehearsal(right.url, 2)(LANE)
        assert isinstance(catalog.caller_identity(), Answer)
        assert isinstance(catalog.scan(None), Answer)
        assert [call["operation"] for call in right.service.ledger] == ["GetCallerIdentity", "ScanProvisionedProducts"]
        assert wrong.service.ledger == []
        assert catalog.endpoint == right.url


def test_the_environment_is_honoured_otherwise(nothing_of_aws: pytest.MonkeyPatch) -> None:
    """Region, endpoint and credentials come from where boto3 takes them."""
    with Simulator(WorldSpec()) as server:
        nothing_of_aws.setenv("AWS_ENDPOINT_URL", server.url)
        nothing_of_aws.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        nothing_of_aws.setenv("AWS_ACCESS_KEY_ID", "a")
        nothing_of_aws.setenv("AWS_SECRET_ACCESS_KEY", "b")
        sessions = connect.ambient(2)
        assert connect.ambient_region() == "eu-west-1"
        assert isinstance(sessions(LANE).caller_identity(), Answer)
        assert sessions(LANE) is sessions(LANE)


def test_without_a_region_it_says_what_to_set(nothing_of_aws: pytest.MonkeyPatch) -> None:
    """No guess is made."""
    with pytest.raises(NoAccess, match="no region is set; set AWS_DEFAULT_REGION"):
        connect.ambient_region()


def test_a_profile_that_does_not_exist_is_named(nothing_of_aws: pytest.MonkeyPatch) -> None:
    """It is an error of the environment, not a traceback."""
    nothing_of_aws.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NoAccess, match="nobody"):
        connect.ambient_region()


def test_an_endpoint_that_is_down_was_not_reached(nothing_of_aws: pytest.MonkeyPatch) -> None:
    """Nothing was sent."""
    with Simulator(WorldSpec()) as server:
        url = server.url
    catalog = connect.rehearsal(url, 2)(LANE)
    assert isinstance(catalog.scan(None), NotSent)


def test_clients_try_once_and_have_a_connection_for_each_worker() -> None:
    """Nothing is spent behind the pacer's back, and no connection is made anew for want of room."""
    client = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b").client(
        "servicecatalog", region_name="eu-west-1", config=connect.config(48)
    )
    config: Any = client.meta.config
    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}
    assert config.max_pool_connections == 48


def test_botocore_still_speaks_json_to_service_catalog() -> None:
    """The simulator speaks it; the model offers another protocol too."""
    client = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b").client(
        "servicecatalog", region_name="eu-west-1"
    )
    assert client.meta.service_model.resolved_protocol == "json"
    assert client.meta.service_model.metadata["jsonVersion"] == "1.1"


def test_a_program_of_credentials_that_hangs_keeps_nobody_else_waiting(
    nothing_of_aws: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever enters in another way enters; whoever enters in the same way waits with it."""
    slow, config = tmp_path / "slow", tmp_path / "config"
    os.mkfifo(slow)
    keys = '{"Version": 1, "AccessKeyId": "AKIATEST", "SecretAccessKey": "x"}'
    config.write_text(
        f"[profile hangs]\ncredential_process = /bin/cat {slow}\n[profile well]\ncredential_process = /bin/echo '{keys}'\n"
    )
    nothing_of_aws.setenv("AWS_CONFIG_FILE", str(config))
    ways = [
        Target(account_id=account, regions=("eu-west-1",), profile=profile)
        for account, profile in ((HOME, "well"), (OTHER, "hangs"))
    ]
    sessions = connect.ambient(2, ways)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sessions, Lane(OTHER, "eu-west-1"))
        # Opened for writing as soon as the program reads.
        with slow.open("w") as answer:
            assert sessions(Lane(HOME, "eu-west-1")).credential_life() == CredentialLife(temporary=False)
            assert not waiting.done()
            answer.write(keys)
        assert waiting.result().credential_life() == CredentialLife(temporary=False)


def test_every_lane_signs_with_what_its_source_renews(nothing_of_aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However many are entered side by side: never with what a client of another lane was made for."""
    config = tmp_path / "config"
    keys = {"Version": 1, "AccessKeyId": "AKIATEST", "SecretAccessKey": "x", "Expiration": "2099-01-01T00:00:00Z"}
    config.write_text(f"[default]\ncredential_process = /bin/echo '{json.dumps(keys)}'\n")
    nothing_of_aws.setenv("AWS_CONFIG_FILE", str(config))
    regions = tuple(f"eu-west-{number}" for number in range(1, 9))
    with Simulator(WorldSpec()) as server:
        nothing_of_aws.setenv("AWS_ENDPOINT_URL", server.url)
        for _ in range(3):
            sessions = connect.ambient(8, [Target(account_id=HOME, regions=regions)])

            def life(region: str, sessions: connect.Sessions = sessions) -> CredentialLife:
                catalog = sessions(Lane(HOME, region))
                catalog.caller_identity()
                return catalog.credential_life()

            with ThreadPoolExecutor(8) as pool:
                lives = set(pool.map(life, regions))
            assert lives == {CredentialLife(temporary=True, renewed=True, expires_at=4_070_908_800.0)}


def test_without_credentials_there_is_no_catalog(nothing_of_aws: pytest.MonkeyPatch) -> None:
    """What a second look might find would sign without having been looked at; the next time it is looked for again."""
    sessions = connect.ambient(1, [Target(account_id=HOME, regions=("eu-west-1",))])
    with pytest.raises(NoAccess, match="Unable to locate credentials"):
        sessions(LANE)
    nothing_of_aws.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    nothing_of_aws.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert sessions(LANE).credential_life() == CredentialLife(temporary=False)
