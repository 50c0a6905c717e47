"""Which pages may read an answer, for all origins."""

from hypothesis import given
from hypothesis import strategies as st

from shared.http.cors import headers

ORIGINS = st.text() | st.sampled_from(["https://a.example", "https://b.example", "null", "*", ""])
ALLOWED = frozenset({"https://a.example", "https://b.example"})


@given(ORIGINS | st.none())
def test_a_page_may_read_when_its_origin_is_named_to_the_letter(origin: str | None) -> None:
    sent = dict(headers(origin, ALLOWED))

    assert sent.get("Access-Control-Allow-Origin") == (origin if origin in ALLOWED else None)
    assert sent["Vary"] == "Origin"


@given(ORIGINS | st.none())
def test_where_all_may_read_no_origin_is_repeated(origin: str | None) -> None:
    assert dict(headers(origin, ALLOWED | {"*"}))["Access-Control-Allow-Origin"] == "*"


@given(ORIGINS | st.none())
def test_where_none_may_read_none_may(origin: str | None) -> None:
    assert "Access-Control-Allow-Origin" not in dict(headers(origin, frozenset()))
