"""What `make` does before there is a virtual environment, with stand-ins for Python so that nothing is installed."""

import os
import subprocess
from pathlib import Path

from tests.server import environment


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = environment(checkout / ".data")
    return subprocess.run(
        ["make", *arguments], cwd=checkout, env=given, capture_output=True, text=True, timeout=60, check=False
    )


def stand_in(folder: Path, script: str) -> str:
    """Make a command that is run instead of Python, as an argument of make."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return f"PYTHON={python}"


def test_a_fresh_clone_is_set_up_and_then_served(checkout: Path) -> None:
    steps = make(checkout, "--dry-run", "run").stdout

    made, installed, served = (steps.index(step) for step in ("-m venv .venv", "pip install", "python -m local"))
    assert made < installed < served


def test_what_is_installed_is_pinned(checkout: Path) -> None:
    steps = make(checkout, "--dry-run", "run").stdout

    (install,) = [line for line in steps.splitlines() if "pip install" in line]
    assert "--constraint constraints.txt" in install


def test_a_python_that_is_too_old_is_refused_with_a_way_out(checkout: Path, tmp_path: Path) -> None:
    done = make(checkout, "run", stand_in(tmp_path, "exit 1"))

    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stdout
    assert "make run PYTHON=" in done.stdout
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_refused_likewise(checkout: Path) -> None:
    done = make(checkout, "run", "PYTHON=/nowhere/python")

    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stdout


def test_a_virtual_environment_that_could_not_be_made_is_made_anew(checkout: Path, tmp_path: Path) -> None:
    # As Debian's Python does without python3-venv: it leaves a folder without pip.
    fails = stand_in(tmp_path, 'test "$1" = -m || exit 0; mkdir -p .venv/bin; cp "$0" .venv/bin/python; exit 1')
    make(checkout, "run", fails)

    steps = make(checkout, "--dry-run", "run").stdout

    assert "-m venv .venv" in steps


def test_changed_requirements_are_installed(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    (checkout / ".venv" / "bin" / "python").touch()
    make(checkout, "--touch", ".venv/.local")
    assert "pip install" not in make(checkout, "--dry-run", "run").stdout

    a_second_later = (checkout / ".venv" / ".local").stat().st_mtime + 1
    os.utime(checkout / "pyproject.toml", (a_second_later, a_second_later))

    assert "pip install" in make(checkout, "--dry-run", "run").stdout
