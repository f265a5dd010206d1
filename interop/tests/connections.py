"""The TCP connections of the tests' network, as the system lists them."""

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

from .wire import Address

ESTABLISHED, PROBE = 1, 2


@dataclass(frozen=True)
class Connection:
    """One end of an open connection."""

    local: Address
    remote: Address


def connections() -> set[Connection]:
    """Both ends of all that are open."""
    return {connection for connection, _ in _rows()}


def next_probe(end: Connection) -> float | None:
    """In how many seconds the system probes a silent connection; None where another timer of it runs, or none."""
    timer, left = next(timer for connection, timer in _rows() if connection == end)
    return left if timer == PROBE else None


def _rows() -> list[tuple[Connection, tuple[int, float]]]:
    found = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, _, timer, *_ = line.split()
        if int(state, 16) == ESTABLISHED:
            kind, _, ticks = timer.partition(":")
            left = int(ticks, 16) / os.sysconf("SC_CLK_TCK")
            found.append((Connection(_address(local), _address(remote)), (int(kind, 16), left)))
    return found


def _address(text: str) -> Address:
    host, _, port = text.partition(":")
    return socket.inet_ntoa(struct.pack("=I", int(host, 16))), int(port, 16)
