"""Who is at the other end of the connection: the address that can be believed, and the kind of program."""

import ipaddress
from dataclasses import dataclass

from werkzeug.wrappers import Request

AGENT_LIMIT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Client:
    """`address` is an IP address; `agent` is what the program calls itself, cut to one short line."""

    address: str
    agent: str

    @property
    def network(self) -> str:
        """What counts as one source of attempts: the address, or of IPv6 the /64 that one customer is given."""
        address = ipaddress.ip_address(self.address)
        if address.version == 4:
            return str(address)
        return str(ipaddress.ip_network((address, 64), strict=False))


def client(request: Request, trusted_proxies: int, load_balancer: str = "") -> Client:
    """Tell who sent a request that came through so many proxies of ours.

    Each proxy appends the address that it was called from to X-Forwarded-For; all before those entries is what the
    client wrote itself, and counts for nothing. A load balancer that stands before the others appends its own address
    after its client's. It need not have been on the way, so that no number would be right for every request; but nobody
    calls from its address, so where that is found, the client's is the entry before.
    """
    environ = request.environ
    address = environ.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if 0 < trusted_proxies <= len(hops):
        address = hops[-trusted_proxies]
        if address == load_balancer and trusted_proxies < len(hops):
            address = hops[-trusted_proxies - 1]
    try:
        address = str(ipaddress.ip_address(address))
    except ValueError:
        address = "0.0.0.0"  # noqa: S104 (it stands for an unknown address)
    agent = "".join(char for char in environ.get("HTTP_USER_AGENT", "") if char.isprintable())
    return Client(address, agent[:AGENT_LIMIT_CHARS])
