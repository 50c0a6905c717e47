"""The house keeps its shape: which part may import which, and the few rules of style that matter most."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import PROJECT

SOURCES = sorted(path for folder in ("functions", "shared", "local") for path in (PROJECT / folder).rglob("*.py"))
FUNCTION_LIMIT_LINES = 60
FILE_LIMIT_LINES = 450

# What each part must not import. Arrows go functions -> http -> security, and functions -> store -> database.
FORBIDDEN = {
    "functions": ["functions", "local", "tests", "main"],
    "shared": ["functions", "local", "tests"],
    "shared/database": ["shared.store", "shared.http", "shared.security", "flask", "werkzeug"],
    "shared/store": ["shared.http", "shared.security", "flask", "werkzeug", "functions_framework"],
    "shared/security": ["shared.http", "shared.store", "shared.database", "flask", "werkzeug"],
}
NATIVE_CLIENT_ALLOWED_IN = "shared/database/foundationdb.py"
PURE_PYTHON_OF_FDB = {"fdb.tuple", "fdb.subspace_impl"}
EMPTY_NAMES = {"utils", "helpers", "manager", "service", "common", "misc"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute, so that a path tells where a thing lives"
            yield from [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]


def below(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_arrows_point_the_right_way(path: Path) -> None:
    place = path.relative_to(PROJECT).as_posix()
    forbidden = [prefix for part, prefixes in FORBIDDEN.items() if place.startswith(part + "/") for prefix in prefixes]

    wrong = [module for module in imports(path) for prefix in forbidden if below(module, prefix)]

    assert not wrong, f"{place} must not import {wrong}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_only_the_adapter_needs_the_native_client(path: Path) -> None:
    if path.relative_to(PROJECT).as_posix() == NATIVE_CLIENT_ALLOWED_IN:
        return

    native = [m for m in imports(path) if below(m, "fdb") and not any(below(m, pure) for pure in PURE_PYTHON_OF_FDB)]

    assert not native


def test_a_function_is_one_file_named_main() -> None:
    # functions-framework loads every function as the module `main`: siblings of the same name would collide.
    files = {path.name for path in (PROJECT / "functions").rglob("*.py")}

    assert files == {"main.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_files_and_functions_fit_a_readers_head(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= FILE_LIMIT_LINES
    assert path.stem not in EMPTY_NAMES

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= FUNCTION_LIMIT_LINES, f"{path.name}: {node.name} is too long"


def test_a_wrong_arrow_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def work():\n    from shared.http import group\n")

    assert any(below(module, "shared.http") for module in imports(path))
