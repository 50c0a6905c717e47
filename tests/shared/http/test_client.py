"""Whose address counts: what our own proxies wrote, never what the client wrote before them."""

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.http.client import client

CLIENT, LIE, GATEWAY, LOAD_BALANCER = "198.51.100.9", "192.0.2.1", "2600:1900:2000:91::", "203.0.113.7"


def sent(*hops: str) -> Request:
    headers = [("X-Forwarded-For", ", ".join(hops))] if hops else []
    return Request(EnvironBuilder(headers=headers, environ_base={"REMOTE_ADDR": "169.254.1.1"}).get_environ())


@pytest.mark.parametrize("lies", [[], [LIE], [LIE, LOAD_BALANCER], [LIE, LOAD_BALANCER, GATEWAY]])
@pytest.mark.parametrize(
    "way",
    [
        pytest.param([CLIENT, GATEWAY], id="by the gateway's own name"),
        pytest.param([CLIENT, LOAD_BALANCER, GATEWAY], id="by the load balancer"),
        pytest.param([CLIENT, LOAD_BALANCER, CLIENT, GATEWAY], id="by one whose client is named again after it"),
    ],
)
def test_the_clients_address_is_found_whichever_way_it_came_and_whatever_it_wrote(
    way: list[str], lies: list[str]
) -> None:
    assert client(sent(*lies, *way), 2, LOAD_BALANCER).address == CLIENT


def test_the_load_balancers_address_is_not_looked_for_where_there_is_none() -> None:
    assert client(sent(CLIENT, LOAD_BALANCER, GATEWAY), 2).address == LOAD_BALANCER


@pytest.mark.parametrize("hops", [[], [GATEWAY], [LOAD_BALANCER, GATEWAY]])
def test_a_header_too_short_to_be_ours_names_nobody_else(hops: list[str]) -> None:
    assert client(sent(*hops), 2, LOAD_BALANCER).address in ("169.254.1.1", LOAD_BALANCER)
