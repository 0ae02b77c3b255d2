"""
Refuses Smithy's RPC v2 in CBOR, the newer protocol of Service Catalog, which the simulator does not speak.

The refusal is in CBOR itself, or else those who speak nothing else could not read it. Its code is made up here; HTTP 415 is
not repeated by any SDK.
"""

from __future__ import annotations

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
