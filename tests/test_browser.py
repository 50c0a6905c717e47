"""A real browser, headless: pages of other origins use the API as they may, and the reference needs no other host."""

import html
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.client import Api
from tests.ports import free_port
from tests.server import Process, local_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
BROWSER_LIMIT_S = 120
PAGE_LIMIT_MS = 60_000
"""How long the scripts of a page may take, in the browser's own time: it stands still while an answer is awaited."""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: apt-get install chromium")

Seen = dict[str, dict[str, Any]]

PAGE = """<!doctype html>
<title>A page of another origin</title>
<pre id="seen"></pre>
<script type="module">
const seen = {};

async function call(name, method, path, {body, headers} = {}) {
  try {
    const answer = await fetch("http://localhost:PORT/api/v5" + path, {method, headers, body: JSON.stringify(body)});
    seen[name] = {status: answer.status, headers: Object.fromEntries(answer.headers), json: await answer.json()};
  } catch (error) {
    seen[name] = {refused: error.name};
  }
  return seen[name].json?.data;
}

const json = {"Content-Type": "application/json"};
const ada = {email: "ada@example.com", password: "password123"};
const account = {...ada, firstName: "Ada", lastName: "Lovelace"};
await call("health", "GET", "/health");
await call("register", "POST", "/auth/register", {headers: json, body: account});
const login = await call("log in", "POST", "/auth/login", {headers: json, body: ada});
const bearer = {Authorization: `Bearer ${login?.token}`};
const start = {headers: {...json, ...bearer, "Idempotency-Key": "once"}, body: {name: "My Project"}};
await call("start", "POST", "/sessions", start);
await call("start again", "POST", "/sessions", start);
await call("list without a token", "GET", "/sessions");
await call("go nowhere", "GET", "/nowhere", {headers: bearer});
document.getElementById("seen").textContent = JSON.stringify(seen);
</script>
"""


def document(url: str, profile: Path) -> str:
    """Load a page in a browser that reaches no other machine; returns its document once its scripts are done."""
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--virtual-time-budget={PAGE_LIMIT_MS}", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=BROWSER_LIMIT_S,
        check=True,
    )
    return done.stdout


@contextmanager
def page_served(port: int, page: str) -> Iterator[str]:
    """Serve a page on a port, which makes it an origin of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.shutdown()
            thread.join()


def seen_by_a_page(page_port: int, server: Process, profile: Path) -> Seen:
    with page_served(page_port, PAGE.replace("PORT", str(server.port))) as url:
        dom = document(url, profile)
    (text,) = re.findall(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL)
    seen: Seen = json.loads(html.unescape(text))
    return seen


@pytest.fixture(scope="module")
def allowed_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(allowed_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A server whose API the pages of one origin may use."""
    folder = tmp_path_factory.mktemp("browser")
    origin = f"http://127.0.0.1:{allowed_port}"
    with local_server(folder / "data", folder / "output.txt", CORS_ALLOWED_ORIGINS=origin) as process:
        yield process


@pytest.fixture(scope="module")
def seen(allowed_port: int, server: Process, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What a page of the allowed origin got to see, by what it did."""
    return seen_by_a_page(allowed_port, server, tmp_path_factory.mktemp("profile"))


def test_a_page_registers_and_logs_in(seen: Seen) -> None:
    assert seen["register"]["status"] == 201
    assert seen["log in"]["json"]["data"]["user"]["email"] == "ada@example.com"


def test_a_page_sends_a_token_and_an_idempotency_key(seen: Seen) -> None:
    assert seen["start"]["status"] == 201
    assert seen["start again"]["json"] == seen["start"]["json"]


@pytest.mark.parametrize("header", ["etag", "location", "x-request-id"])
def test_a_page_reads_the_headers_that_it_needs(seen: Seen, header: str) -> None:
    assert seen["start"]["headers"][header]


def test_a_page_sees_that_its_request_was_a_repetition(seen: Seen) -> None:
    assert "idempotent-replayed" not in seen["start"]["headers"]
    assert seen["start again"]["headers"]["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("deed", "status", "code"),
    [("list without a token", 401, "unauthenticated"), ("go nowhere", 404, "not_found")],
)
def test_a_page_reads_what_went_wrong(seen: Seen, deed: str, status: int, code: str) -> None:
    assert seen[deed]["status"] == status
    assert seen[deed]["json"]["error"]["code"] == code


def test_a_page_of_an_origin_that_is_not_allowed_gets_to_see_nothing(server: Process, tmp_path: Path) -> None:
    seen = seen_by_a_page(free_port(), server, tmp_path)

    assert set(map(str, seen.values())) == {"{'refused': 'TypeError'}"}


@pytest.fixture(scope="module")
def reference(server: Process, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The document of the reference, as the browser shows it."""
    return document(f"http://localhost:{server.port}/docs", tmp_path_factory.mktemp("profile"))


@pytest.mark.parametrize("path", ["/auth/register", "/sessions", "/health"])
def test_the_reference_shows_the_operations(reference: str, path: str) -> None:
    assert f'data-path="{path}"' in reference


def test_the_reference_contains_nothing_of_another_host(reference: str) -> None:
    targets = re.findall(r'\b(?:src|href|action)="([^"]*)"', reference)

    assert targets
    assert not [target for target in targets if re.match(r"(\w+:)?//", target)]


def test_the_browser_lets_the_reference_reach_no_other_host(server: Process) -> None:
    policy = Api(server.port, prefix="").get("/docs").headers["Content-Security-Policy"]

    directives = {name: set(sources) for name, *sources in (part.split() for part in policy.split(";"))}
    assert directives["default-src"] == {"'self'"}
    assert set().union(*directives.values()) <= {"'self'", "'unsafe-inline'", "data:"}
