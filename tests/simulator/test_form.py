"""The form of requests: what is ignored, what is refused and in which words, and that everything is answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel, Shape
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestrator.simulator import Simulator
from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.form import Contract, compiled
from tests.simulator.making import ask, credential, post, simulator

MODEL = ServiceModel(botocore.loaders.Loader().load_service_model("servicecatalog", "service-2"), "servicecatalog")
SERVED = {
    "TerminateProvisionedProduct",
    "DescribeRecord",
    "DescribeProvisionedProduct",
    "ScanProvisionedProducts",
    "SearchProvisionedProducts",
    "ListRecordHistory",
}
TERMINATE = "TerminateProvisionedProduct"
FINE = {"TerminateToken": "t", "ProvisionedProductId": "pp-a"}


@pytest.fixture(scope="module", name="server")
def _server() -> Iterator[Simulator]:
    """A server with one product."""
    with simulator({"Id": "pp-a"}) as running:
        yield running


def made(shape: Any, text: str) -> Any:
    """A value for every member of a shape; its texts are all this one."""
    match shape.type_name:
        case "structure":
            return {name: made(member, text) for name, member in shape.members.items()}
        case "list":
            return [made(shape.member, text)]
        case "map":
            return {shape.key.metadata.get("enum", [text])[0]: made(shape.value, text)}
        case "boolean":
            return True
        case "integer" | "long" | "timestamp" | "double":
            return 1
        case _:
            return shape.metadata.get("enum", [text])[0]


@pytest.mark.parametrize("text", ["a", "Größe 7", "‐𝔘%", ""])
def test_every_operation_of_the_model_gets_an_answer(text: str, server: Simulator) -> None:
    """With all of its members, whatever patterns they have."""
    assert len(MODEL.operation_names) >= 90
    for name in MODEL.operation_names:
        shape = MODEL.operation_model(name).input_shape
        answer = ask(server, name, made(shape, text) if shape else {})
        assert answer.status in (200, 400), (name, answer)
        assert (answer.code == "UnknownOperationException") is (name not in SERVED), (name, answer)


@pytest.mark.parametrize("text", ["a", "Größe 7", "‐𝔘%", ""])
def test_the_form_of_every_operation_can_be_checked(text: str) -> None:
    """It fits, or is refused as invalid; no pattern of the model's is too much for Python."""
    contract = Contract()
    for name in MODEL.operation_names:
        shape = MODEL.operation_model(name).input_shape
        try:
            contract.check_request(name, made(shape, text) if shape else {})
        except ApiError as error:
            assert error.code == "ValidationException", (name, error)  # noqa: PT017 - it need not be raised


def patterns(shape: Shape | None) -> Iterator[str]:
    """Yield the patterns of a shape and of what is in it."""
    if shape is None:
        return
    if "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
    inner = getattr(shape, "members", {}).values() if shape.type_name == "structure" else ()
    for each in [*inner, *(getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name))]:
        yield from patterns(each)


def test_no_pattern_of_the_model_is_skipped() -> None:
    """All of them can be translated; one that could not would hold nothing up."""
    found = {each for name in MODEL.operation_names for each in patterns(MODEL.operation_model(name).input_shape)}
    assert any(r"\p{L}" in each for each in found)
    assert [each for each in found if compiled(each) is None] == []
    assert compiled(r"\p{Sc}*") is None


@pytest.mark.parametrize("text", ["Größe", "ключ", "鍵 7", "a_b.c:d/e=f+g-h@i"])
def test_tags_may_be_of_letters_of_any_script(text: str) -> None:
    """As Java's own classes have it."""
    tag = {"Key": text, "Value": text}
    Contract().check_request(
        "CreatePortfolio", {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "t", "Tags": [tag]}
    )


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            {"ProvisionedProductId": "pp-a"},
            "1 validation error detected: Value null at 'terminateToken' failed to satisfy constraint: Member must"
            " not be null",
        ),
        (
            {"ProvisionedProductId": "pp a", "AcceptLanguage": "x" * 101, "TerminateToken": None},
            "3 validation errors detected: Value 'pp a' at 'provisionedProductId' failed to satisfy constraint: Member must"
            r" satisfy regular expression pattern: ^[a-zA-Z0-9_\-]*; Value null at 'terminateToken' failed to satisfy"
            f" constraint: Member must not be null; Value '{'x' * 101}' at 'acceptLanguage' failed to satisfy constraint:"
            " Member must have length less than or equal to 100",
        ),
        (
            {"TerminateToken": ""},
            "2 validation errors detected: Value '' at 'terminateToken' failed to satisfy constraint: Member must have"
            " length greater than or equal to 1; Value '' at 'terminateToken' failed to satisfy constraint: Member must"
            " satisfy regular expression pattern: [a-zA-Z0-9][a-zA-Z0-9_-]*",
        ),
    ],
)
def test_what_breaks_the_models_constraints_is_named_in_awss_words(request_: dict[str, Any], words: str) -> None:
    """Each of them, and how many there are."""
    with pytest.raises(ApiError) as caught:
        Contract().check_request(TERMINATE, request_)
    assert (caught.value.code, caught.value.message) == ("ValidationException", words)


