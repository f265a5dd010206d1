"""Apps and a real Asterisk 22 whose calls are plain RTP: the gateway carries the media between the two (relay)."""

import pytest

from client.media_peer import MediaPeer

from .asterisk import Asterisk
from .conftest import StartGateway
from .gateway import Gateway
from .test_asterisk import answer_call, connect_media
from .wire import Wire

GATEWAY_ADDRESS = "127.0.0.1"  # What comes from there, and goes there, is the plain trunk.


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        GATEWAY_ADDRESS,
        media={"mode": "relay", "relay": {"address": ["127.0.0.1", "10.88.0.1"]}},
        trunks=[
            {"name": "asterisk", "uri": "sip:127.0.0.1:5070;transport=udp", "accept_from": ["127.0.0.1/32"]},
        ],
        dialplan=[{"match": r"^(6\d\d|c\d+|\d{4}|no-such)$", "trunk": "asterisk"}],
    )


async def test_an_app_hears_its_tone_come_back_from_600(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await peer.hears(440)
        # One INVITE with the gateway's own offer, and no other.
        invite = await wire.find(lambda m: m.method == "INVITE")
        assert "RTP/AVP" in invite.body and "telephone-event/8000" in invite.body and "ice-ufrag" not in invite.body
        await alice.hang_up("600")
        await asterisk.no_channels()
        await alice.barrier()
        assert sum(message.method == "INVITE" for message in wire.messages) == 1


async def test_candidates_that_come_after_the_offer_do_no_harm(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(550) as peer:
        await alice.start_call("600")
        await alice.expect("call_answered", callee_id="600")
        offer, candidates = await peer.trickled_offer()
        await alice.offer("600", offer)
        for candidate in candidates:
            await alice.ice_candidate("600", candidate)
        await peer.accept((await alice.expect("call_answer"))["answer"])
        await peer.hears(550)
        await alice.hang_up("600")
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_app_hears_what_asterisk_plays(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "601")
        await peer.hears(1004)
        await alice.hang_up("601")
        await asterisk.no_channels()


async def test_early_media_is_heard_before_the_answer(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.extended_client("alice") as alice, MediaPeer(700) as peer:
        call_id = await alice.call("604", offer=await peer.offer())
        answer = await alice.expect("call_answer", call_id=call_id, callee_id="604")
        await alice.expect("call_ringing", call_id=call_id, callee_id="604", early_media=True)
        await peer.accept(answer["answer"])
        await peer.hears(440)
        await alice.expect("call_answered", call_id=call_id, callee_id="604")
        await peer.hears(700)
        await alice.hang_up("604", call_id=call_id)
        await asterisk.no_channels()


async def test_asterisk_calls_an_app_that_hears_itself(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await asterisk.originate("8alice", "Echo")
        caller_id = await answer_call(alice, peer)
        await peer.hears(440)
        await alice.hang_up(caller_id)
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_extended_app_answers_with_the_call(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.extended_client("alice") as alice, MediaPeer(440) as peer:
        await asterisk.originate("8alice", "Milliwatt")
        call = await alice.expect("incoming_call")
        answer = await peer.answer(call["offer"])
        await alice.answer_call(call["call_id"], call["caller_id"], answer=answer)
        await peer.hears(1004)
        asterisk.cli("channel request hangup all")
        await alice.expect("call_hanged_up", call_id=call["call_id"], reason="hung_up")
        await asterisk.no_channels()


async def test_asterisk_gives_up_while_the_app_rings(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice:
        await asterisk.originate("8alice", "Echo")
        call = await alice.expect("incoming_call")
        asterisk.cli("channel request hangup all")
        await alice.expect("call_cancelled", caller_id=call["caller_id"], call_id=call["call_id"], reason="cancelled")
        await asterisk.no_channels()


@pytest.mark.parametrize(("number", "status", "reason"), [("602", 486, "busy"), ("6999", 404, "not_found")])
async def test_asterisk_refuses(gateway: Gateway, asterisk: Asterisk, number: str, status: int, reason: str) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call(number)
        await alice.expect("call_rejected", callee_id=number, reason=reason, sip_status=status)
        await asterisk.no_channels()


async def test_an_app_that_is_gone_ends_the_call(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await peer.hears(440)
        await alice.drop()
        await asterisk.no_channels()


async def test_a_hold_silences_asterisk_and_a_resume_lets_it_be_heard_again(
    gateway: Gateway, asterisk: Asterisk
) -> None:
    async with Wire(5060, 5070) as wire, gateway.extended_client("alice") as alice, MediaPeer(440) as peer:
        call_id = await alice.call("600", offer=await peer.offer())
        await alice.expect("call_answered", call_id=call_id)
        await peer.accept((await alice.expect("call_answer", call_id=call_id))["answer"])
        await peer.hears(440)
        await alice.hold(call_id, request_id=1)
        await alice.expect("ok", request_id=1)
        await wire.find(lambda m: m.method == "INVITE" and "a=sendonly" in m.body)
        await alice.resume(call_id, request_id=2)
        await alice.expect("ok", request_id=2)
        await wire.find(lambda m: m.method == "INVITE" and "a=sendrecv" in m.body and " 3 IN IP4" in m.body)
        await peer.hears(440)
        await alice.hang_up("600", call_id=call_id)
        await asterisk.no_channels()
