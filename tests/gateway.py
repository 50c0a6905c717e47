"""An emulation of API Gateway in front of the functions: it goes by the committed document, as the real one does.

What it does to a request is what Google documents, and what the sources of its proxy, ESPv2, do where the documentation
is silent; docs/decisions/2026-11-gateway.md names both.
"""

import http.client
import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.contract import GATEWAY
from tests.client import Answer, Api
from tests.server import Process, all_serving, started_function

BODY_LIMIT_BYTES = 32 * 1024 * 1024
# Cloud Run hands a verified token on without its signature.
ITS_OWN_TOKEN = "Bearer eyJhbGciOiJSUzI1NiJ9.eyJlbWFpbCI6ImdhdGV3YXkifQ.SIGNATURE_REMOVED_BY_GOOGLE"
ITS_OWN_ADDRESS = "2600:1900:2000:91::"
HOP_BY_HOP = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
VARIABLES = {"BEHIND_GATEWAY": "true", "TRUSTED_PROXIES": "2"}


class Refused(Exception):
    """The gateway answers by itself."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Backend:
    host: str
    port: int
    deadline_s: float


class Gateway:
    """A document, as the table of routes that it declares."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._backends = {
            name: _backend(given) for name, given in document["x-google-api-management"]["backends"].items()
        }
        # A path without parameters goes before one that has some.
        paths = sorted(document["paths"].items(), key=lambda item: "{" in item[0])
        self._routes = [(re.compile(_pattern(path)), operations) for path, operations in paths]

    def backend(self, method: str, path: str) -> Backend:
        """Find who answers; raises Refused."""
        for pattern, operations in self._routes:
            if pattern.fullmatch(path):
                operation = operations.get(method.lower())
                if operation is None:
                    raise Refused(405, "The current request is matched to a url template but its method is not allowed")
                return self._backends[operation["x-google-backend"]]
        raise Refused(404, "The current request is not defined by this API.")


def read(template: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Fill in the committed template, as Terraform's templatefile does."""
    text = re.sub(r"(?<!\$)\$\{(\w+)\}", lambda match: variables[match[1]], template)
    document: dict[str, Any] = json.loads(text.replace("$${", "${").replace("%%{", "%{"))
    return document


def _backend(given: dict[str, Any]) -> Backend:
    assert given["pathTranslation"] == "APPEND_PATH_TO_ADDRESS"
    address = urlsplit(given["address"])
    assert address.hostname
    assert address.port
    return Backend(address.hostname, address.port, given["deadline"])


def _pattern(path: str) -> str:
    """Match whole segments, and a slash at the end that nobody asked for."""
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", path)) + "/?"


def normalised(path: str) -> str:
    """Resolve dots and merge slashes, before the path is looked up and passed on."""
    kept: list[str] = []
    parts = re.sub("%2e", ".", path, flags=re.IGNORECASE).split("/")
    for part in parts:
        if part == "..":
            kept = kept[:-1]
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept) + ("/" if kept and parts[-1] in ("", ".", "..") else "")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, gateway: Gateway, *arguments: Any) -> None:
        self._gateway = gateway
        super().__init__(*arguments)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Be silent: the functions log."""

    def _serve(self) -> None:
        self.close_connection = True
        try:
            body = self._body()
            path, _, query = self.path.partition("?")
            path = normalised(path)
            status, headers, content = self._ask(
                self._gateway.backend(self.command, path), path + (f"?{query}" if query else ""), body
            )
        except Refused as refusal:
            status, headers = refusal.status, [("Content-Type", "application/json")]
            content = json.dumps({"message": str(refusal), "code": status}).encode()
            headers.append(("Content-Length", str(len(content))))
        self.send_response_only(status)
        for name, value in [*headers, ("Connection", "close")]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes | None:
        """Read the whole body, None where there is none; raises Refused."""
        if self._is_chunked():
            body = b"".join(self._chunks())
        elif (length := self.headers.get("Content-Length")) is not None:
            body = self.rfile.read(int(length))
        else:
            return None
        if len(body) > BODY_LIMIT_BYTES:
            raise Refused(413, "Payload Too Large")
        return body

    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("Transfer-Encoding", "")

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _ask(self, backend: Backend, target: str, body: bytes | None) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(backend.host, backend.port, timeout=backend.deadline_s)
        try:
            connection.putrequest(self.command, target, skip_accept_encoding=True)
            for name, value in self._passed_on():
                connection.putheader(name, value)
            in_chunks = self._is_chunked()
            connection.endheaders(iter([body]) if in_chunks and body else body, encode_chunked=in_chunks)
            answer = connection.getresponse()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            return answer.status, headers, answer.read()
        except TimeoutError as error:
            raise Refused(504, "upstream request timeout") from error
        except OSError as error:
            raise Refused(503, "upstream connect error or disconnect/reset before headers") from error
        finally:
            connection.close()

    def _passed_on(self) -> Iterator[tuple[str, str]]:
        """What the function is told: the caller's token, its address and the gateway's, and all else unchanged."""
        replaced = {"host", "authorization", "x-forwarded-for"}
        tokens = self.headers.get_all("Authorization")
        if tokens is not None:
            replaced.add("x-forwarded-authorization")
            yield "X-Forwarded-Authorization", ",".join(tokens)
        yield "Authorization", ITS_OWN_TOKEN
        hops = [*self.headers.get_all("X-Forwarded-For", []), self.client_address[0], ITS_OWN_ADDRESS]
        yield "X-Forwarded-For", ",".join(hops)
        if "X-Request-Id" not in self.headers:
            yield "X-Request-Id", str(uuid.uuid4())
        if self._is_chunked():
            yield "Transfer-Encoding", "chunked"
        for name, value in self.headers.items():
            if name.lower() not in replaced | HOP_BY_HOP:
                yield name, value


class Server:
    """A gateway on a port of its own, and the functions behind it."""

    def __init__(self, document: dict[str, Any], functions: list[Process]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, Gateway(document)))
        self._functions = functions
        self.port: int = self._server.server_address[1]
        self.api = Api(self.port)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def printed(self) -> str:
        return "".join(function.printed() for function in self._functions)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(document: dict[str, Any], functions: list[Process]) -> Iterator[Server]:
    server = Server(document, functions)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def gateway(folder: Path, **variables: str) -> Iterator[Server]:
    """Run every function that the committed document names, on the same data, and the gateway before them."""
    template = GATEWAY.read_text()
    names = sorted(set(re.findall(r"\$\{(\w+)_url\}", template)))
    functions = {
        name: started_function(name, folder / "data", folder / f"{name}.txt", **VARIABLES, **variables)
        for name in names
    }
    urls = {f"{name}_url": f"http://127.0.0.1:{function.port}" for name, function in functions.items()}
    with all_serving(functions), serving(read(template, urls), list(functions.values())) as server:
        yield server


def check_gateways(answer: Answer, status: int) -> None:
    """It answered by itself: in its own words, without a function having been asked."""
    assert answer.status == status
    assert set(answer.json) == {"message", "code"}
    assert answer.json["code"] == status
    assert "X-Request-Id" not in answer.headers
