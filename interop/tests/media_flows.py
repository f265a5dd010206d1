"""The steps of calls between apps and scripted phones whose media the gateway carries."""

import asyncio

from client.call_client import CallClient
from client.extended_client import ExtendedClient
from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .phone import Phone, PhoneCall
from .voice import Voice

PLAIN, SECURE, FAST = "127.0.2.1", "127.0.2.2", "127.0.2.3"  # The addresses of the trunks' phones.
ELSEWHERE = "127.0.2.9"
LAN = "10.88.0.1"  # Where apps find the gateway.


def start_relay(
    start_gateway: StartGateway, address: str, webrtc_port: int, *, transcode: bool = False, **relay: object
) -> Gateway:
    """A gateway that carries the media itself, between phones of `start_anchored`."""
    relay = {"address": [address, LAN], "webrtc_port": webrtc_port, **relay}
    return start_anchored(start_gateway, address, {"mode": "relay", "transcode": transcode, "relay": relay})


def start_anchored(start_gateway: StartGateway, address: str, media: dict[str, object]) -> Gateway:
    """A gateway whose numbers 1xx, 2xx and 3xx are phones of the trunks `plain`, `secure` and `fast`."""
    return start_gateway(
        address,
        # The end of a call is remembered for 64 times that long: so long the gateway is not idle.
        sip={"timers": {"t1": "200ms"}},
        media=media,
        trunks=[
            {"name": "plain", "uri": f"sip:{PLAIN}:5060", "accept_from": [f"{PLAIN}/32"]},
            {"name": "secure", "uri": f"sip:{SECURE}:5060", "accept_from": [f"{SECURE}/32"], "media": {"srtp": True}},
            {"name": "fast", "uri": f"sip:{FAST}:5060", "accept_from": [f"{FAST}/32"], "answer": "fast"},
        ],
        dialplan=[
            {"match": r"^1\d\d$", "trunk": "plain"},
            {"match": r"^2\d\d$", "trunk": "secure", "allow_trunks": ["plain"]},
            {"match": r"^3\d\d$", "trunk": "fast", "allow_trunks": ["plain"]},
        ],
    )


async def take(phone: Phone, voice: Voice) -> PhoneCall:
    """A phone takes the call that comes."""
    call = await phone.incoming()
    call.reply(180)
    assert call.invite is not None
    voice.accept(call.invite.body)
    call.reply(200, voice.sdp())
    await call.expect("ACK")
    return call


async def app_calls(alice: CallClient, peer: MediaPeer, phone: Phone, voice: Voice, number: str) -> PhoneCall:
    """An app of the user's page calls a phone, and offers once that has answered."""
    await alice.start_call(number)
    call = await take(phone, voice)
    await alice.expect("call_answered", callee_id=number)
    await alice.offer(number, await peer.offer())
    await peer.accept((await alice.expect("call_answer", callee_id=number))["answer"])
    return call


async def extended_app_calls(
    alice: ExtendedClient, peer: MediaPeer, phone: Phone, voice: Voice, number: str
) -> tuple[str, PhoneCall]:
    """The same with an app of the extended profile; gives its id of the call, too."""
    call_id = await alice.call(number)
    call = await take(phone, voice)
    await alice.expect("call_ringing", call_id=call_id)
    await alice.expect("call_answered", call_id=call_id)
    await alice.offer(number, await peer.offer(), call_id=call_id)
    await peer.accept((await alice.expect("call_answer", call_id=call_id))["answer"])
    return call_id, call


async def dial(client: ExtendedClient, peer: MediaPeer, number: int | str) -> str:
    """An app of the extended profile calls whoever answers; gives the call's id."""
    call_id = await client.call(number, offer=await peer.offer())
    answer = None
    while (message := await client.receive()).type != "call_answered":
        assert message.type in ("call_ringing", "call_answer"), message.raw
        answer = message.get("answer", answer)
    await peer.accept(answer or (await client.expect("call_answer", call_id=call_id))["answer"])
    return call_id


async def pick_up(client: ExtendedClient, peer: MediaPeer) -> str:
    """An app of the extended profile takes the call that comes; gives its id."""
    call = await client.expect("incoming_call")
    await client.answer_call(call["call_id"], call["caller_id"], answer=await peer.answer(call["offer"]))
    return call["call_id"]


async def app_takes(alice: CallClient, peer: MediaPeer) -> str:
    """An app of the user's page takes a phone's call; gives the phone's id."""
    incoming = await alice.expect("incoming_call")
    await alice.answer_call(incoming["call_id"], incoming["caller_id"])
    offer = await alice.expect("call_offer", caller_id=incoming["caller_id"])
    await alice.answer(incoming["caller_id"], await peer.answer(offer["offer"]))
    return incoming["caller_id"]


async def phone_calls(phone: Phone, voice: Voice, alice: CallClient, peer: MediaPeer) -> PhoneCall:
    """A phone calls an app."""
    call = phone.call("alice", voice.sdp())
    await app_takes(alice, peer)
    voice.accept((await call.expect(200)).body)
    call.ack()
    return call


async def phone_calls_phone(
    caller: Phone, near: Voice, callee: Phone, far: Voice, number: str
) -> tuple[PhoneCall, PhoneCall]:
    """A phone calls another, and each hears the other's tone; gives the call of either."""
    call = caller.call(number, near.sdp())
    taken = await take(callee, far)
    near.accept((await call.expect(200)).body)
    call.ack()
    await asyncio.gather(near.hears(far.tone.frequency), far.hears(near.tone.frequency))
    return call, taken


async def digits_cross(alice: ExtendedClient, call_id: str, voice: Voice, pressed: str) -> None:
    """An app's digits are heard by the phone, each with three ends (RFC 4733 section 2.5.1.4), and the app is told of the
    phone's."""
    await alice.dtmf(call_id, "10*#D", duration_ms=60, request_id=1)
    await alice.expect("ok", request_id=1)
    await voice.until(lambda: len(voice.digits) >= 5)
    for digit in pressed:
        await voice.press(digit)
        await alice.expect("dtmf_received", call_id=call_id, digits=digit)
    assert voice.digits == "10*#D"
    assert set(voice.digit_ends.values()) == {3}


async def both_hear(peer: MediaPeer, app_tone: float, voice: Voice) -> None:
    await asyncio.gather(peer.hears(voice.tone.frequency), voice.hears(app_tone))
