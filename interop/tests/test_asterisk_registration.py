"""Registrations between the gateway and a real Asterisk 22, both ways, and the calls that go by them."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from client.media_peer import MediaPeer

from .asterisk import SIP, Asterisk
from .conftest import StartGateway
from .gateway import Gateway
from .phone import response
from .test_asterisk import answer_call, connect_media
from .wire import Address, SIPMessage, Wire

ADDRESS = "127.0.0.9"  # Neither of the addresses that Asterisk knows its trunks by: a registration alone lets it in.


def extension(number: str, trunk: str = "pbx", **more: str) -> dict[str, str]:
    return {"trunk": trunk, "username": number, "password": "interop", **more}


@pytest.fixture(scope="module")
def asterisk(logs: list[Path]) -> Iterator[Asterisk]:
    """One that registers at the gateway as the phone 5001."""
    asterisk = Asterisk(f"sip:{ADDRESS}")
    logs.append(asterisk.log_path)
    asterisk.start()
    yield asterisk
    asterisk.stop()
    logs.remove(asterisk.log_path)


SETTINGS = {
    # The end of a call is remembered for 64 times that long: so long the gateway is not idle.
    "sip": {"timers": {"t1": "200ms"}},
    "media": {"mode": "relay", "relay": {"address": ["127.0.0.1", "10.88.0.1"]}},
    "phones": [{"extension": "5001", "password": "interop"}],
}
PBX = {"uri": "sip:127.0.0.1:5070;transport=udp"}


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        ADDRESS,
        **SETTINGS,
        users=[
            {"id": "alice", "username": "Alice", "register": extension("2001")},
            {"id": "bob", "username": "Bob", "register": extension("2002", when="always")},
            {"id": 7, "username": "Seven", "register": extension("2003", "secure")},
            {"id": "carol", "username": "Carol", "aliases": ["4001"]},
        ],
        trunks=[
            {
                **PBX,
                "name": "pbx",
                "username": "4001",
                "password": "interop",
                "from_user": "4001",
                "try_timeout": "20s",  # As long as Asterisk takes to come back.
                "register": True,
            },
            {**PBX, "name": "secure", "media": {"srtp": True}},
            {**PBX, "name": "locked", "username": "3002", "password": "wrong", "register": True},
        ],
        dialplan=[
            {"match": r"^(6\d\d)$", "trunk": "pbx"},
            {"match": r"^s(6\d\d)$", "trunk": "secure", "rewrite": "$1"},
        ],
    )


async def is_registered(asterisk: Asterisk, number: str, contact: str) -> None:
    await asterisk.shows(f"pjsip show aor {number}", f"sip:{contact}@{ADDRESS}:5060")


# The gateway registers at Asterisk.


async def test_a_trunk_is_registered_by_digest_and_refreshed(gateway: Gateway, asterisk: Asterisk) -> None:
    await is_registered(asterisk, "4001", "4001")
    async with Wire(5060, 5070) as wire:
        first = await wire.find(lambda m: m.method == "REGISTER" and "sip:4001@" in m.header("To"))
        await wire.find(
            lambda m: m.method == "REGISTER"
            and m.header("Call-ID") == first.header("Call-ID")
            and m.header("CSeq") != first.header("CSeq")
            and 'username="4001"' in m.header("Authorization")
        )
        await wire.find(lambda m: m.status == 200 and m.header("Call-ID") == first.header("Call-ID"))


async def test_a_call_for_a_registered_trunk_needs_no_accept_from(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("carol") as carol, MediaPeer(440) as peer:
        await asterisk.originate("4001", "Milliwatt")
        caller_id = await answer_call(carol, peer)
        await peer.hears(1004)
        await carol.hang_up(caller_id)
        await asterisk.no_channels()
        await carol.barrier()


async def test_an_app_calls_over_a_registered_trunk(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("carol") as carol, MediaPeer(440) as peer:
        await connect_media(carol, peer, "600")
        await peer.hears(440)
        invite = await wire.find(lambda m: m.method == "INVITE" and bool(m.header("Authorization")))
        assert 'username="4001"' in invite.header("Authorization") and "sip:4001@" in invite.header("From")
        await carol.hang_up("600")
        await asterisk.no_channels()


async def test_an_extension_is_registered_while_its_user_is_connected(gateway: Gateway, asterisk: Asterisk) -> None:
    assert "sip:alice@" not in asterisk.cli("pjsip show aor 2001")
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await is_registered(asterisk, "2001", "alice")
        await asterisk.originate("606", "Milliwatt")
        caller_id = await answer_call(alice, peer)
        await peer.hears(1004)
        await alice.hang_up(caller_id)
        await asterisk.no_channels()
        await alice.barrier()
    # A user whose socket is back within ten seconds was never away.
    await asterisk.shows_no("pjsip show aor 2001", "sip:alice@", timeout=20)


async def test_a_users_call_is_the_users_own_extensions(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await peer.hears(440)
        invite = await wire.find(lambda m: m.method == "INVITE" and bool(m.header("Authorization")))
        assert 'username="2001"' in invite.header("Authorization") and "sip:2001@" in invite.header("From")
        await alice.hang_up("600")
        await asterisk.no_channels()


async def test_an_extension_that_is_always_registered_is_unavailable_until_its_user_connects(
    gateway: Gateway, asterisk: Asterisk
) -> None:
    await is_registered(asterisk, "2002", "bob")
    async with Wire(5060, 5070) as wire:
        await asterisk.originate("607", "Milliwatt")
        await wire.find(lambda m: m.status == 480 and m.source[0] == ADDRESS)
        await asterisk.no_channels()
    async with gateway.client("bob") as bob, MediaPeer(440) as peer:
        await asterisk.originate("607", "Milliwatt")
        caller_id = await answer_call(bob, peer)
        await peer.hears(1004)
        await bob.hang_up(caller_id)
        await asterisk.no_channels()


async def test_an_extension_with_sdes_is_called_and_calls(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client(7) as seven:
        await is_registered(asterisk, "2003", "7")
        async with MediaPeer(440) as peer:
            await asterisk.originate("2003", "Milliwatt")
            caller_id = await answer_call(seven, peer)
            await peer.hears(1004)
            await seven.hang_up(caller_id)
            await asterisk.no_channels()
        async with MediaPeer(550) as peer:
            await connect_media(seven, peer, "s600")
            await peer.hears(550)
            await seven.hang_up("s600")
            await asterisk.no_channels()
        invites = [m for m in wire.messages if m.method == "INVITE"]
        assert {m.source[0] for m in invites} == {ADDRESS, SIP[0]}
        assert all("RTP/SAVP" in m.body and "a=crypto:" in m.body for m in invites)


# Asterisk registers at the gateway.


async def test_asterisk_is_a_phone_of_ours_that_is_called(gateway: Gateway, asterisk: Asterisk) -> None:
    await asterisk.shows("pjsip show registrations", "Registered")
    async with gateway.client("carol") as carol, MediaPeer(440) as peer:
        await connect_media(carol, peer, "5001")
        await peer.hears(440)
        await carol.hang_up("5001")
        await asterisk.no_channels()


async def test_asterisk_is_a_phone_of_ours_that_calls(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("carol") as carol, MediaPeer(440) as peer:
        await asterisk.originate("9carol", "Milliwatt")
        call = await carol.expect("incoming_call", caller_id="5001")
        await carol.answer_call(call["call_id"], "5001")
        offer = await carol.expect("call_offer", caller_id="5001")
        await carol.answer("5001", await peer.answer(offer["offer"]))
        await peer.hears(1004)
        asterisk.cli("channel request hangup all")
        await carol.expect("call_hanged_up", hanged_up_by="5001", reason="hung_up")
        await asterisk.no_channels()


async def test_a_wrong_password_is_tried_twice_more_and_then_rarely(gateway: Gateway, asterisk: Asterisk) -> None:
    def refused() -> list[float]:
        tries: list[float] = []
        for line in asterisk.log_path.read_text().splitlines():
            if "sip:3002@" in line and "Failed to authenticate" in line:
                time = datetime.strptime(line[1:24], "%Y-%m-%d %H:%M:%S.%f").timestamp()
                # A slow Asterisk gets a request twice, and tells of it twice: it keeps no transaction of what it refuses.
                if not tries or time - tries[-1] >= 1:
                    tries.append(time)
        return tries

    async with asyncio.timeout(10):
        while len(refused()) < 3:
            await asyncio.sleep(0.1)
    first, _, third, *later = refused()
    assert third - first <= 7
    assert all(time - third >= 14 for time in later)


# The end of it.


async def test_asterisk_that_was_restarted_is_registered_at_again(gateway: Gateway, asterisk: Asterisk) -> None:
    asterisk.cli("pjsip send unregister register-gateway")  # Or what it registers anew would stand beside that.
    await asterisk.shows_no("pjsip show registrations", "Registered ")
    asterisk.kill()
    await asyncio.to_thread(asterisk.start)
    await is_registered(asterisk, "4001", "4001")
    async with gateway.client("carol") as carol, MediaPeer(440) as peer:
        await asterisk.originate("4001", "Milliwatt")
        caller_id = await answer_call(carol, peer)
        await peer.hears(1004)
        await carol.hang_up(caller_id)
        await asterisk.no_channels()


class StrictRegistrar(asyncio.DatagramProtocol):
    """Takes nobody for less than two hours (RFC 3261 section 10.3: 423); Asterisk gives whoever asks for less more."""

    ADDRESS = ("127.0.0.20", 5060)

    def __init__(self) -> None:
        self.granted = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.ADDRESS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport is not None
        self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        request = SIPMessage(addr, self.ADDRESS, data.decode())
        time = int(request.header("Contact").rpartition("expires=")[2])
        status = 200 if time == 0 or time >= 7200 else 423
        answer = response(request, status, contact=request.header("Contact"))
        assert self._transport is not None
        self._transport.sendto(answer.replace("Content-Length", "Min-Expires: 7200\r\nContent-Length").encode(), addr)
        if time >= 7200:
            self.granted.set()


async def test_a_new_configuration_takes_one_registration_back_and_keeps_another(gateway: Gateway, asterisk: Asterisk) -> None:
    await is_registered(asterisk, "4001", "4001")
    async with StrictRegistrar() as strict:
        trunk = {"name": "strict", "uri": "sip:127.0.0.20", "username": "a", "password": "b", "register": True}
        gateway.reload(**SETTINGS, users=[], trunks=[trunk])
        await asterisk.shows_no("pjsip show aor 4001", ADDRESS)
        async with asyncio.timeout(10):
            await strict.granted.wait()
        gateway.reload(**SETTINGS, users=[], trunks=[])
    asterisk.cli("pjsip send unregister register-gateway")
    await asterisk.shows_no("pjsip show registrations", "Registered ")
