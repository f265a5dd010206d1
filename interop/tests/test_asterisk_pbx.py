"""What a PBX does with calls, done by a real Asterisk 22: it names callers, redirects, holds, queues, mixes."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from client.extended_client import ExtendedClient
from client.media_peer import MediaPeer

from .asterisk import MUSIC, SIP, Asterisk
from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import dial, pick_up
from .test_asterisk import connect_media
from .wire import SIPMessage, Wire

ADDRESS = "127.0.0.10"  # Neither of the addresses that Asterisk knows its trunks by.


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    def extension(number: str) -> dict[str, str]:
        return {"trunk": "pbx", "username": number, "password": "interop"}

    return start_gateway(
        ADDRESS,
        # The end of a call is remembered for 64 times that long: so long the gateway is not idle.
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": ["127.0.0.1", "10.88.0.1"]}},
        users=[
            {"id": "alice", "username": "Alice", "register": extension("2001")},
            {"id": "bob", "username": "Bob", "register": extension("2002")},
            {"id": "carol", "username": "Carol", "register": extension("4001")},
        ],
        trunks=[{"name": "pbx", "uri": "sip:127.0.0.1:5070;transport=udp", "trusted": True}],
        dialplan=[{"match": r"^6\d\d$", "trunk": "pbx"}],
    )


@asynccontextmanager
async def registered(gateway: Gateway, asterisk: Asterisk, user: str) -> AsyncIterator[ExtendedClient]:
    """An app of that user, once its extension is registered."""
    number = {"alice": "2001", "bob": "2002", "carol": "4001"}[user]
    async with gateway.extended_client(user) as client:
        await asterisk.shows(f"pjsip show aor {number}", f"sip:{user}@{ADDRESS}:5060")
        yield client


def from_gateway(method: str) -> Callable[[SIPMessage], bool]:
    return lambda message: message.method == method and message.source[0] == ADDRESS


# Who calls.


async def test_a_trusted_trunk_says_who_calls_and_is_told(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, registered(gateway, asterisk, "carol") as carol:
        await asterisk.originate("i4001", "Echo")
        call = await carol.expect("incoming_call", caller_id="sip:5550199@127.0.0.1", caller_username="Frank")
        await carol.reject_call(call["call_id"], call["caller_id"])
        await asterisk.no_channels()
        await carol.call("602")
        await carol.expect("call_failed", reason="busy")
        invite = await wire.find(from_gateway("INVITE"))
        assert invite.header("P-Asserted-Identity") == '"Carol" <sip:4001@127.0.0.1>'


async def test_who_withholds_the_name_is_anonymous(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, registered(gateway, asterisk, "carol") as carol:
        await asterisk.originate("w4001", "Echo")
        call = await carol.expect("incoming_call", caller_id="anonymous", caller_username="Anonymous")
        await carol.reject_call(call["call_id"], "anonymous")
        await asterisk.no_channels()
        invite = await wire.find(lambda m: m.method == "INVITE" and m.source == SIP)
        assert "5550199" in invite.header("P-Asserted-Identity") and invite.header("Privacy") == "id"


# Redirects.


@pytest.mark.parametrize(("number", "hops"), [("611", ["611"]), ("621", ["611", "621"])])
async def test_a_redirect_to_the_trunks_own_host_is_followed(
    gateway: Gateway, asterisk: Asterisk, number: str, hops: list[str]
) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("carol") as carol, MediaPeer(440) as peer:
        await connect_media(carol, peer, number)
        await peer.hears(440)
        invite = await wire.find(lambda m: from_gateway("INVITE")(m) and "sip:600@" in m.start_line)
        diverted = re.findall(r"(?m)^Diversion: <sip:(\d+)@127.0.0.1:5070>;reason=deflection;counter=1\r$", invite.text)
        assert diverted == hops
        history = re.findall(r"(?m)^History-Info: <sip:(\d+)@[^>]*>;index=(\S+)\r$", invite.text)
        indices = ["1", "1.1;mp=1", "1.1.1;mp=1.1"]
        assert history == list(zip([*reversed(hops), "600"], indices))
        await carol.hang_up(number)
        await asterisk.no_channels()


@pytest.mark.parametrize("number", ["620", "622"])
async def test_a_redirect_in_a_circle_or_to_somewhere_else_is_not_followed(
    gateway: Gateway, asterisk: Asterisk, number: str
) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("carol") as carol:
        await carol.start_call(number)
        await carol.expect("call_rejected", callee_id=number, reason="failed", sip_status=302)
        await asterisk.no_channels()
        invites = [m for m in wire.messages if from_gateway("INVITE")(m)]
        assert all(f"sip:{number}@127.0.0.1:5070" in m.start_line and m.target == SIP for m in invites)


async def test_a_redirect_to_a_user_of_ours_rings_there(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("carol") as carol, gateway.client("bob") as bob:
        await carol.start_call("623")
        call = await bob.expect("incoming_call", caller_id="carol")
        await bob.answer_call(call["call_id"], "carol")
        await carol.expect("call_answered", callee_id="623")
        await bob.hang_up("carol")
        await carol.expect("call_hanged_up", hanged_up_by="623", reason="hung_up")
        await asterisk.no_channels()


# What a PBX does with a call that stands.


@dataclass
class Talk:
    """A call of a user's to bob's extension, in which each hears the other."""

    caller: ExtendedClient
    callers_peer: MediaPeer
    callers_call: str
    bob: ExtendedClient
    bobs_call: str

    async def end(self, asterisk: Asterisk) -> None:
        await self.caller.hang_up("607", call_id=self.callers_call)
        await self.bob.expect("call_hanged_up", call_id=self.bobs_call, reason="hung_up")
        await asterisk.no_channels()


@asynccontextmanager
async def talking(gateway: Gateway, asterisk: Asterisk, user: str) -> AsyncIterator[Talk]:
    async with (
        registered(gateway, asterisk, user) as caller,
        registered(gateway, asterisk, "bob") as bob,
        MediaPeer(440) as callers_peer,
        MediaPeer(550) as bobs_peer,
    ):
        dialling = asyncio.create_task(dial(caller, callers_peer, "607"))
        bobs_call = await pick_up(bob, bobs_peer)
        callers_call = await dialling
        await asyncio.gather(callers_peer.hears(550), bobs_peer.hears(440))
        yield Talk(caller, callers_peer, callers_call, bob, bobs_call)


async def test_whom_asterisk_holds_hears_its_music(gateway: Gateway, asterisk: Asterisk) -> None:
    async with talking(gateway, asterisk, "carol") as talk:
        await talk.bob.hold(talk.bobs_call, request_id=1)
        await talk.bob.expect("ok", request_id=1)
        await talk.callers_peer.hears(MUSIC)
        await talk.bob.resume(talk.bobs_call, request_id=2)
        await talk.bob.expect("ok", request_id=2)
        await talk.callers_peer.hears(550)
        await talk.end(asterisk)


async def test_a_hold_that_asterisk_passes_on_is_told(gateway: Gateway, asterisk: Asterisk) -> None:
    async with talking(gateway, asterisk, "alice") as talk:
        await talk.bob.hold(talk.bobs_call, request_id=1)
        await talk.bob.expect("ok", request_id=1)
        await talk.caller.expect("call_held", call_id=talk.callers_call)
        await talk.bob.resume(talk.bobs_call, request_id=2)
        await talk.bob.expect("ok", request_id=2)
        await talk.caller.expect("call_resumed", call_id=talk.callers_call)
        await talk.callers_peer.hears(550)
        await talk.end(asterisk)


async def test_a_blind_transfer_within_asterisk_keeps_the_call(gateway: Gateway, asterisk: Asterisk) -> None:
    async with talking(gateway, asterisk, "carol") as talk:
        await talk.bob.dtmf(talk.bobs_call, "*1601")
        await talk.bob.expect("call_hanged_up", call_id=talk.bobs_call, reason="hung_up")
        await talk.callers_peer.hears(1004)
        await talk.caller.hang_up("607", call_id=talk.callers_call)
        await asterisk.no_channels()


async def test_a_queue_plays_music_until_a_member_answers(gateway: Gateway, asterisk: Asterisk) -> None:
    async with (
        registered(gateway, asterisk, "alice") as alice,
        gateway.extended_client("bob") as bob,
        MediaPeer(440) as alices_peer,
        MediaPeer(550) as bobs_peer,
    ):
        bobs_call = await dial(bob, bobs_peer, "613")
        await bobs_peer.hears(MUSIC)
        alices_call = await pick_up(alice, alices_peer)
        await asyncio.gather(bobs_peer.hears(440), alices_peer.hears(550))
        await bob.hang_up("613", call_id=bobs_call)
        await alice.expect("call_hanged_up", call_id=alices_call, reason="hung_up")
        await asterisk.no_channels()


async def test_a_conference_joins_apps(gateway: Gateway, asterisk: Asterisk) -> None:
    async with (
        gateway.extended_client("alice") as alice,
        gateway.extended_client("bob") as bob,
        MediaPeer(440) as alices_peer,
        MediaPeer(550) as bobs_peer,
    ):
        calls = [await dial(alice, alices_peer, "612"), await dial(bob, bobs_peer, "612")]
        await asyncio.gather(alices_peer.hears(550), bobs_peer.hears(440))
        for client, call_id in zip((alice, bob), calls):
            await client.hang_up("612", call_id=call_id)
        await asterisk.no_channels()
