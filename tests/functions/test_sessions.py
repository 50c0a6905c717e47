"""The sessions function, over HTTP."""

from uuid import UUID

from tests.client import Api, Person


def test_a_session_is_started_in_the_callers_tenant(api: Api, ada: Person) -> None:
    answer = api.post("/sessions", {"name": "My Project", "workspacePath": "/workspace/test"}, token=ada.token)

    assert answer.status == 201
    session = answer.data
    assert session["tenantId"] == ada.user["tenantId"]
    assert session["userId"] == ada.user["id"]
    assert session["createdAt"] == session["updatedAt"]
    assert UUID(session["id"]).version == 7
    assert answer.headers["Location"] == f"/api/v5/sessions/{session['id']}"
