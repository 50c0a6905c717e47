"""What an image holds is enough and no more: each function starts from it, in a clean virtual environment, and serves.

The folder is what functions/Dockerfile puts together, by the same script; Docker itself is not needed.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.assemble import assemble
from local.functions import load_all
from shared.http import SIGNED_IN
from shared.http.routes import PREFIXES
from shared.settings import PROJECT
from tests.client import Api, Person, register
from tests.ports import free_port
from tests.server import START_LIMIT_S, Process, all_serving, environment, serving

NAMES = sorted(path.parent.name for path in (PROJECT / "functions").glob("*/main.py"))
DOCKERFILE = (PROJECT / "functions" / "Dockerfile").read_text()
PASSWORD = "a rather long one of our own"
UV = Path(sys.executable).with_name("uv")
PIN = re.compile(r"^([a-z0-9-]+)==(\S+) \\$(?=\n    --hash=sha256:)", re.MULTILINE)


@dataclass(frozen=True)
class Image:
    """What the image of a function holds, and the environment that its requirements make."""

    name: str
    folder: Path
    venv: Path

    @property
    def command(self) -> list[str]:
        (found,) = re.findall(r"^CMD \[(.*)\]$", DOCKERFILE, re.MULTILINE)
        program, *arguments = re.findall(r'"([^"]*)"', found)
        return [str(self.venv / "bin" / program), *arguments]

    def environment(self, data_dir: Path, port: int, **variables: str) -> dict[str, str]:
        nowhere = {"HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": ""}
        given = {"FUNCTION_TARGET": self.name, "HOST": "127.0.0.1", "PORT": str(port), **nowhere}
        return environment(data_dir, PASSWORD_POLICY="strict", **given, **variables)

    def started(self, data_dir: Path, output: Path) -> Process:
        port = free_port()
        return Process(self.command, port, self.environment(data_dir, port), output, cwd=self.folder)

    def contents(self) -> dict[Path, int]:
        """Everything in it, with the time of its last change."""
        return {path: path.stat().st_mtime_ns for root in (self.folder, self.venv) for path in root.rglob("*")}


def uv(*arguments: object) -> None:
    done = subprocess.run([UV, "--quiet", *map(str, arguments)], capture_output=True, text=True, check=False)
    if "error sending request" in done.stderr or "dns error" in done.stderr:
        pytest.skip(f"the package index is out of reach: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def install(requirements: Path, venv: Path) -> None:
    """Make an environment of what is required and nothing else."""
    uv("venv", "--python", sys.executable, venv)
    # Every requirement is in the file, so none is looked for; whether that is so is checked afterwards.
    options = ["--python", venv, "--compile-bytecode", "--no-deps", "--require-hashes"]
    build = PROJECT / "functions" / "build-requirements.txt"
    uv("pip", "install", *options, "--build-constraints", build, "--requirements", requirements)
    uv("pip", "check", "--python", venv)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    """Do what the Dockerfile does, but for Docker; functions that require the same share an environment here."""
    folder = tmp_path_factory.mktemp("images")
    made: dict[str, Image] = {}
    environments: dict[str, Path] = {}
    for name in NAMES:
        assemble(name, folder / name)
        for path in (folder / name, *(folder / name).rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        required = (folder / name / "requirements.txt").read_text()
        made[name] = Image(name, folder / name, environments.setdefault(required, folder / f"{name}-venv"))
    with ThreadPoolExecutor(2) as pool:
        distinct = {image.venv: image.folder / "requirements.txt" for image in made.values()}
        list(pool.map(install, distinct.values(), distinct.keys()))
    return made


@pytest.fixture(scope="module")
def running(images: dict[str, Image], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    """Every function from its image, all on the same data."""
    folder = tmp_path_factory.mktemp("running")
    processes = {name: image.started(folder / "data", folder / f"{name}.txt") for name, image in images.items()}
    with all_serving(processes):
        yield processes


@pytest.fixture(scope="module")
def ada(running: dict[str, Process]) -> Person:
    return register(running["auth"].api, "ada@example.com", PASSWORD)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_holds_the_function_its_requirements_and_the_shared_library(
    images: dict[str, Image], name: str
) -> None:
    folder = images[name].folder
    sources = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    compiled = {path for path in sources if path.endswith(".pyc")}

    shared = {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "shared").rglob("*.py")}
    assert sources - compiled == {"main.py", "requirements.txt"} | shared
    assert len(compiled) == len(shared) + 1


def test_health_is_healthy_and_ready(running: dict[str, Process]) -> None:
    assert running["health"].api.get("/health").data == {"status": "healthy"}
    assert running["health"].api.get("/ready").data == {"status": "ready"}


def test_maintenance_sweeps(running: dict[str, Process]) -> None:
    assert running["maintenance"].api.post("/maintenance/sweep").data["finished"] is True


@pytest.mark.parametrize(
    ("group", "method", "path"),
    [
        (function.group.name, endpoint.method, endpoint.path)
        for function in load_all()
        for endpoint in function.group.endpoints
        if endpoint.access is SIGNED_IN
    ],
)
def test_who_is_not_signed_in_is_told_so(running: dict[str, Process], group: str, method: str, path: str) -> None:
    path = re.sub(r"{\w+}", "0190a5e0-0000-7000-8000-000000000000", path)

    for prefix in PREFIXES:
        answer = Api(running[group].port, prefix).request(method, path)
        assert (answer.status, answer.code) == (401, "unauthenticated")


def test_signing_up_and_working_need_nothing_more(running: dict[str, Process], ada: Person) -> None:
    login = running["auth"].api.post("/auth/login", {"email": ada.email, "password": ada.password})
    renewed = running["auth"].api.post("/auth/refresh", {"refreshToken": login.data["refreshToken"]})
    started = running["sessions"].api.post("/sessions", {"name": "My Project"}, token=ada.token)
    key = running["keys"].api.post("/auth/keys", {"name": "CI", "scopes": ["sessions:read"]}, token=ada.token)
    events = running["audit"].api.get("/audit", token=ada.token)

    assert [answer.status for answer in (login, renewed, started, key, events)] == [200, 200, 201, 201, 200]
    assert running["sessions"].api.get("/sessions", token=key.data["key"]).data == [started.data]
    assert running["auth"].api.post("/auth/register", {}).code == "invalid_request"


def test_a_function_writes_nothing_beside_its_data(images: dict[str, Image], tmp_path: Path) -> None:
    image = images["auth"]
    before = image.contents()

    with serving(image.started(tmp_path / "data", tmp_path / "output.txt")) as process:
        register(process.api, "eve@example.com", PASSWORD)

    assert image.contents() == before
    assert all(re.match(r"[\d:]+ \d{3} [A-Z]+ /", line) for line in process.printed().splitlines()), process.printed()


@pytest.mark.parametrize(("missing", "name"), [("CORS_ALLOWED_ORIGINS", "health"), ("JWT_SECRET", "auth")])
def test_in_production_it_says_what_is_missing(
    images: dict[str, Image], tmp_path: Path, missing: str, name: str
) -> None:
    production = {
        "K_SERVICE": name,
        "CORS_ALLOWED_ORIGINS": "https://app.example.com",
        "FDB_CLUSTER_FILE": str(tmp_path / "fdb.cluster"),
        "JWT_SECRET": "a secret of more than thirty-two bytes",
        missing: "",
    }
    given = images[name].environment(tmp_path, free_port(), **production)

    done = subprocess.run(
        images[name].command,
        cwd=images[name].folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
    )

    assert done.returncode != 0
    assert done.stderr.startswith(f"Cannot start. {missing}: required in production")


@pytest.mark.parametrize("path", [*(f"{name}/requirements" for name in NAMES), "build-requirements"])
def test_requirements_are_pinned_with_hashes_and_no_others_than_elsewhere(path: str) -> None:
    given = (PROJECT / "functions" / f"{path}.in").read_text()
    pinned = (PROJECT / "functions" / f"{path}.txt").read_text()
    constraints = {
        name.lower().replace("_", "-"): version
        for name, _, version in (
            line.partition("==") for line in (PROJECT / "constraints.txt").read_text().splitlines()
        )
    }

    pins = dict(PIN.findall(pinned))

    assert len(pins) == pinned.count("=="), "each has hashes"
    assert set(re.findall(r"^[a-z0-9-]+$", given, re.MULTILINE)) <= set(pins), "run: make requirements"
    assert {name: constraints[name] for name in pins} == pins, "run: make requirements"


def test_health_carries_nothing_that_only_signing_needs() -> None:
    carried = (PROJECT / "functions" / "health" / "requirements.txt").read_text()

    assert not re.search(r"^(argon2-cffi|pyjwt|email-validator)==", carried, re.MULTILINE)


def test_the_dockerfile_copies_what_the_script_assembles_and_nothing_else() -> None:
    build, final = re.split(r"^FROM .*\n", DOCKERFILE, flags=re.MULTILINE)[-2:]

    assert 'RUN python -m local.assemble "${FUNCTION}" /function\n' in build
    copied = re.findall(r"^(?:COPY|ADD) (.*)$", final, re.MULTILINE)
    assert copied == [
        "--from=foundationdb /usr/lib/libfdb_c.so /usr/lib/",
        "--from=build /venv /venv",
        "--from=build /function /function",
    ]


def test_an_unknown_function_is_not_assembled(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="There is no function 'nobody'"):
        assemble("nobody", tmp_path / "nobody")

    assert not (tmp_path / "nobody").exists()
