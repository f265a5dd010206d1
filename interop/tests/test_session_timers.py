"""Session timers, reliable ringing and UPDATE (RFC 4028, 3262, 3311) with a real Asterisk 22."""

import asyncio
from collections.abc import Callable

import pytest

from client.media_peer import MediaPeer

from .asterisk import SIP, Asterisk
from .conftest import StartGateway
from .gateway import Gateway
from .test_asterisk import answer_call, connect_media
from .wire import SIPMessage, Wire

PLAIN = "127.0.0.1"
RELIABLE = "127.0.0.3"  # What comes from there, and goes there, is the trunk that insists on 100rel.


def start(start_gateway: StartGateway, address: str, reliable: str, port: int) -> Gateway:
    """`port` is the first of its relay: both gateways run at once."""
    return start_gateway(
        address,
        sip={"timers": {"session_expires": "90s"}},
        media={
            "mode": "relay",
            "relay": {"address": [PLAIN, "10.88.0.1"], "webrtc_port": port, "ports": f"{port + 1}-{port + 100}"},
        },
        trunks=[
            {
                "name": "asterisk",
                "uri": "sip:127.0.0.1:5070;transport=udp",
                "accept_from": ["127.0.0.1/32"],
                "reliable": reliable,
            }
        ],
        dialplan=[{"match": r"^6\d\d$", "trunk": "asterisk"}],
    )


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start(start_gateway, PLAIN, "supported", 16383)


@pytest.fixture(scope="module")
def reliable_gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start(start_gateway, RELIABLE, "required", 17383)


def refresh(of: SIPMessage, by: str) -> Callable[[SIPMessage], bool]:
    """A request that asks for the timer once more in the dialog of that INVITE, from that address."""

    def wanted(message: SIPMessage) -> bool:
        return (
            message.method in ("INVITE", "UPDATE")
            and message.header("Call-ID") == of.header("Call-ID")
            and message.source[0] == by
            and "tag=" in message.header("To")
            and message.header("Session-Expires") != ""
        )

    return wanted


async def taken(wire: Wire, request: SIPMessage) -> SIPMessage:
    """The 200 of a request."""
    return await wire.find(
        lambda m: m.status == 200
        and m.header("Call-ID") == request.header("Call-ID")
        and m.header("CSeq") == request.header("CSeq")
    )


@pytest.mark.deadline(80)
async def test_each_side_refreshes_its_own_call(gateway: Gateway, asterisk: Asterisk) -> None:
    ours = (PLAIN, 5060)
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, gateway.client("bob") as bob:
        async with MediaPeer(440) as near, MediaPeer(550) as far:
            await connect_media(alice, near, "600")
            await asterisk.originate("8bob", "Echo")
            caller_id = await answer_call(bob, far)
            out = await wire.find(lambda m: m.method == "INVITE" and m.source == ours)
            into = await wire.find(lambda m: m.method == "INVITE" and m.source == SIP)
            assert out.header("Session-Expires") == "90" and out.header("Min-SE") == "90"
            # Half of the 90 s that each of them agreed on.
            requests = await asyncio.gather(
                wire.find(refresh(out, by=out.source[0]), timeout=60),
                wire.find(lambda m: m.source == SIP and refresh(into, by=PLAIN)(m), timeout=60),
            )
            assert requests[0].source == ours
            for request in requests:
                assert (await taken(wire, request)).header("Session-Expires").startswith("90;refresher=uac")
            await near.hears(440)
            await far.hears(550)
        await alice.hang_up("600")
        await bob.hang_up(caller_id)
        await asterisk.no_channels()


async def test_early_media_comes_reliably(reliable_gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, reliable_gateway.extended_client("alice") as alice, MediaPeer(700) as peer:
        call_id = await alice.call("604", offer=await peer.offer())
        invite = await wire.find(lambda m: m.method == "INVITE")
        assert invite.header("Require") == "100rel"
        answer = await alice.expect("call_answer", call_id=call_id, callee_id="604")
        progress = await wire.find(lambda m: m.status == 183)
        assert "100rel" in progress.header("Require")
        prack = await wire.find(lambda m: m.method == "PRACK")
        assert prack.header("RAck") == f"{progress.header('RSeq')} {invite.header('CSeq')}"
        await taken(wire, prack)
        await alice.expect("call_ringing", call_id=call_id, callee_id="604", early_media=True)
        await peer.accept(answer["answer"])
        await peer.hears(440)
        await alice.expect("call_answered", call_id=call_id, callee_id="604")
        await peer.hears(700)
        await alice.hang_up("604", call_id=call_id)
        await asterisk.no_channels()


async def test_a_caller_that_insists_hears_the_ringing_reliably(
    reliable_gateway: Gateway, asterisk: Asterisk
) -> None:
    async with Wire(5060, 5070) as wire, reliable_gateway.client("alice") as alice, MediaPeer(440) as peer:
        await asterisk.originate("ralice", "Echo")
        call = await alice.expect("incoming_call")
        invite = await wire.find(lambda m: m.method == "INVITE")
        assert "100rel" in invite.header("Require")
        ringing = await wire.find(lambda m: m.status == 180)
        assert ringing.header("Require") == "100rel"
        prack = await wire.find(lambda m: m.method == "PRACK")
        assert prack.header("RAck") == f"{ringing.header('RSeq')} {invite.header('CSeq')}"
        await alice.answer_call(call["call_id"], call["caller_id"])
        offer = await alice.expect("call_offer", caller_id=call["caller_id"])
        await alice.answer(call["caller_id"], await peer.answer(offer["offer"]))
        await peer.hears(440)
        await alice.hang_up(call["caller_id"])
        await asterisk.no_channels()
