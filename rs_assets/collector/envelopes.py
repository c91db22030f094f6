"""A received request as lines of the log.

Belongs here: the envelope's fields, and what of a client is kept. Does not belong here: payloads (`rs_assets.log.
payload`), or where lines go (`committer`).

Of a client's address the network is kept: /24, or /48 of IPv6. Of its headers the user agent is kept, and no other.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from functools import lru_cache

import orjson

USER_AGENT_CHARS = 1024
DATE = slice(16, 26)
"""Where the log date stands in a line."""
SITE_FROM = 53
"""Where the site begins in a line; names of sites hold no quotes."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is said around a payload."""

    site: str
    request_id: str
    path: str
    ip: str | None
    user_agent: str | None

    def line(self, received_at: dt.datetime, payload: bytes, part: int | None = None) -> bytes:
        """The line, with its newline.

        Args:
            received_at: UTC.
            payload: the members that hold the payload, as JSON.
            part: of a request that becomes several lines, which.
        """
        request_id = self.request_id if part is None else f"{self.request_id}-{part}"
        fields = {"site": self.site, "request_id": request_id, "path": self.path}
        if self.ip is not None:
            fields["ip"] = self.ip
        if self.user_agent is not None:
            fields["user_agent"] = self.user_agent
        time = received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
        return b'{"received_at":"' + time + b'",' + orjson.dumps(fields)[1:-1] + b"," + payload + b"}\n"


def folder(line: bytes) -> tuple[str, str]:
    """The site and the log date of a line that `Envelope` made."""
    return line[SITE_FROM : line.index(b'"', SITE_FROM)].decode(), line[DATE].decode()


def received_at(line: bytes) -> str:
    """When a line that `Envelope` made was received, as it stands in names of files: `20240101T000000123456`."""
    return line[16:42].translate(None, b"-:.").decode()


@lru_cache(4096)
def network(address: str) -> str | None:
    """A client's address without what tells it from its neighbours; None where it is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if found.version == 6:
        found = (
            found.ipv4_mapped or found.sixtofour or found
        )  # 2002:… holds a whole IPv4 address in its 48 bits
    bits = 24 if found.version == 4 else 48
    return str(ipaddress.ip_network(f"{found}/{bits}", strict=False).network_address)


def user_agent(header: bytes | None) -> str | None:
    """The user agent as text, cut where it is longer than any browser's."""
    return None if header is None else header.decode("latin-1")[:USER_AGENT_CHARS]
