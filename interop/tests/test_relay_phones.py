"""Apps and scripted phones, with the gateway in between that carries the media of both (relay)."""

import asyncio
import re
import time
from collections.abc import Iterator

import pytest

from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import (
    ELSEWHERE,
    FAST,
    PLAIN,
    SECURE,
    app_calls,
    app_takes,
    both_hear,
    digits_cross,
    extended_app_calls,
    phone_calls,
    phone_calls_phone,
    start_relay,
)
from .phone import Phone
from .voice import Voice

HOLD_SECONDS = 6.0  # Longer than the media timeout of the gateway that is held.
LONG_HOLD_SECONDS = 30.0
SAFE_LIMIT = 1.5  # Seconds: so long a calling phone waits for the app's media.

# Each codec, over plain RTP and over SRTP, and each suite of SRTP.
VOICES = [
    ("PCMU", None),
    ("PCMA", None),
    ("G722", None),
    ("opus", None),
    ("PCMU", "AEAD_AES_128_GCM"),
    ("PCMA", "AES_CM_128_HMAC_SHA1_32"),
    ("G722", "AES_CM_128_HMAC_SHA1_80"),
    ("opus", "AES_CM_128_HMAC_SHA1_80"),
]


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_relay(start_gateway, "127.0.3.1", 16_383)


@pytest.fixture(scope="module")
def impatient(start_gateway: StartGateway) -> Gateway:
    """Its media timeout is shorter than a hold may be."""
    return start_relay(start_gateway, "127.0.3.2", 16_382, timeout="5s")


@pytest.fixture(scope="module")
def narrow(start_gateway: StartGateway) -> Gateway:
    """Has ports for one phone."""
    return start_relay(start_gateway, "127.0.3.3", 16_381, ports="20000-20001")


@pytest.fixture(autouse=True)
def no_port_stays(gateway: Gateway) -> Iterator[None]:
    """After each test every port toward phones is given back."""
    yield
    deadline = time.monotonic() + 5
    while in_use := gateway.metrics()["switchhook_relay_ports_in_use"]:
        assert time.monotonic() < deadline, f"{in_use:g} ports are still in use"
        time.sleep(0.05)


# MARK: Codecs, and what protects them


@pytest.mark.parametrize(("codec", "suite"), VOICES)
async def test_an_app_calls_a_phone(gateway: Gateway, codec: str, suite: str | None) -> None:
    address, number = (SECURE, "201") if suite else (PLAIN, "101")
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(address, gateway.sip) as phone,
        Voice(address, 700, codec, suite) as voice,
    ):
        call = await app_calls(alice, peer, phone, voice, number)
        await both_hear(peer, 440, voice)
        await alice.hang_up(number)
        await call.hung_up()
        await alice.barrier()


@pytest.mark.parametrize(("codec", "suite"), VOICES)
async def test_a_phone_calls_an_app(gateway: Gateway, codec: str, suite: str | None) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700, codec, suite) as voice,
    ):
        call = await phone_calls(phone, voice, alice, peer)
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")
        await alice.barrier()


@pytest.mark.parametrize("codec", ["PCMU", "opus"])
async def test_a_phone_calls_a_phone(gateway: Gateway, codec: str) -> None:
    async with (
        Phone(PLAIN, gateway.sip) as caller,
        Phone(FAST, gateway.sip) as callee,
        Voice(PLAIN, 440, codec, "AES_CM_128_HMAC_SHA1_80") as near,
        Voice(FAST, 700, codec) as far,
    ):
        call, taken = await phone_calls_phone(caller, near, callee, far, "301")
        await near.press("7")
        await far.until(lambda: far.digits == "7")
        await call.hang_up()
        await taken.hung_up()


async def test_a_trunk_with_srtp_is_offered_it_whoever_calls(gateway: Gateway) -> None:
    async with (
        Phone(PLAIN, gateway.sip) as caller,
        Phone(SECURE, gateway.sip) as callee,
        Voice(PLAIN, 440) as near,
    ):
        call = caller.call("201", near.sdp())
        taken = await callee.incoming()
        taken.reply(488)
        await taken.expect("ACK")
        await call.expect(488)
        assert taken.invite is not None and "RTP/SAVP" in taken.invite.body


