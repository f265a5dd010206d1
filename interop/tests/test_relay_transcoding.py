"""Apps and scripted phones that share no codec: the gateway turns Opus and G.711 into each other, where it may."""


import pytest

from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import (
    FAST,
    PLAIN,
    SECURE,
    app_calls,
    both_hear,
    digits_cross,
    extended_app_calls,
    phone_calls,
    phone_calls_phone,
    start_relay,
    take,
)
from .phone import Phone
from .voice import Voice

# What an app has, what a phone has, and how that is protected.
PAIRS = [
    ("opus", "PCMU", None),
    ("opus", "PCMA", "AES_CM_128_HMAC_SHA1_80"),
    ("PCMU", "opus", None),
    ("PCMU", "PCMA", None),
]


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_relay(start_gateway, "127.0.3.5", 16_383, transcode=True)


@pytest.fixture(scope="module")
def strict(start_gateway: StartGateway) -> Gateway:
    """Turns nothing into anything, as is the default."""
    return start_relay(start_gateway, "127.0.3.6", 16_382)


# MARK: Calls


@pytest.mark.parametrize(("app", "codec", "suite"), PAIRS)
async def test_an_app_calls_a_phone(gateway: Gateway, app: str, codec: str, suite: str | None) -> None:
    address, number = (SECURE, "201") if suite else (PLAIN, "101")
    before = transcoded(gateway)
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440, app) as peer,
        Phone(address, gateway.sip) as phone,
        Voice(address, 700, codec, suite) as voice,
    ):
        call = await app_calls(alice, peer, phone, voice, number)
        await both_hear(peer, 440, voice)
        await alice.hang_up(number)
        await call.hung_up()
        await alice.barrier()
    assert transcoded(gateway) > before + 50  # Half a second each way.


@pytest.mark.parametrize(("app", "codec", "suite"), PAIRS)
async def test_a_phone_calls_an_app(gateway: Gateway, app: str, codec: str, suite: str | None) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440, app) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700, codec, suite) as voice,
    ):
        call = await phone_calls(phone, voice, alice, peer)
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")
        await alice.barrier()


async def test_a_phone_calls_a_phone(gateway: Gateway) -> None:
    async with (
        Phone(PLAIN, gateway.sip) as caller,
        Phone(FAST, gateway.sip) as callee,
        Voice(PLAIN, 440, "PCMU") as near,
        Voice(FAST, 700, "opus") as far,
    ):
        call, taken = await phone_calls_phone(caller, near, callee, far, "301")
        await near.press("7")
        await far.until(lambda: far.digits == "7")
        await call.hang_up()
        await taken.hung_up()


async def test_what_both_have_is_not_turned_into_anything(gateway: Gateway) -> None:
    before = transcoded(gateway)
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        await alice.hang_up("101")
        await call.hung_up()
    assert transcoded(gateway) == before


# MARK: In a call


async def test_digits_go_both_ways(gateway: Gateway) -> None:
    async with (
        gateway.extended_client("alice") as alice,
        MediaPeer(440, "opus") as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        await digits_cross(alice, call_id, voice, pressed="442")
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await alice.hang_up("101", call_id=call_id)
        await call.hung_up()


async def test_a_phone_holds_and_resumes(gateway: Gateway) -> None:
    async with (
        gateway.extended_client("alice") as alice,
        MediaPeer(440, "opus") as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)

        call.request("INVITE", voice.sdp("sendonly"))
        assert "a=recvonly" in (await call.expect(200)).body
        call.ack()
        await alice.expect("call_held", call_id=call_id)
        # Whatever was sent before the hold is here once another exchange with the gateway is over.
        await alice.barrier()
        received = voice.received
        voice.tone.frequency = 500  # Music.
        await peer.hears(500)
        assert voice.received == received, "the phone gets sound on hold"

        voice.tone.frequency = 900
        call.request("INVITE", voice.sdp())
        assert "a=sendrecv" in (await call.expect(200)).body
        call.ack()
        await alice.expect("call_resumed", call_id=call_id)
        await both_hear(peer, 440, voice)
        await alice.hang_up("101", call_id=call_id)
        await call.hung_up()


async def test_the_app_holds_and_resumes(gateway: Gateway) -> None:
    async with (
        gateway.extended_client("alice") as alice,
        MediaPeer(440, "opus") as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        for action, direction, answer in (("hold", "sendonly", "recvonly"), ("resume", "sendrecv", "sendrecv")):
            await getattr(alice, action)(call_id, request_id=1)
            await alice.expect("ok", request_id=1)
            assert f"a={direction}\r" in (asked := await call.expect("INVITE")).body
            voice.accept(asked.body)
            call.reply(200, voice.sdp(answer))
            await call.expect("ACK")
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await alice.hang_up("101", call_id=call_id)
        await call.hung_up()


async def test_a_reinvite_changes_the_codec(gateway: Gateway) -> None:
    """The phone passes the call on to others, by what they have: the last one shares a codec with the app."""
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440, "opus") as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700, "PCMU") as first,
        Voice(PLAIN, 900, "PCMA") as second,
        Voice(PLAIN, 1100, "opus") as third,
    ):
        call = await app_calls(alice, peer, phone, first, "101")
        await both_hear(peer, 440, first)
        for voice, before in ((second, first), (third, second), (first, third)):
            before.speaks = False
            call.request("INVITE", voice.sdp())
            voice.accept((await call.expect(200)).body)
            call.ack()
            voice.speaks = True
            await both_hear(peer, 440, voice)
        await alice.hang_up("101")
        await call.hung_up()
        await alice.barrier()


# MARK: Where it is not switched on


async def test_an_early_offer_is_refused(strict: Gateway) -> None:
    async with (
        strict.extended_client("alice") as alice,
        MediaPeer(440, "opus") as peer,
        Phone(PLAIN, strict.sip) as phone,
    ):
        call_id = await alice.call("101", offer=await peer.offer())
        call = await phone.incoming()
        assert call.invite is not None and "PCM" not in call.invite.body
        call.reply(488)
        await call.expect("ACK")
        await alice.expect("call_failed", call_id=call_id, reason="media", sip_status=488)
        await alice.barrier()


async def test_a_late_offer_ends_the_call(strict: Gateway) -> None:
    async with (
        strict.client("alice") as alice,
        MediaPeer(440, "opus") as peer,
        Phone(PLAIN, strict.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        await alice.start_call("101")
        call = await take(phone, voice)
        await alice.expect("call_answered", callee_id="101")
        await alice.offer("101", await peer.offer())
        assert "PCM" not in (await call.expect("INVITE")).body
        call.reply(488)
        await call.expect("ACK")
        await call.hung_up()
        await alice.expect("call_hanged_up", reason="media")
        await alice.barrier()


async def test_a_phone_is_refused(strict: Gateway) -> None:
    async with (
        Phone(PLAIN, strict.sip) as caller,
        Phone(FAST, strict.sip) as callee,
        Voice(PLAIN, 440, "PCMU") as near,
    ):
        call = caller.call("301", near.sdp())
        asked = await callee.incoming()
        assert asked.invite is not None and "opus" not in asked.invite.body
        asked.reply(488)
        await asked.expect("ACK")
        await call.expect(488)


def transcoded(gateway: Gateway) -> float:
    return gateway.metrics()["switchhook_relay_frames_transcoded_total"]
