"""Trunks with several servers, limits and probes: sipp, which ends and comes back, behind the gateway's relay."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import FAST, LAN, PLAIN, SECURE
from .phone import Phone
from .sipp import Sipp

ADDRESS = "127.0.3.32"
NEWS_WITHIN = 5.0  # Seconds: an interval between probes, and the time to try one.
AT_ONCE = 0.8  # Well below `try_timeout`: nobody who is dead was tried.


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    """`80x` goes to a trunk of two servers and for one call, `81x` to another one where that can't take it."""
    return start_gateway(
        ADDRESS,
        sip={"timers": {"t1": "100ms"}},
        media={"mode": "relay", "relay": {"address": [ADDRESS, LAN], "webrtc_port": 16_370}},
        trunks=[
            {"name": "pair", "uris": [f"sip:{PLAIN}", f"sip:{SECURE}"], "calls": 1, "probe": "1s", "try_timeout": "1s"},
            {"name": "spare", "uri": f"sip:{FAST}"},
        ],
        dialplan=[{"match": r"^80\d$", "trunk": "pair"}, {"match": r"^81\d$", "trunk": ["pair", "spare"]}],
    )


@pytest.fixture
def servers(tmp_path: Path, logs: list[Path]) -> Iterator[tuple[Sipp, Sipp]]:
    """The two of the trunk `pair`; they answer calls and probes."""
    pair = tuple(Sipp(tmp_path, "called-and-probed", address, "udp", 10_000) for address in (PLAIN, SECURE))
    for server in pair:
        server.answer()
        logs.append(server.log_path)
    yield pair
    for server in pair:
        server.stop()
        logs.remove(server.log_path)


async def becomes(gateway: Gateway, *states: str) -> None:
    """Waits until the servers of the trunk `pair` are known to be so."""
    deadline = time.monotonic() + NEWS_WITHIN
    while (known := [server["state"] for server in gateway.trunks()["pair"]["servers"]]) != list(states):
        assert time.monotonic() < deadline, f"the servers are {known}, not {states}"
        await asyncio.sleep(0.05)


async def is_answered_at_once(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice:
        began = time.monotonic()
        await alice.start_call("800")
        await alice.expect("call_answered", callee_id="800")
        assert time.monotonic() - began < AT_ONCE
        await alice.hang_up("800")
        await alice.barrier()


async def test_a_server_that_is_down_is_passed_over_and_comes_back(
    gateway: Gateway, servers: tuple[Sipp, Sipp]
) -> None:
    first, second = servers
    await becomes(gateway, "up", "up")
    await is_answered_at_once(gateway)
    first.stop()
    await becomes(gateway, "down", "up")
    assert f"pair  0/1 calls  sip:{PLAIN} down  sip:{SECURE} up\n" in gateway.command("trunks")
    await is_answered_at_once(gateway)
    first.answer()
    await becomes(gateway, "up", "up")
    second.stop()
    await becomes(gateway, "up", "down")
    await is_answered_at_once(gateway)
    first.stop()
    await becomes(gateway, "down", "down")
    async with gateway.client("alice") as alice:
        began = time.monotonic()
        await alice.start_call("800")
        await alice.expect("call_rejected", callee_id="800", reason="route_down")
        assert time.monotonic() - began < AT_ONCE


async def test_a_trunk_that_is_full_is_stood_in_for_or_refuses(gateway: Gateway, servers: tuple[Sipp, Sipp]) -> None:
    await becomes(gateway, "up", "up")
    async with gateway.client("alice") as alice, gateway.client("bob") as bob, Phone(FAST, gateway.sip) as spare:
        await alice.start_call("800")
        await alice.expect("call_answered", callee_id="800")
        assert gateway.trunks()["pair"]["calls"] == 1
        await bob.start_call("801")
        await bob.expect("call_rejected", callee_id="801", reason="overloaded")
        await bob.start_call("810")
        refusing = await spare.incoming()
        refusing.reply(486)
        await refusing.expect("ACK")
        await bob.expect("call_rejected", callee_id="810", reason="busy")
        await alice.hang_up("800")
        await alice.barrier()
    assert [trunk["calls"] for trunk in gateway.trunks().values()] == [0, 0]
