"""Kamailio 5.6 between the gateway and scripted phones: an outbound proxy, a balancer, a trunk that forks."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.call_client import CallClient, ServerMessage
from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .kamailio import BALANCER, FORKS, PROXY, TRUNK, Kamailio
from .media_flows import LAN, app_calls, both_hear, extended_app_calls, phone_calls, take
from .phone import Phone
from .voice import Voice

FIRST, SECOND, NOBODY = "127.0.9.21", "127.0.9.22", "127.0.9.29"  # Gateways; at the last address there is none.
PHONE = "127.0.9.31"
KAMAILIO = (PROXY, 5060)


@pytest.fixture(scope="module")
def kamailio(tmp_path_factory: pytest.TempPathFactory, logs: list[Path]) -> Iterator[Kamailio]:
    kamailio = Kamailio(tmp_path_factory.mktemp("kamailio"), proxied=[FIRST], balanced=[FIRST, SECOND, NOBODY])
    logs.append(kamailio.log_path)
    kamailio.start()
    yield kamailio
    kamailio.stop()
    logs.remove(kamailio.log_path)


def start(start_gateway: StartGateway, address: str, webrtc_port: int) -> Gateway:
    return start_gateway(
        address,
        sip={"timers": {"t1": "200ms"}, "domains": [address, PROXY, BALANCER]},
        media={"mode": "relay", "relay": {"address": [address, LAN], "webrtc_port": webrtc_port}},
        trunks=[
            {"name": "desks", "uri": f"sip:{PHONE}", "outbound_proxy": f"sip:{PROXY}", "accept_from": [f"{PROXY}/32"]},
            {"name": "balancer", "uri": f"sip:{BALANCER}", "accept_from": [f"{BALANCER}/32"]},
            {"name": "trunk", "uri": f"sip:{TRUNK}", "accept_from": [f"{TRUNK}/32"]},
        ],
        dialplan=[{"match": r"^1\d\d$", "trunk": "desks"}, {"match": "^(fork|moved)$", "trunk": "trunk"}],
    )


@pytest.fixture(scope="module")
def gateway(kamailio: Kamailio, start_gateway: StartGateway) -> Gateway:
    return start(start_gateway, FIRST, 16_381)


@pytest.fixture(scope="module")
def second(kamailio: Kamailio, start_gateway: StartGateway) -> Gateway:
    return start(start_gateway, SECOND, 16_382)


async def test_an_app_calls_through_the_outbound_proxy_and_hangs_up(gateway: Gateway) -> None:
    async with (
        Phone(PHONE, KAMAILIO) as phone,
        Voice(PHONE, 700) as voice,
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
    ):
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        invite = call.invite
        assert invite is not None and invite.start_line == f"INVITE sip:101@{PHONE} SIP/2.0"
        # The proxy took its Route away, and stays on the way.
        assert invite.source == KAMAILIO and not invite.headers("Route") and len(invite.headers("Record-Route")) == 1
        await alice.hang_up("101")
        bye = await call.hung_up()
        assert bye.source == KAMAILIO and len(bye.headers("Via")) == 2


async def test_a_phone_holds_and_hangs_up_through_the_outbound_proxy(gateway: Gateway) -> None:
    async with (
        Phone(PHONE, KAMAILIO) as phone,
        Voice(PHONE, 700) as voice,
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
    ):
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        call.request("INVITE", voice.sdp("sendonly"))
        assert "a=recvonly" in (await call.expect(200)).body
        call.ack()
        call.request("INVITE", voice.sdp())
        voice.accept((await call.expect(200)).body)
        call.ack()
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", hanged_up_by="101", reason="hung_up")


async def test_an_app_holds_through_the_outbound_proxy(gateway: Gateway) -> None:
    async with (
        Phone(PHONE, KAMAILIO) as phone,
        Voice(PHONE, 700) as voice,
        gateway.extended_client("alice") as alice,
        MediaPeer(440) as peer,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        await alice.hold(call_id, request_id=1)
        again = await call.expect("INVITE")
        assert again.source == KAMAILIO and "a=sendonly" in again.body
        voice.accept(again.body)
        call.reply(200, voice.sdp("recvonly"))
        await call.expect("ACK")
        await alice.expect("ok", request_id=1)
        await alice.hang_up("101", call_id=call_id)
        await call.hung_up()


async def test_a_phone_calls_an_app_through_the_proxy(gateway: Gateway) -> None:
    async with (
        Phone(PHONE, KAMAILIO) as phone,
        Voice(PHONE, 700) as voice,
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
    ):
        call = await phone_calls(phone, voice, alice, peer)
        await both_hear(peer, 440, voice)
        await alice.hang_up("sip:2001@" + PHONE)
        bye = await call.hung_up()
        assert bye.source == KAMAILIO


async def test_calls_are_given_up_on_either_side_of_the_proxy(gateway: Gateway) -> None:
    async with Phone(PHONE, KAMAILIO) as phone, Voice(PHONE, 700) as voice, gateway.client("alice") as alice:
        await alice.start_call("101")
        call = await phone.incoming()
        call.reply(180)
        await alice.cancel_call("101")
        await call.cancelled()

        call = phone.call("alice", voice.sdp())
        incoming = await alice.expect("incoming_call")
        await call.expect(180)
        await call.cancel()
        await alice.expect("call_cancelled", call_id=incoming["call_id"])
        await alice.barrier()


async def test_the_balancer_deals_calls_out_and_passes_a_dead_gateway_by(gateway: Gateway, second: Gateway) -> None:
    async with (
        Phone(PHONE, (BALANCER, 5060)) as phone,
        Voice(PHONE, 700) as voice,
        gateway.client("alice") as one,
        second.client("alice") as two,
        MediaPeer(440) as peer,
    ):
        # One of three is for the gateway that is not there.
        taken = []
        for _ in range(3):
            call = phone.call("alice", voice.sdp())
            alice, incoming = await rings(one, two)
            await alice.reject_call(incoming["call_id"], incoming["caller_id"])
            await call.expect(603)
            taken.append(alice)
        assert one in taken and two in taken

        # What is answered stays where it is.
        call = phone.call("alice", voice.sdp())
        alice, incoming = await rings(one, two)
        await alice.answer_call(incoming["call_id"], incoming["caller_id"])
        offer = await alice.expect("call_offer", caller_id=incoming["caller_id"])
        await alice.answer(incoming["caller_id"], await peer.answer(offer["offer"]))
        voice.accept((await call.expect(200)).body)
        call.ack()
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def rings(*clients: CallClient) -> tuple[CallClient, ServerMessage]:
    """The one of them that is called."""
    waiting = {asyncio.create_task(client.expect("incoming_call")): client for client in clients}
    done, late = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    (task,) = done
    return waiting[task], task.result()


async def test_a_trunk_that_forks_rings_two_and_the_first_answer_wins(gateway: Gateway) -> None:
    async with (
        Phone(FORKS[0], (TRUNK, 5060)) as near,
        Phone(FORKS[1], (TRUNK, 5060)) as far,
        Voice(FORKS[1], 700) as voice,
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
    ):
        await alice.start_call("fork")
        loser = await near.incoming()
        loser.reply(180)
        winner = await take(far, voice)
        await loser.cancelled()
        await alice.expect("call_answered", callee_id="fork")
        await alice.offer("fork", await peer.offer())
        await peer.accept((await alice.expect("call_answer", callee_id="fork"))["answer"])
        await both_hear(peer, 440, voice)
        await winner.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def test_a_redirect_to_somewhere_else_is_not_followed(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call("moved")
        await alice.expect("call_rejected", callee_id="moved", reason="failed")
