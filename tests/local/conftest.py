"""Nouns for the tests of processes."""

from pathlib import Path

import pytest

from tests.server import copy_code


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout, without what is made in it, for a test to change."""
    return copy_code(tmp_path / "checkout")
