"""A client of the user's page and a real Asterisk 22, with media that passes between the two (pass-through)."""

import re
from collections.abc import Callable

import pytest

from client.call_client import CallClient
from client.media_peer import MediaPeer

from .asterisk import GATEWAY_ADDRESS, SIP, Asterisk
from .conftest import StartGateway
from .gateway import Gateway
from .wire import SIPMessage, Wire


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        GATEWAY_ADDRESS,
        trunks=[
            {
                "name": "asterisk",
                "uri": "sip:127.0.0.1:5070;transport=udp",
                "accept_from": ["127.0.0.1/32"],
                "probe": "0s",
            }
        ],
        dialplan=[{"match": r"^(6\d\d|c\d+|\d{4}|no-such)$", "trunk": "asterisk"}],
    )


async def connect_media(client: CallClient, peer: MediaPeer, number: str) -> None:
    """The caller's half of a call up to its answer, in the order of the user's page."""
    await client.start_call(number)
    await client.expect("call_answered", callee_id=number)
    await client.offer(number, await peer.offer())
    answer = await client.expect("call_answer", callee_id=number)
    await peer.accept(answer["answer"])


async def answer_call(client: CallClient, peer: MediaPeer) -> str:
    """The callee's half of a call, in the order of the user's page; gives the caller's id."""
    call = await client.expect("incoming_call")
    await client.answer_call(call["call_id"], call["caller_id"])
    offer = await client.expect("call_offer", caller_id=call["caller_id"])
    await client.answer(call["caller_id"], await peer.answer(offer["offer"]))
    return call["caller_id"]


def from_gateway(method: str, number: int) -> Callable[[SIPMessage], bool]:
    def wanted(message: SIPMessage) -> bool:
        return (
            message.source[0] == GATEWAY_ADDRESS
            and message.target == SIP
            and message.method == method
            and message.header("CSeq").split()[0] == str(number)
        )

    return wanted


def session_line(sdp: str) -> tuple[str, int]:
    """The session's id and version, from its o= line."""
    found = re.search(r"(?m)^o=\S+ (\d+) (\d+) ", sdp)
    assert found, sdp
    return found.group(1), int(found.group(2))


