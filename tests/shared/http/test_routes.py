"""From paths to endpoints: any text at all is a path that is known, or is not."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.database.transaction import ReadTransaction
from shared.http import PUBLIC, Group, Message
from shared.http.routes import PREFIXES

group = Group("test")


@group.endpoint("GET /things", access=PUBLIC)
def list_things() -> Message:
    """List them."""
    return Message(message="")


@group.endpoint("POST /things", access=PUBLIC)
def make_thing() -> Message:
    """Make one."""
    return Message(message="")


@group.endpoint("GET /things/{thing_id}", access=PUBLIC)
def show_thing(tr: ReadTransaction, thing_id: UUID) -> Message:
    """Show one."""
    return Message(message="")


@group.endpoint("GET /things/mine", access=PUBLIC)
def show_mine() -> Message:
    """Show a fixed one."""
    return Message(message="")


@group.endpoint("DELETE /things/{thing_id}/parts/{part_id}", access=PUBLIC)
def remove_part(thing_id: UUID, part_id: UUID) -> Message:
    """Remove a part of one."""
    return Message(message="")


routes = group._routes


def found(path: str) -> tuple[set[str], list[UUID]] | None:
    match = routes.find(path)
    return None if match is None else (set(match[0]), match[1])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_declared_path_is_found_under_every_prefix(prefix: str) -> None:
    assert found(f"{prefix}/things") == ({"GET", "POST"}, [])
    assert found("/things") is None


@given(st.uuids(), st.uuids())
def test_the_ids_in_a_path_are_found_in_their_order(thing_id: UUID, part_id: UUID) -> None:
    assert found(f"/v5/things/{thing_id}") == ({"GET"}, [thing_id])
    assert found(f"/v5/things/{thing_id}/parts/{part_id}") == ({"DELETE"}, [thing_id, part_id])


def test_a_fixed_path_goes_before_one_with_an_id() -> None:
    assert found("/v5/things/mine") == ({"GET"}, [])


AN_ID = "0193585d-9d2b-7c3a-8000-00000000ffff"
SEGMENTS = st.sampled_from(["api", "v5", "things", "mine", "parts", "", "{thing_id}", "..", AN_ID]) | st.text()


@given(st.text() | st.lists(SEGMENTS).map(lambda segments: "/" + "/".join(segments)))
def test_any_path_is_known_or_not(path: str) -> None:
    match = found(path)

    assert match is None or path.startswith(PREFIXES)
    assert group.owns(path) == (match is not None)


@pytest.mark.parametrize(
    "thing_id",
    [
        "",
        "1",
        "mine ",
        "0" * 32,
        "{" + str(UUID(int=0)) + "}",
        f"urn:uuid:{UUID(int=0)}",
        f"{UUID(int=0)}\n",
        "\u0660" * 36,
    ],
)
def test_an_id_is_written_in_one_way_only(thing_id: str) -> None:
    assert found(f"/v5/things/{thing_id}") is None