# MARK: Where the phone is


@pytest.mark.parametrize("suite", [None, "AES_CM_128_HMAC_SHA1_80"])
async def test_a_phone_that_speaks_from_another_port_is_heard_and_spoken_to_there(
    gateway: Gateway, suite: str | None
) -> None:
    address, number = (SECURE, "201") if suite else (PLAIN, "101")
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(address, gateway.sip) as phone,
        Voice(address, 700, suite=suite) as voice,
    ):
        real = await voice.speak_from_another_port()
        assert real != voice.address
        call = await app_calls(alice, peer, phone, voice, number)
        await peer.hears(700)
        await voice.until(lambda: voice.arrived[real] >= 25)
        described = voice.arrived[voice.address]
        await voice.hears(440)
        assert voice.arrived[voice.address] == described, "sound still goes to the port that is described"
        await alice.hang_up(number)
        await call.hung_up()


async def test_a_reinvite_moves_the_phone(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        before = voice.address
        await voice.move(ELSEWHERE)
        call.request("INVITE", voice.sdp())
        voice.accept((await call.expect(200)).body)
        call.ack()
        await voice.until(lambda: voice.arrived[voice.address] >= 25)
        stayed = voice.arrived[before]
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        assert voice.arrived[before] == stayed, "sound still goes to where the phone was"
        await alice.hang_up("101")
        await call.hung_up()
        await alice.barrier()


# MARK: An INVITE without an offer


@pytest.mark.parametrize("codec", ["opus", "PCMU"])
async def test_an_invite_without_sdp_is_answered_with_our_offer(gateway: Gateway, codec: str) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700, codec) as voice,
    ):
        call = phone.call("alice")
        rings = await alice.expect("incoming_call")
        await alice.answer_call(rings["call_id"], rings["caller_id"])
        offer = (await call.expect(200)).body
        assert "telephone-event/8000" in offer
        voice.accept(offer)
        call.ack(voice.sdp())
        # Only now it is known what the phone takes.
        offered = await alice.expect("call_offer", caller_id=rings["caller_id"])
        await alice.answer(rings["caller_id"], await peer.answer(offered["offer"]))
        await peer.hears(700)
        await voice.hears(440, timeout=5)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def test_an_ack_that_owes_an_answer_and_has_none_ends_the_call(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(PLAIN, gateway.sip) as phone:
        call = phone.call("alice")
        rings = await alice.expect("incoming_call")
        await alice.answer_call(rings["call_id"], rings["caller_id"])
        await call.expect(200)
        call.ack()
        await call.hung_up()
        await alice.expect("call_hanged_up", hanged_up_by=rings["caller_id"], reason="media")
        await alice.barrier()


async def test_a_reinvite_without_sdp_is_answered_with_our_offer(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await phone_calls(phone, voice, alice, peer)
        await both_hear(peer, 440, voice)
        call.request("INVITE")
        voice.accept((await call.expect(200)).body)
        await voice.move(ELSEWHERE)
        call.ack(voice.sdp())
        await voice.until(lambda: voice.arrived[voice.address] >= 25)
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")
        await alice.barrier()


async def test_a_phone_gives_up_while_the_app_rings(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(PLAIN, gateway.sip) as phone, Voice(PLAIN, 700) as voice:
        call = phone.call("alice", voice.sdp())
        await call.expect(180)
        await alice.expect("incoming_call")
        await call.cancel()
        await alice.expect("call_cancelled", reason="cancelled")
        await alice.barrier()


# MARK: Hold


@pytest.mark.deadline(LONG_HOLD_SECONDS + 60)
@pytest.mark.parametrize(
    ("direction", "host", "plays", "answers", "seconds"),
    [
        ("sendonly", None, True, {"recvonly"}, HOLD_SECONDS),
        ("sendonly", None, False, {"recvonly"}, LONG_HOLD_SECONDS),
        ("inactive", None, False, {"inactive"}, HOLD_SECONDS),
        ("sendrecv", "0.0.0.0", False, {"recvonly", "inactive"}, HOLD_SECONDS),
    ],
    ids=["music", "sendonly", "inactive", "0.0.0.0"],
)
async def test_a_phone_holds_and_resumes(
    impatient: Gateway, direction: str, host: str | None, plays: bool, answers: set[str], seconds: float
) -> None:
    async with (
        impatient.extended_client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, impatient.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)

        call.request("INVITE", voice.sdp(direction, host=host))
        answer = (await call.expect(200)).body
        assert set(re.findall(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)\r", answer)) <= answers, answer
        call.ack()
        await alice.expect("call_held", call_id=call_id)
        voice.speaks = plays
        voice.tone.frequency = 500  # Music.
        # Whatever was sent before the hold is here once another exchange with the gateway is over.
        await alice.barrier()
        received = voice.received
        await asyncio.sleep(seconds)  # The hold itself.
        assert voice.received == received, "the phone gets sound on hold"
        if plays:
            await peer.hears(500)

        voice.speaks = True
        voice.tone.frequency = 900
        call.request("INVITE", voice.sdp())
        assert "a=sendrecv" in (await call.expect(200)).body
        call.ack()
        await alice.expect("call_resumed", call_id=call_id)
        await both_hear(peer, 440, voice)
        await alice.hang_up("101", call_id=call_id)
        await call.hung_up()


async def test_a_baseline_app_is_asked_nothing_when_the_phone_holds(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        for direction in ("inactive", "sendrecv"):
            call.request("INVITE", voice.sdp(direction))
            await call.expect(200)
            call.ack()
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await alice.barrier()
        await alice.hang_up("101")
        await call.hung_up()


# MARK: Digits


@pytest.mark.parametrize(("codec", "suite"), [("PCMU", None), ("opus", "AES_CM_128_HMAC_SHA1_80")])
async def test_digits_go_both_ways(gateway: Gateway, codec: str, suite: str | None) -> None:
    address, number = (SECURE, "201") if suite else (PLAIN, "101")
    async with (
        gateway.extended_client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(address, gateway.sip) as phone,
        Voice(address, 700, codec, suite) as voice,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, number)
        await both_hear(peer, 440, voice)
        await digits_cross(alice, call_id, voice, pressed="4422")
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await alice.hang_up(number, call_id=call_id)
        await call.hung_up()


async def test_digits_go_both_ways_by_info(gateway: Gateway) -> None:
    """Of a phone that knows no telephone-events; each INFO of ours waits for the answer to the one before."""
    async with (
        gateway.extended_client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700, events=False) as voice,
    ):
        call_id, call = await extended_app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        await alice.dtmf(call_id, "7#", duration_ms=120)
        for digit in "7#":
            assert (await call.expect("INFO")).body == f"Signal={digit}\r\nDuration=120\r\n"
            call.reply(200)
        call.request("INFO", "Signal=4\r\nDuration=160\r\n", "application/dtmf-relay")
        await call.expect(200)
        await alice.expect("dtmf_received", call_id=call_id, digits="4")
        call.request("INFO", "<media_control/>", "application/media_control+xml")
        assert (await call.expect(415)).header("Accept") == "application/dtmf-relay, application/dtmf"
        await alice.hang_up("101", call_id=call_id)
        await call.hung_up()


async def test_info_becomes_telephone_events_and_they_become_info(gateway: Gateway) -> None:
    async with (
        Phone(PLAIN, gateway.sip) as caller,
        Phone(FAST, gateway.sip) as callee,
        Voice(PLAIN, 440, events=False) as near,
        Voice(FAST, 700) as far,
    ):
        call, taken = await phone_calls_phone(caller, near, callee, far, "301")
        call.request("INFO", "5", "application/dtmf")
        await call.expect(200)
        await far.until(lambda: far.digits == "5")
        await far.press("9")
        assert (await call.expect("INFO")).body.startswith("Signal=9\r\n")
        call.reply(200)
        await call.hang_up()
        await taken.hung_up()


# MARK: Offers


@pytest.mark.parametrize("place", ["before", "behind"])
async def test_video_and_unknown_media_are_refused(gateway: Gateway, place: str) -> None:
    others = "m=video 40002 RTP/AVP 97\na=rtpmap:97 H264/90000\nm=hologram 40004 RTP/BEAM 3 4"
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = phone.call("alice", voice.sdp(before=others) if place == "before" else voice.sdp(behind=others))
        await app_takes(alice, peer)
        answer = (await call.expect(200)).body
        voice.accept(answer)
        call.ack()
        audio = [re.sub(r"audio [1-9]\d*", "audio PORT", line) for line in re.findall(r"(?m)^m=(\S+ \d+ \S+)", answer)]
        refused = ["video 0 RTP/AVP", "hologram 0 RTP/BEAM"]
        assert audio == ([*refused, "audio PORT RTP/AVP"] if place == "before" else ["audio PORT RTP/AVP", *refused])
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def test_an_offer_without_a_codec_of_ours_is_refused(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(PLAIN, gateway.sip) as phone, Voice(PLAIN, 700) as voice:
        sdp = voice.sdp().replace("RTP/AVP 0 ", "RTP/AVP 3 97 ").replace("rtpmap:0 PCMU", "rtpmap:97 iLBC")
        refusal = await phone.call("alice", sdp).expect(488)
        assert re.fullmatch(r'3\d\d \S+ ".+"', refusal.header("Warning")), refusal.text
        await alice.barrier()


async def test_a_reinvite_without_a_codec_of_ours_leaves_the_call_as_it_was(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await phone_calls(phone, voice, alice, peer)
        await both_hear(peer, 440, voice)
        call.request("INVITE", voice.sdp().replace("RTP/AVP 0 ", "RTP/AVP 3 "))
        await call.expect(488)
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


# MARK: When a calling phone is answered


async def test_a_fast_trunk_answers_before_the_apps_media(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(FAST, gateway.sip) as phone,
        Voice(FAST, 700) as voice,
    ):
        call = phone.call("alice", voice.sdp())
        incoming = await alice.expect("incoming_call")
        await alice.answer_call(incoming["call_id"], incoming["caller_id"])
        offer = await alice.expect("call_offer")
        voice.accept((await call.expect(200, SAFE_LIMIT)).body)
        call.ack()
        await alice.answer(incoming["caller_id"], await peer.answer(offer["offer"]))
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def test_a_safe_trunk_answers_once_the_apps_media_is_up(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = phone.call("alice", voice.sdp())
        incoming = await alice.expect("incoming_call")
        await alice.answer_call(incoming["call_id"], incoming["caller_id"])
        began = time.monotonic()
        offer = await alice.expect("call_offer")
        answer = await peer.answer(offer["offer"])
        assert call.final is None or time.monotonic() - began > SAFE_LIMIT
        await alice.answer(incoming["caller_id"], answer)
        voice.accept((await call.expect(200)).body)
        call.ack()
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def test_a_safe_trunk_answers_in_any_case(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(PLAIN, gateway.sip) as phone, Voice(PLAIN, 700) as voice:
        call = phone.call("alice", voice.sdp())
        incoming = await alice.expect("incoming_call")
        began = time.monotonic()
        await alice.answer_call(incoming["call_id"], incoming["caller_id"])
        await alice.expect("call_offer")
        await call.expect(200)
        assert SAFE_LIMIT - 0.05 <= time.monotonic() - began < 2 * SAFE_LIMIT + 2
        call.ack()
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


# MARK: The end of the ports


async def test_a_call_with_no_port_left_fails_and_the_other_goes_on(narrow: Gateway) -> None:
    async with (
        narrow.client("alice") as alice,
        narrow.client("bob") as bob,
        MediaPeer(440) as peer,
        Phone(PLAIN, narrow.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        await bob.start_call("102")
        await bob.expect("call_rejected", callee_id="102", reason="media")
        refused = phone.call("bob", voice.sdp())
        await refused.expect(488)
        await bob.expect("incoming_call")
        await bob.expect("call_cancelled", reason="media")
        await bob.barrier()
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await alice.hang_up("101")
        await call.hung_up()