async def test_an_app_hears_its_tone_come_back_from_600(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await peer.hears(440)

        # RFC 3725 flow III, as it went over the wire.
        invite = await wire.find(lambda m: m.method == "INVITE" and m.source[0] == GATEWAY_ADDRESS)
        first = int(invite.header("CSeq").split()[0])
        assert invite.body == ""
        ack = await wire.find(from_gateway("ACK", first))
        assert "a=inactive" in ack.body
        again = await wire.find(from_gateway("INVITE", first + 1))
        assert "a=inactive" not in again.body and "a=candidate:" in again.body
        assert "c=IN IP4 10.88.0.1" in again.body and "m=audio 9 " not in again.body
        assert session_line(ack.body)[0] == session_line(again.body)[0]
        assert session_line(again.body)[1] == session_line(ack.body)[1] + 1
        await wire.find(from_gateway("ACK", first + 1))

        await alice.hang_up("600")
        await wire.find(from_gateway("BYE", first + 2))
        await asterisk.no_channels()
        await alice.barrier()


async def test_candidates_that_come_after_the_offer_reach_asterisk(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, MediaPeer(550) as peer:
        await alice.start_call("600")
        await alice.expect("call_answered", callee_id="600")
        offer, candidates = await peer.trickled_offer()
        await alice.offer("600", offer)
        for candidate in candidates:
            await alice.ice_candidate("600", candidate)
        await peer.accept((await alice.expect("call_answer"))["answer"])
        await peer.hears(550)
        again = await wire.find(lambda m: m.method == "INVITE" and "a=candidate:" in m.body)
        assert "c=IN IP4 10.88.0.1" in again.body and "m=audio 9 " not in again.body
        await alice.hang_up("600")
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_early_offer_travels_in_the_invite(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.extended_client("alice") as alice, MediaPeer(660) as peer:
        call_id = await alice.call("600", offer=await peer.offer())
        answer = None
        while answer is None:
            message = await alice.receive()
            assert message.type in ("call_ringing", "call_answered", "call_answer"), message.raw
            answer = message.get("answer")
        await peer.accept(answer)
        await peer.hears(660)
        await alice.hang_up("600", call_id=call_id)
        await asterisk.no_channels()


async def test_an_app_hears_what_asterisk_plays(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "601")
        await peer.hears(1004)
        await alice.hang_up("601")
        await asterisk.no_channels()
        await alice.barrier()


async def test_asterisk_calls_an_app_that_hears_itself(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await asterisk.originate("7alice", "Echo")
        caller_id = await answer_call(alice, peer)
        await peer.hears(440)
        await alice.hang_up(caller_id)
        await asterisk.no_channels()
        await alice.barrier()


async def test_asterisk_calls_an_app_and_hangs_up(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client(7) as seven, MediaPeer(440) as peer:
        await asterisk.originate("77", "Milliwatt")
        caller_id = await answer_call(seven, peer)
        await peer.hears(1004)
        asterisk.cli("channel request hangup all")
        await seven.expect("call_hanged_up", hanged_up_by=caller_id, reason="hung_up")
        await asterisk.no_channels()
        await seven.barrier()


async def test_asterisk_gives_up_while_the_app_rings(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice:
        await asterisk.originate("7alice", "Echo")
        call = await alice.expect("incoming_call")
        asterisk.cli("channel request hangup all")
        await alice.expect("call_cancelled", caller_id=call["caller_id"], call_id=call["call_id"], reason="cancelled")
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_app_rejects_asterisks_call(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice:
        await asterisk.originate("7alice", "Echo")
        call = await alice.expect("incoming_call")
        await alice.reject_call(call["call_id"], call["caller_id"])
        await wire.find(lambda m: m.status == 603 and m.source[0] == GATEWAY_ADDRESS)
        await asterisk.no_channels()
        await alice.barrier()


@pytest.mark.parametrize(("user", "status"), [("offline", 480), ("nobody", 404)])
async def test_asterisk_calls_somebody_who_is_not_there(
    gateway: Gateway, asterisk: Asterisk, user: str, status: int
) -> None:
    async with Wire(5060, 5070) as wire:
        await asterisk.originate(f"7{user}", "Echo")
        await wire.find(lambda m: m.status == status and m.source[0] == GATEWAY_ADDRESS)
        await asterisk.no_channels()


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        ("602", 486, "busy"),
        ("6999", 404, "not_found"),
        ("no-such", 404, "not_found"),
        ("618", 403, "forbidden"),
        ("c38", 500, "failed"),
        ("c58", 488, "media"),
    ],
)
async def test_asterisk_refuses(gateway: Gateway, asterisk: Asterisk, number: str, status: int, reason: str) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call(number)
        await alice.expect("call_rejected", callee_id=number, reason=reason, sip_status=status)
        await asterisk.no_channels()
        await alice.barrier()


async def test_a_number_that_no_dial_plan_row_takes(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call("+15551234567")
        await alice.expect("call_rejected", callee_id="+15551234567", reason="not_found")


async def test_a_number_sent_as_a_number_is_dialled(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call(602)
        await alice.expect("call_rejected", callee_id=602, reason="busy")


async def test_an_app_cancels_while_603_rings(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice:
        await alice.start_call("603")
        await wire.find(lambda m: m.status == 180 and m.source == SIP)
        await alice.cancel_call("603")
        await wire.find(lambda m: m.method == "CANCEL" and m.source[0] == GATEWAY_ADDRESS)
        await wire.find(lambda m: m.status == 487 and m.source == SIP)
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_app_cancels_at_once(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call("603")
        await alice.cancel_call("603")
        await alice.barrier()
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_extended_client_hears_that_603_rings(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.extended_client("alice") as alice:
        call_id = await alice.call("603")
        await alice.expect("call_ringing", call_id=call_id, callee_id="603", early_media=False)
        await alice.hang_up("603", call_id=call_id)
        await asterisk.no_channels()


async def test_asterisk_hangs_up_605(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "605")
        await alice.expect("call_hanged_up", hanged_up_by="605", reason="hung_up")
        await asterisk.no_channels()
        await alice.barrier()


async def test_an_app_that_is_gone_ends_the_call_with_asterisk(gateway: Gateway, asterisk: Asterisk) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await peer.hears(440)
        await asterisk.one_call()
        await alice.drop()
        await asterisk.no_channels()
