"""
HTTP on loopback: AWS JSON 1.1 for Service Catalog, the query protocol for STS and IAM.

Runs in a thread of this process or in one of its own. Paths under `/_simulator/` are the simulator's own, see `control`.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qs

from orchestrator.simulator import control
from orchestrator.simulator import protocols as cbor
from orchestrator.simulator import protocols as query
from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.faults import AnswerLost, Cut, Hung, Odd
from orchestrator.simulator.service import Service
from orchestrator.simulator.world_file import WorldSpec

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost"})
CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")

MOST_REQUEST_BYTES = 8 * 1024 * 1024
"""Of a request's body. That AWS's own bound has this size is a guess."""

JSON = "application/x-amz-json-1.1"


class Simulator:
    """
    A service behind an HTTP server on loopback; a context manager that serves in a thread.

    Args:

        spec: The world.
        port: Where to listen; 0 finds a free port.
        clock: Our time, in epoch seconds.
    """

    def __init__(self, spec: WorldSpec, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        self.service = Service(spec, clock)
        self._server = Server((LOOPBACK, port), self.service)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, name="simulator", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def serve(self) -> None:
        """Serve until `stop`."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop listening, and drop the connections that are open."""
        self._server.shutdown()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    """A threading server whose connections die with it."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        self.service = service
        self._connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Remember a connection, so that it can be dropped."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401
        """Forget a connection that has ended."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, and drop every connection, as a process does that dies."""
        super().server_close()
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say nothing about clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP with one client."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    @property
    def service(self) -> Service:
        """What answers."""
        return cast("Server", self.server).service

    def setup(self) -> None:
        """Send small answers at once."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def log_message(self, *_: object) -> None:
        """Keep quiet; the ledger has everything."""

    def parse_request(self) -> bool:
        """Refuse who was led here by a name of somebody else's: a page in a browser (DNS rebinding)."""
        if not super().parse_request():
            return False
        host = (self.headers.get("Host") or LOOPBACK).rpartition(":")[0] or self.headers.get("Host") or LOOPBACK
        if host not in LOOPBACK_NAMES:
            self.send_error(403, "the simulator is for this machine only")
            return False
        return True

    def do_GET(self) -> None:
        """Show the ledger or the world."""
        self._send(*control.show(self.service, self.path))

    def do_PUT(self) -> None:
        """Change the world."""
        try:
            self._send(*control.change(self.service, self.path, self._body()))
        except ApiError as error:
            self._send(error.status, error.message.encode())

    def do_POST(self) -> None:
        """Answer an AWS request."""
        try:
            self._answer(self._body())
        except ApiError as error:
            self._fail(error)
        except Odd as odd:
            self._send(odd.status, odd.body)
        except Cut as cut:
            self._head(200, len(cut.body))
            self.wfile.write(cut.body[: len(cut.body) // 2])
            self.wfile.flush()
            self._hang_up()
        except Hung:
            # Until the client has enough of it.
            self.connection.recv(1)
            self._hang_up()
        except AnswerLost:
            self._hang_up()
        except OSError:
            # The client has hung up.
            raise
        except Exception as error:  # noqa: BLE001 - a client would take a closed connection for a network's fault
            words = f"a mistake in the simulator: {type(error).__name__}: {error}"
            self._fail(ApiError("InternalFailure", words, 500))

    def send_response(self, code: int, message: str | None = None) -> None:
        """Start an answer, with the date of the service's own clock."""
        self.send_response_only(code, message)
        scope = self._scope()
        for name, value in self.service.dates(scope[1] if scope else "", scope[2] if scope else "").items():
            self.send_header(name, value)
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))

    def _scope(self) -> re.Match[str] | None:
        """Return the access key, region and service of the signature; None without one, or before the headers are read."""
        headers = getattr(self, "headers", None)
        return CREDENTIAL.search(headers.get("Authorization", "")) if headers else None

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length") or "0"
        if "Transfer-Encoding" in self.headers:
            length = "chunked"
        if not (length.isascii() and length.isdecimal()) or int(length) > MOST_REQUEST_BYTES:
            # The body stays unread, and would be read as the next request.
            self.close_connection = True
            raise ApiError("SerializationException", f"the request's length, {length}, is not accepted", 413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            # The client has died while it was sending: AWS would never have seen a request.
            message = "the request was cut off"
            raise ConnectionResetError(message)
        return body

    def _answer(self, body: bytes) -> None:
        if cbor.is_cbor(self.headers.get("smithy-protocol"), self.headers.get("Content-Type")):
            self._send(cbor.STATUS, cbor.refusal(), cbor.TYPE, **cbor.HEADERS)
            return
        target = self.headers.get("X-Amz-Target", "")
        scope = self._scope()
        if scope is None:
            raise ApiError("MissingAuthenticationTokenException", "the request is not signed")
        if target:
            prefix, _, operation = target.rpartition(".")
            if prefix != self.service.target_prefix:
                raise ApiError("UnknownOperationException", f"this is not {prefix}")
            self._send(200, self.service.catalog(operation, body, scope[1], scope[2]))
            return
        form = {key: values[-1] for key, values in parse_qs(body.decode(errors="replace")).items()}
        self._send(200, self.service.query(form.get("Action", ""), form, scope[1], scope[2]), "text/xml")

    def _fail(self, error: ApiError) -> None:
        if self.headers.get("X-Amz-Target"):
            self._send(error.status, json.dumps({"__type": error.code, "Message": error.message}).encode())
        else:
            self._send(error.status, query.failure(error), "text/xml")

    def _send(self, status: int, body: bytes, kind: str = JSON, **headers: str) -> None:
        self._head(status, len(body), kind, **headers)
        self.wfile.write(body)

    def _head(self, status: int, length: int, kind: str = JSON, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
