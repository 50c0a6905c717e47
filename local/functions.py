"""The functions as functions-framework loads them, all in one process."""

import sys
from dataclasses import dataclass
from pathlib import Path

import flask
import functions_framework

from shared.http import Group
from shared.settings import PROJECT

FOLDER = PROJECT / "functions"


@dataclass(frozen=True, slots=True)
class Function:
    """A loaded function: its group of endpoints, and the WSGI application that serves it."""

    group: Group
    app: flask.Flask


def load(main: Path) -> Function:
    """Load one main.py, whose target has the name of its folder."""
    app = functions_framework.create_app(main.parent.name, str(main))  # type: ignore[no-untyped-call]
    # functions-framework loads every function under the name of its file.
    return Function(sys.modules["main"].group, app)


def load_all() -> list[Function]:
    """Load every function, in the order of their names."""
    return [load(main) for main in sorted(FOLDER.glob("*/main.py"))]
