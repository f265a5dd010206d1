"""Transfers: by REFER of ours and of phones, and by the gateway itself, with real peers; tones tell who hears whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.call_client import CallClient
from client.extended_client import ExtendedClient
from client.media_peer import MediaPeer

from .asterisk import SIP, Asterisk
from .baresip import Baresip
from .conftest import StartGateway
from .gateway import Gateway
from .linphone import Linphone
from .media_flows import LAN, app_takes, dial, pick_up
from .registrar import Registrar
from .wire import Wire

ADDRESS = "127.0.0.1"  # Where Asterisk's trunk leads.
REGISTRAR = Registrar(ADDRESS, "transfer")
FIRST, SECOND = (LAN, 5080), (LAN, 5090)


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        ADDRESS,
        # The end of a call is remembered for 64 times that long: so long the gateway is not idle.
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": [ADDRESS, LAN]}},
        phones=[{"extension": number, "password": REGISTRAR.password} for number in ("1001", "1002")],
        trunks=[{"name": "asterisk", "uri": "sip:127.0.0.1:5070;transport=udp", "accept_from": ["127.0.0.1/32"]}],
        dialplan=[{"match": r"^(6\d\d|8.+)$", "trunk": "asterisk"}],
    )


@asynccontextmanager
async def registered(phone: Baresip | Linphone, logs: list[Path]) -> AsyncIterator[None]:
    """While this is entered, the phone runs and is registered; it takes every call."""
    logs.append(phone.log_path)
    async with phone:
        await phone.logged("SIP/2.0 200 OK")
        yield
        if isinstance(phone, Linphone):
            await phone.unregister()  # The other one does it by itself when it ends.
    logs.remove(phone.log_path)


async def expect_transferred(client: CallClient, *call_ids: str) -> None:
    """The app that has transferred these calls is told that they are over, and that it has worked."""
    heard = [await client.receive() for _ in range(len(call_ids) + 1)]
    assert [message["request_id"] for message in heard if message.type == "ok"] == [1], heard
    ended = [message for message in heard if message.type == "call_hanged_up"]
    assert sorted(message["call_id"] for message in ended) == sorted(call_ids)
    assert {message["reason"] for message in ended} == {"transferred"}


# Asterisk's other calls: it does what it is asked for.


async def test_a_blind_transfer_is_left_to_a_pbx_that_reaches_the_target(gateway: Gateway, asterisk: Asterisk) -> None:
    async with (
        Wire(5060, 5070) as wire,
        gateway.extended_client("alice") as alice,
        gateway.client("bob") as bob,
        MediaPeer(440) as near,
        MediaPeer(550) as far,
    ):
        # Asterisk calls bob for alice: it moves one of its own legs.
        call_id, caller = await asyncio.gather(dial(alice, near, "8bob"), app_takes(bob, far))
        await asyncio.gather(near.hears(550), far.hears(440))
        await alice.transfer(call_id, target="601", request_id=1)
        refer = await wire.find(lambda message: message.method == "REFER")
        assert refer.target == SIP and refer.header("Refer-To") == "<sip:601@127.0.0.1:5070>"
        await expect_transferred(alice, call_id)
        await far.hears(1004)
        await bob.hang_up(caller)
        await asterisk.no_channels()


async def test_an_attended_transfer_joins_two_calls_at_a_pbx(gateway: Gateway, asterisk: Asterisk) -> None:
    async with (
        Wire(5060, 5070) as wire,
        gateway.extended_client("alice") as alice,
        gateway.client("bob") as bob,
        MediaPeer(440) as first,
        MediaPeer(440) as second,
        MediaPeer(550) as far,
    ):
        await asterisk.originate("8alice", "Echo")
        echo = await pick_up(alice, first)
        await first.hears(440)
        await alice.hold(echo, request_id=7)
        await alice.expect("ok", request_id=7)
        consulted, caller = await asyncio.gather(dial(alice, second, "8bob"), app_takes(bob, far))
        await asyncio.gather(second.hears(550), far.hears(440))
        await alice.transfer(consulted, with_call_id=echo, request_id=1)
        refer = await wire.find(lambda message: message.method == "REFER")
        assert refer.target == SIP and "?Replaces=" in refer.header("Refer-To")
        await expect_transferred(alice, consulted, echo)
        await far.hears(550)  # Its own tone, from the echo.
        await bob.hang_up(caller)
        await asterisk.no_channels()


async def test_a_pbx_sends_its_caller_on(gateway: Gateway, asterisk: Asterisk) -> None:
    async with (
        Wire(5060, 5070) as wire,
        gateway.extended_client("alice") as alice,
        MediaPeer(440) as peer,
    ):
        call_id = await dial(alice, peer, "610")
        refer = await wire.find(lambda message: message.method == "REFER")
        assert refer.source == SIP
        await alice.expect("call_transferred", call_id=call_id, peer_id="600", peer_username="600")
        await wire.find(lambda m: m.method == "NOTIFY" and m.target == SIP and m.body.startswith("SIP/2.0 200"))
        await peer.hears(440)
        await alice.hang_up("600", call_id=call_id)
        await asterisk.no_channels()


# The gateway calls by itself.


async def test_what_fails_leaves_the_call_and_an_app_takes_it_at_last(gateway: Gateway, asterisk: Asterisk) -> None:
    async with (
        gateway.extended_client("alice") as alice,
        gateway.client("bob") as bob,
        MediaPeer(440) as near,
        MediaPeer(550) as far,
    ):
        call_id = await dial(alice, near, "600")
        await near.hears(440)
        # Asterisk, which has bridged this call with nobody, says yes and can't; nobody is there; bob does not want to.
        for target in ("601", "nobody", "bob"):
            await alice.transfer(call_id, target=target, request_id=1)
            if target == "bob":
                incoming = await bob.expect("incoming_call", caller_id="600")
                await bob.reject_call(incoming["call_id"], "600")
            await alice.expect_error("transfer_failed", action="transfer", request_id=1)
            await near.still_hears(440)
        await alice.transfer(call_id, target="bob", request_id=1)
        assert await app_takes(bob, far) == "600"
        await expect_transferred(alice, call_id)
        await far.hears(550)
        await bob.hang_up("600")
        await asterisk.no_channels()


async def test_apps_hand_calls_on_to_and_from_a_phone(
    gateway: Gateway, asterisk: Asterisk, tmp_path: Path, logs: list[Path]
) -> None:
    phone = Baresip(tmp_path, FIRST, "1001", 700.0, registrar=REGISTRAR)
    async with (
        registered(phone, logs),
        Wire(5060, 5080) as wire,
        gateway.extended_client("alice") as alice,
        gateway.client("bob") as bob,
    ):
        # To it, blind: the gateway calls it for the echo.
        async with MediaPeer(440) as peer:
            call_id = await dial(alice, peer, "600")
            await alice.transfer(call_id, target="1001", request_id=1)
            await expect_transferred(alice, call_id)
            await phone.hears(phone.tone)
            await phone.hang_up()
            await asterisk.no_channels()
        # The same after it was asked: what it hears is the echo again.
        async with MediaPeer(440) as first, MediaPeer(440) as second:
            echo = await dial(alice, first, "600")
            consulted = await dial(alice, second, "1001")
            await phone.hears(440)
            await alice.transfer(echo, with_call_id=consulted, request_id=1)
            await expect_transferred(alice, echo, consulted)
            await phone.hears(phone.tone)
            await phone.hang_up()
            await asterisk.no_channels()
        assert not [message for message in wire.messages if message.method == "REFER"]
        # From it: it is asked to call bob by itself.
        async with MediaPeer(440) as near, MediaPeer(550) as far:
            call_id = await dial(alice, near, "1001")
            await phone.hears(440)
            await alice.transfer(call_id, target="bob", request_id=1)
            assert await app_takes(bob, far) == "1001"
            await wire.find(lambda message: message.method == "REFER" and message.target == FIRST)
            await expect_transferred(alice, call_id)
            await asyncio.gather(far.hears(phone.tone), phone.hears(550))
            await bob.hang_up("1001")


async def test_a_phone_transfers_an_app(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    phone = Baresip(tmp_path, FIRST, "1001", 700.0, registrar=REGISTRAR)
    async with (
        registered(phone, logs),
        gateway.extended_client("alice") as alice,
        gateway.extended_client("bob") as bob,
        MediaPeer(440) as near,
        MediaPeer(550) as far,
    ):
        call_id = await dial(alice, near, "1001")
        await near.hears(phone.tone)
        await phone.transfer(f"sip:bob@{ADDRESS}")
        assert await app_takes(bob, far) == "alice"
        await alice.expect("call_transferred", call_id=call_id, peer_id="bob", peer_username="Bob")
        await phone.expect("CALL_CLOSED")
        await asyncio.gather(near.hears(550), far.hears(440))
        await alice.hang_up("bob", call_id=call_id)
        await bob.expect("call_hanged_up", hanged_up_by="alice", reason="hung_up")


async def test_a_phone_joins_the_two_apps_that_it_talks_to(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    phone = Linphone(tmp_path, SECOND, "1002", 800.0, registrar=REGISTRAR)
    async with (
        registered(phone, logs),
        gateway.extended_client("alice") as alice,
        gateway.extended_client("bob") as bob,
        MediaPeer(440) as near,
        MediaPeer(550) as far,
    ):
        call_id = await dial(alice, near, "1002")
        await near.hears(phone.tone)
        await phone.hold()
        await alice.expect("call_held", call_id=call_id)
        await phone.dial(f"sip:bob@{ADDRESS}")
        bobs = await pick_up(bob, far)
        await phone.hears(550)
        await phone.join(1, 2)
        await alice.expect("call_transferred", call_id=call_id, peer_id="bob", peer_username="Bob")
        await alice.expect("call_resumed", call_id=call_id)
        await bob.expect("call_transferred", call_id=bobs, peer_id="alice", peer_username="Alice")
        await asyncio.gather(near.hears(550), far.hears(440))
        await alice.hang_up("bob", call_id=call_id)
        await bob.expect("call_hanged_up", call_id=bobs, hanged_up_by="alice", reason="hung_up")


async def test_a_phone_takes_the_place_of_another(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    leaving = Linphone(tmp_path / "leaving", SECOND, "1002", 800.0, registrar=REGISTRAR)
    coming = Linphone(tmp_path / "coming", FIRST, "1001", 700.0, registrar=REGISTRAR, ports=(40_200, 40_298))
    async with (
        registered(leaving, logs),
        registered(coming, logs),
        Wire(5060, 5080) as wire,
        gateway.extended_client("bob") as bob,
        MediaPeer(550) as far,
    ):
        await leaving.dial(f"sip:bob@{ADDRESS}")
        call_id = await pick_up(bob, far)
        await leaving.expect("CALL_ESTABLISHED")
        await far.hears(leaving.tone)
        await leaving.hold()
        await bob.expect("call_held", call_id=call_id)
        # Past the gateway, which hears of the other phone by its INVITE alone.
        await leaving.dial("sip:1001@{}:{}".format(*FIRST))
        await leaving.expect("CALL_ESTABLISHED")
        await leaving.join(2, 1)
        await wire.find(lambda message: message.method == "INVITE" and message.header("Replaces") != "")
        await bob.expect("call_transferred", call_id=call_id, peer_id="1001")
        await bob.expect("call_resumed", call_id=call_id)
        await asyncio.gather(far.hears(coming.tone), coming.hears(550))
        await bob.hang_up("1001", call_id=call_id)