def test_nested_members_are_named_by_their_path() -> None:
    """Lists count from one; keys of maps are refused in words of their own."""
    tags = [{"Key": "a", "Value": "b"}, {"Key": "c"}]
    with pytest.raises(ApiError, match=r"Value null at 'tags\.2\.member\.value' failed"):
        Contract().check_request(
            "CreatePortfolio", {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "t", "Tags": tags}
        )
    with pytest.raises(ApiError, match=r"at 'accessLevelFilter\.key' failed .* enum value set: \[Account, Role, User\]"):
        Contract().check_request("ScanProvisionedProducts", {"AccessLevelFilter": {"Key": "All"}})
    with pytest.raises(
        ApiError, match=r"at 'filters' failed .* Map keys must satisfy constraint: \[Member must satisfy enum"
    ):
        Contract().check_request("SearchProvisionedProducts", {"Filters": {"Query": ["a"]}})
    with pytest.raises(ApiError, match=r"'pageSize' failed .* value greater than or equal to 0"):
        Contract().check_request("ScanProvisionedProducts", {"PageSize": -1})


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("TerminateToken", 1, "NUMBER_VALUE can not be converted to a String"),
        ("TerminateToken", True, "TRUE_VALUE can not be converted to a String"),
        ("TerminateToken", {"a": 1}, "Start of structure or map found where not expected."),
        ("TerminateToken", ["a"], "Start of list found where not expected"),
        ("IgnoreErrors", "yes", "STRING_VALUE can not be converted to a Boolean"),
        ("IgnoreErrors", 0, "NUMBER_VALUE can not be converted to a Boolean"),
    ],
)
def test_a_value_of_the_wrong_type_cannot_be_read(member: str, value: Any, words: str, server: Simulator) -> None:
    """That is not a matter of validation."""
    answer = ask(server, TERMINATE, FINE | {member: value})
    assert (answer.status, answer.code, answer.json["Message"]) == (400, "SerializationException", words)


def test_nulls_and_unknown_members_are_ignored(server: Simulator) -> None:
    """Also within others, and in lists; a client may be newer than our model."""
    request = {
        "AccessLevelFilter": {"Key": None, "Value": "self", "Colour": {"red": [1]}},
        "Filters": {"SearchQuery": [None, "id:pp-a"]},
        "PageToken": None,
        "Colour": "red",
    }
    answer = ask(server, "SearchProvisionedProducts", request)
    assert [each["Id"] for each in answer.json["ProvisionedProducts"]] == ["pp-a"]


@pytest.mark.parametrize(
    "body", [b'{"a":' * 500 + b"1" + b"}" * 500, b"[" * 100_000, b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"]
)
def test_json_that_is_nested_deeply_is_refused(body: bytes, server: Simulator) -> None:
    """Before it is too deep for us."""
    answer = ask(server, "ScanProvisionedProducts", body)
    assert (answer.status, answer.code) == (400, "SerializationException")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["Key", "Value", "SearchQuery"]), inner),
    max_leaves=10,
)
SHAPES: list[Any] = [MODEL.operation_model(each).input_shape for each in SERVED]
MEMBERS = sorted({name for each in SHAPES for name in each.members})
BODIES = st.binary() | st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES).map(lambda value: json.dumps(value).encode())


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(operation=st.sampled_from(sorted(SERVED)), body=BODIES)
@example(operation="ScanProvisionedProducts", body=json.dumps({"PageToken": base64.b64encode(b"x" * 40).decode()}).encode())
@example(operation="ScanProvisionedProducts", body=b'{"PageToken": "\\ud800"}')
@example(operation="SearchProvisionedProducts", body=b'{"SortBy": "\\ud800"}')
@example(operation="ScanProvisionedProducts", body=b'{"PageSize": 1' + b"0" * 5000 + b"}")
@example(operation="ScanProvisionedProducts", body=b'{"PageSize": NaN}')
@example(operation="ScanProvisionedProducts", body=b"\xff\xfe{")
def test_any_bytes_get_an_answer_of_awss_kind(operation: str, body: bytes, server: Simulator) -> None:
    """Right or refused, never a mistake of ours."""
    answer = ask(server, operation, body)
    assert answer.status in (200, 400), answer
    assert answer.status == 200 or answer.code is not None


@settings(max_examples=100)
@given(body=st.binary() | st.sampled_from(["AssumeRole", "GetCallerIdentity"]).map(lambda each: f"Action={each}".encode()))
@example(body=b"Action=AssumeRole&RoleArn=abc&RoleSessionName=%00")
@example(body=b"Action=%FF")
def test_any_form_gets_an_answer_of_stss_kind(body: bytes, server: Simulator) -> None:
    """In XML that can be read."""
    answer = post(server, credential(service="sts"), body)
    assert answer.status in (200, 400, 403), answer
    assert b"<" in answer.body
    assert b"\x00" not in answer.body


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "99999999999", "²"])
def test_a_length_that_is_none_is_refused(length: str, server: Simulator) -> None:
    """The connection is closed, because the unread body would be read as the next request."""
    headers = credential() | {"X-Amz-Target": f"{server.service.target_prefix}.ScanProvisionedProducts"}
    for more in ({"Content-Length": length.encode().decode("latin-1")}, {"Transfer-Encoding": "chunked"}):
        answer = post(server, headers | more, b"")
        assert (answer.status, answer.code) == (413, "SerializationException")
