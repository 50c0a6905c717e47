"""Secret Manager's REST protocol on this machine: an HTTPS server behind a proxy, so that its clients need no change.

A client is sent here by HTTPS_PROXY, trusts the certificate by REQUESTS_CA_BUNDLE, and signs in as a service account
whose key was made for the test.
"""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

HOST = "secretmanager.googleapis.com"
ACCOUNT = "tests@example.iam.gserviceaccount.com"


class SecretManager(ThreadingHTTPServer):
    """Holds secrets by the names of their versions, and what was asked of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.secrets: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.account_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._folder = folder
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(_certificate(folder))

    @property
    def variables(self) -> dict[str, str]:
        """What makes a client come here."""
        proxy = f"http://127.0.0.1:{self.server_address[1]}"
        credentials = self._folder / "credentials.json"
        credentials.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "client_email": ACCOUNT,
                    "private_key_id": "1",
                    "private_key": _pem(self.account_key),
                    "token_uri": "https://oauth2.googleapis.com/token",
                    "project_id": "example",
                }
            )
        )
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
            "REQUESTS_CA_BUNDLE": str(self._folder / "server.pem"),
            "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
        }


class _Connection(BaseHTTPRequestHandler):
    server: SecretManager

    def do_CONNECT(self) -> None:
        # The client library also asks other hosts of Google's, and gets on without them.
        if self.path != f"{HOST}:443":
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        with (
            self.server.tls.wrap_socket(self.connection, server_side=True) as tunnel,
            tunnel.makefile("rb") as self.rfile,
            tunnel.makefile("wb", buffering=0) as self.wfile,  # type: ignore[assignment]
        ):
            self.handle_one_request()
        self.close_connection = True

    def do_GET(self) -> None:
        name = self.path.split("?")[0].removeprefix("/v1/").removesuffix(":access")
        self.server.asked.append(name)
        status, answer = self._access(name)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _access(self, name: str) -> tuple[int, Any]:
        token = self.headers["Authorization"].removeprefix("Bearer ")
        try:
            claims = jwt.decode(
                token, self.server.account_key.public_key(), ["RS256"], options={"verify_aud": False}, leeway=10
            )
        except jwt.InvalidTokenError as error:
            return 401, _error(401, "UNAUTHENTICATED", str(error))
        if claims["iss"] != ACCOUNT:
            return 403, _error(403, "PERMISSION_DENIED", "who is this?")
        if name not in self.server.secrets:
            return 404, _error(404, "NOT_FOUND", f"Secret Version [{name}] not found.")
        data = base64.b64encode(self.server.secrets[name]).decode()
        return 200, {"name": name, "payload": {"data": data}}

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


def _error(code: int, status: str, message: str) -> Any:
    return {"error": {"code": code, "message": message, "status": status}}


def _pem(key: rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


def _certificate(folder: Path) -> Path:
    """Write a certificate for Google's host name, and its key, into one file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(_pem(key).encode() + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def serving(folder: Path) -> Iterator[SecretManager]:
    folder.mkdir()
    with SecretManager(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
