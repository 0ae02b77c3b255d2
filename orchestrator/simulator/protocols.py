"""The protocols beside JSON: the query protocol for the calls to STS and IAM (forms in, XML out), and CBOR."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from orchestrator.simulator.accounts import Principal, Session
from orchestrator.simulator.errors import ApiError

STS = "https://sts.amazonaws.com/doc/2011-06-15/"
IAM = "https://iam.amazonaws.com/doc/2010-05-08/"


def identity(caller: Principal) -> bytes:
    """Return the answer of sts:GetCallerIdentity."""
    arn, account = escape(caller.arn), caller.account
    return answer(
        "GetCallerIdentity", STS, f"<Arn>{arn}</Arn><UserId>AROASIMULATED:rehearsal</UserId><Account>{account}</Account>"
    )


def assume_role_answer(session: Session) -> bytes:
    """Return the answer of sts:AssumeRole."""
    expires = datetime.fromtimestamp(session.caller.expires_at, UTC).isoformat(timespec="milliseconds")
    user = f"<Arn>{escape(session.caller.arn)}</Arn><AssumedRoleId>AROASIMULATED:role</AssumedRoleId>"
    credentials = (
        f"<AccessKeyId>{session.key_id}</AccessKeyId><SecretAccessKey>not-a-secret</SecretAccessKey>"
        f"<SessionToken>simulated</SessionToken><Expiration>{expires.replace('+00:00', 'Z')}</Expiration>"
    )
    body = f"<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{credentials}</Credentials>"
    return answer("AssumeRole", STS, body)


def aliases(alias: str | None) -> bytes:
    """Return the answer of iam:ListAccountAliases."""
    members = f"<member>{escape(alias)}</member>" if alias else ""
    body = f"<IsTruncated>false</IsTruncated><AccountAliases>{members}</AccountAliases>"
    return answer("ListAccountAliases", IAM, body)


def answer(action: str, namespace: str, body: str) -> bytes:
    """Wrap the result of an action."""
    return (
        f'<{action}Response xmlns="{namespace}"><{action}Result>{body}</{action}Result>'
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def failure(error: ApiError) -> bytes:
    """Return an error answer. STS and IAM have names of their own for two codes (documented)."""
    names = {"UnrecognizedClientException": "InvalidClientTokenId", "ExpiredTokenException": "ExpiredToken"}
    code = names.get(error.code, error.code)
    # XML has no form at all for most control characters.
    words = "".join(each if each.isprintable() else "?" for each in error.message)
    return (
        f'<ErrorResponse xmlns="{STS}"><Error><Type>Sender</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(words)}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
    ).encode()


STATUS = 415
TYPE = "application/cbor"
HEADERS = {"smithy-protocol": "rpc-v2-cbor"}
REFUSAL = {
    "__type": "UnsupportedProtocolException",
    "message": "The simulator speaks AWS JSON 1.1 only, not rpc-v2-cbor; set the client to the json protocol.",
}


def is_cbor(protocol: str | None, content_type: str | None) -> bool:
    """Whether a request speaks CBOR, by its headers `smithy-protocol` and `Content-Type`."""
    return protocol == "rpc-v2-cbor" or (content_type or "").startswith(TYPE)


def refusal() -> bytes:
    """Return the body of the answer."""
    pairs = b"".join(encode_text(name) + encode_text(value) for name, value in REFUSAL.items())
    return bytes([0xA0 | len(REFUSAL)]) + pairs


def encode_text(value: str) -> bytes:
    """Encode a text of less than 256 bytes."""
    encoded = value.encode()
    return (bytes([0x60 | len(encoded)]) if len(encoded) < 24 else bytes([0x78, len(encoded)])) + encoded
