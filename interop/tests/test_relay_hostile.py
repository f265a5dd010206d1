"""What strangers send to the relay's ports changes nothing: not what is heard, not who hears it, not the gateway."""

import asyncio
import contextlib
import functools
import random
import re
import socket
import struct
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import pytest
from aioice import stun
from pylibsrtp import Policy, Session

from client.call_client import CallClient
from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import ELSEWHERE, LAN, PLAIN, SECURE, both_hear, start_relay, take
from .phone import Phone, PhoneCall
from .spoofer import Spoofer
from .voice import SUITES, Voice
from .wire import Address

APPS_PORT = 16_383
SUITE = "AES_CM_128_HMAC_SHA1_80"
FLOOD = 100_000
BURST = 50
RTP = range(128, 192)  # First bytes of RTP and RTCP (RFC 7983 §7).


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_relay(start_gateway, "127.0.3.4", APPS_PORT)


@dataclass(frozen=True)
class Talk:
    """A call in which both hear each other."""

    alice: CallClient
    peer: MediaPeer
    voice: Voice
    call: PhoneCall
    offer: str
    answer: str


@contextlib.asynccontextmanager
async def talk(gateway: Gateway, suite: str | None = None) -> AsyncIterator[Talk]:
    """An app calls a phone; whatever happens meanwhile, in the end both must still hear each other."""
    address, number = (SECURE, "201") if suite else (PLAIN, "101")
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(address, gateway.sip) as phone,
        Voice(address, 700, suite=suite) as voice,
    ):
        await alice.start_call(number)
        call = await take(phone, voice)
        await alice.expect("call_answered")
        offer = await peer.offer()
        await alice.offer(number, offer)
        answer = (await alice.expect("call_answer"))["answer"]
        await peer.accept(answer)
        await both_hear(peer, 440, voice)
        yield Talk(alice, peer, voice, call, offer["sdp"], answer["sdp"])
        assert gateway.is_alive
        voice.tone.frequency = 900
        await both_hear(peer, 440, voice)
        await alice.hang_up(number)
        await call.hung_up()
        await alice.barrier()


def counts(gateway: Gateway) -> dict[str, int]:
    """The relay's packets by what became of them: `received`, `sent`, and the causes for which some went no further."""
    with urllib.request.urlopen(f"http://{gateway.address}:9090/metrics", timeout=5) as response:
        text = response.read().decode()
    series = re.findall(r'(?m)^switchhook_relay_packets(?:_dropped)?_total\{\w+="(\w+)"\} ([\d.e+]+)$', text)
    assert series, text
    return {label: int(float(value)) for label, value in series}


def dropped(now: dict[str, int], before: dict[str, int], *causes: str) -> int:
    return sum(now[cause] - before[cause] for cause in causes or now.keys() - {"received", "sent"})


async def until_dropped(gateway: Gateway, before: dict[str, int], count: int, *causes: str) -> None:
    """Waits until that many more packets were dropped for these causes."""
    try:
        async with asyncio.timeout(10):
            while dropped(counts(gateway), before, *causes) < count:
                await asyncio.sleep(0.05)
    except TimeoutError:
        now = counts(gateway)
        news = {cause: now[cause] - before[cause] for cause in now}
        raise AssertionError(f"{count} packets should have been dropped as {causes}; since then: {news}") from None


async def attack(gateway: Gateway, datagrams: Sequence[bytes], send: Callable[[bytes], object], *causes: str) -> None:
    """Sends datagrams, no more at once than a socket's buffer holds; each must be dropped for one of these causes."""
    before = counts(gateway)
    for start in range(0, len(datagrams), BURST):
        burst = datagrams[start : start + BURST]
        for datagram in burst:
            send(datagram)
        await until_dropped(gateway, before, start + len(burst), *causes)


def stranger(address: str) -> socket.socket:
    strange = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    strange.bind((address, 0))
    strange.setblocking(False)
    return strange


def send_to(strange: socket.socket, target: Address, datagram: bytes) -> None:
    strange.sendto(datagram, target)


def attribute(sdp: str, name: str) -> str:
    found = re.search(rf"(?m)^a={name}:(\S+)", sdp)
    assert found, sdp
    return found[1]


# MARK: ICE


def check(talk: Talk, key: str | None, *, nominates: bool = True, **changes: str) -> stun.Message:
    """A binding request as the app sends it, by default one that would make the pair its own; `key` signs it."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    names = {"gateway": attribute(talk.answer, "ice-ufrag"), "app": attribute(talk.offer, "ice-ufrag")} | changes
    message.attributes["USERNAME"] = f"{names['gateway']}:{names['app']}"
    message.attributes["PRIORITY"] = 1_845_501_695
    message.attributes["ICE-CONTROLLING"] = 1
    if nominates:
        message.attributes["USE-CANDIDATE"] = None
    if key is not None:
        message.add_message_integrity(key.encode())
        message.add_fingerprint()
    return message


def forged_checks(talk: Talk) -> list[bytes]:
    password = attribute(talk.answer, "ice-pwd")
    true = bytes(check(talk, password))
    unsigned = check(talk, None)
    bare = bytes(unsigned)
    unsigned.add_fingerprint()
    printed = bytes(unsigned)
    cut = [true[:length] for length in (1, 19, 20, 21, len(true) // 2, len(true) - 1)]
    answers = [bytes(stun.Message(stun.Method.BINDING, kind)) for kind in (stun.Class.RESPONSE, stun.Class.ERROR)]
    wrong = [bytes(check(talk, key)) for key in ("wrong", password[:-1], attribute(talk.offer, "ice-pwd"))]
    # What is signed, but for somebody else.
    others = [bytes(check(talk, password, gateway="nobody")), bytes(check(talk, password, app="nobody"))]
    # The right signature, and then another request under it.
    changed = [true[:30] + bytes([true[30] ^ 1]) + true[31:], true[:8] + bytes(12) + true[20:]]
    return [bare, printed, *cut, *answers, *wrong, *others, *changed]


async def test_a_check_that_proves_nothing_gets_no_success_and_changes_nothing(gateway: Gateway) -> None:
    async with talk(gateway) as call:
        loop = asyncio.get_running_loop()
        forged = forged_checks(call)
        before = counts(gateway)
        with stranger(LAN) as strange:
            for datagram in forged:
                strange.sendto(datagram, (LAN, APPS_PORT))
            await until_dropped(gateway, before, len(forged), "malformed")
            # One that proves who sends it is answered, after all the others were.
            true = check(call, attribute(call.answer, "ice-pwd"), nominates=False)
            strange.sendto(bytes(true), (LAN, APPS_PORT))
            async with asyncio.timeout(5):
                while True:
                    answer = stun.parse_message(await loop.sock_recv(strange, 2048))
                    if answer.transaction_id == true.transaction_id:
                        break
                    assert answer.message_class != stun.Class.RESPONSE, answer
            assert answer.message_class == stun.Class.RESPONSE


# MARK: DTLS


async def test_a_certificate_that_is_not_the_offers_ends_the_call(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        await alice.start_call("101")
        call = await take(phone, voice)
        await alice.expect("call_answered")
        await alice.offer("101", with_another_fingerprint(await peer.offer()))
        await peer.accept((await alice.expect("call_answer"))["answer"])
        await call.hung_up()
        await alice.expect("call_hanged_up", hanged_up_by="101", reason="media")
        assert voice.received == 0
        await alice.barrier()


async def test_a_certificate_that_is_not_the_answers_ends_the_call(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = phone.call("alice", voice.sdp())
        incoming = await alice.expect("incoming_call")
        await alice.answer_call(incoming["call_id"], incoming["caller_id"])
        offer = await alice.expect("call_offer")
        answer = await peer.answer(offer["offer"])
        await alice.answer(incoming["caller_id"], with_another_fingerprint(answer))
        await alice.expect("call_hanged_up", reason="media")
        await call.expect(488)
        assert voice.received == 0
        await alice.barrier()


def with_another_fingerprint(description: dict[str, str]) -> dict[str, str]:
    def changed(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2], 16) ^ 1:X}"

    sdp, count = re.subn(r"(?m)^(a=fingerprint:\S+ .*)([0-9A-F])(?=\r?$)", changed, description["sdp"])
    assert count
    return {"type": description["type"], "sdp": sdp}


async def test_dtls_in_the_apps_name_changes_nothing(gateway: Gateway) -> None:
    async with talk(gateway) as call, Spoofer(APPS_PORT) as spoofer:
        source, target, _ = (await spoofer.sees(RTP, 1))[-1]
        random_bytes = random.Random(9147).randbytes
        alerts = [b"\x01\x00", b"\x02\x28", b"\x02\x00"]  # close_notify, and two that are fatal.
        records = [
            struct.pack("!BHHHIH", kind, 0xFEFD, epoch, 0, number, len(body)) + body
            for epoch, number in ((0, 77), (1, 1), (1, 1 << 31))
            for kind, body in [
                *((21, alert) for alert in alerts),
                (20, b"\x01"),
                *((22, random_bytes(size)) for size in (0, 1, 12, 500)),
                (22, b"\x01" + random_bytes(200)),
                (23, random_bytes(100)),
            ]
        ]
        before = counts(gateway)
        for record in records:
            spoofer.send(source, target, record)
            spoofer.send(source, target, record[: len(record) // 2])
        async with asyncio.timeout(10):  # Until it has read them all.
            while counts(gateway)["received"] - before["received"] < 2 * len(records):
                await asyncio.sleep(0.05)


# MARK: RTP


@pytest.mark.parametrize("where", ["another port", "another address"])
async def test_a_strangers_sound_is_not_heard(gateway: Gateway, where: str) -> None:
    async with talk(gateway) as call:
        voice = call.voice
        assert voice.target is not None
        target, noise = voice.target, random.Random(3550).randbytes(160)
        in_its_stream = [voice.packet(noise) for _ in range(100)]
        in_another = [packet[:8] + b"else" + noise for packet in in_its_stream]
        with stranger(PLAIN if where == "another port" else ELSEWHERE) as strange:
            sound = [*in_its_stream, *in_another]
            await attack(gateway, sound, functools.partial(send_to, strange, target), "stranger")


async def test_srtp_that_is_repeated_or_forged_is_not_heard(gateway: Gateway) -> None:
    async with talk(gateway, SUITE) as call:
        voice = call.voice
        await voice.until(lambda: len(voice.sent) >= 50)
        genuine, unprotected = list(voice.sent), [voice.packet(bytes(160)) for _ in range(50)]
        await attack(gateway, [*genuine, *forged(genuine), *unprotected], voice.send_raw, "unauthenticated")


async def test_srtp_of_strangers_is_not_heard(gateway: Gateway) -> None:
    async with talk(gateway, SUITE) as call:
        voice = call.voice
        await voice.until(lambda: len(voice.sent) >= 50)
        assert voice.target is not None
        target, genuine = voice.target, list(voice.sent)
        causes = ("unauthenticated", "stranger")  # Only so many a second are tested by the key.
        with stranger(ELSEWHERE) as strange:
            send = functools.partial(send_to, strange, target)
            await attack(gateway, [*genuine, *forged(genuine)], send, *causes)


async def test_an_apps_srtp_that_is_repeated_or_forged_is_not_heard(gateway: Gateway) -> None:
    async with talk(gateway) as call, Spoofer(APPS_PORT) as spoofer:
        seen = await spoofer.sees(RTP, 50)
        source, target, _ = seen[-1]
        packets = [data for _, _, data in seen if not 64 <= data[1] & 0x7F < 96]  # Without RTCP.
        attacks = [*packets, *forged(packets)]
        await attack(gateway, attacks, functools.partial(spoofer.send, source, target), "unauthenticated")
        with stranger(LAN) as strange:
            await attack(gateway, attacks, functools.partial(send_to, strange, target), "stranger")


def forged(genuine: list[bytes]) -> list[bytes]:
    """Each packet with one bit changed, with a later number, cut, and another one under a key of zeros."""
    session = Session(Policy(bytes(SUITES[SUITE][1]), Policy.SSRC_ANY_OUTBOUND))
    attacks: list[bytes] = []
    for packet in genuine:
        number = struct.unpack_from("!H", packet, 2)[0]
        attacks += [
            packet[:-20] + bytes([packet[-20] ^ 1]) + packet[-19:],
            packet[:2] + struct.pack("!H", number + 500 & 0xFFFF) + packet[4:],
            packet[:-1],
            session.protect(b"\x80" + packet[1:12] + bytes(160)),
        ]
    return attacks


# MARK: RTCP


def bombs(voice: Voice) -> list[bytes]:
    random_bytes = random.Random(3611).randbytes
    ssrc = struct.pack("!I", voice.ssrc)
    return [
        b"\x80\xc8",
        b"\x80\xc8\xff\xff" + ssrc,  # Longer than it is.
        b"\x9f\xc9\x00\x01" + ssrc,  # 31 reports, and none of them there.
        b"\x81\xc8\x00\x06" + ssrc + bytes(20),
        b"\xbf\xc9\x00\x01" + ssrc,  # Padding of nothing.
        b"\xa0\xc9\x00\x02" + ssrc + b"\x00\x00\x00\xff",
        b"\x9f\xcb\x00\x1f" + random_bytes(124),  # 31 goodbyes of nobody.
        b"\x81\xca\x00\x02" + ssrc + b"\x01\xff\x00\x00",  # A name that is longer than the packet.
        b"\x80\xcf\x7f\xff" + random_bytes(100),
        (b"\x80\xc9\x00\x01" + ssrc) * 180,  # As many reports as a packet holds.
        (b"\x80\xcc\x00\x02" + ssrc + b"BOMB") * 110,
        (b"\x81\xcd\x00\x03" + ssrc * 3) * 60,  # Feedback nobody asked for.
        *(bytes([0x80 | index % 32, 200 + index % 8]) + random_bytes(index % 60) for index in range(200)),
        b"\x80\xc9\x00\x01" + ssrc + random_bytes(60_000),
    ]


@pytest.mark.parametrize("suite", [None, SUITE], ids=["plain", "secure"])
async def test_rtcp_bombs_from_the_phone_and_from_strangers(gateway: Gateway, suite: str | None) -> None:
    async with talk(gateway, suite) as call:
        voice = call.voice
        assert voice.target is not None
        attacks = bombs(voice)
        before = counts(gateway)
        for datagram in attacks:
            voice.send_control(datagram)
            voice.send_raw(datagram)
        # Some of them are reports, if odd ones.
        await until_dropped(gateway, before, len(attacks) // 2, "malformed", "unauthenticated")
        with stranger(ELSEWHERE) as strange:
            for target in ((voice.target[0], voice.target[1] + 1), (LAN, APPS_PORT)):
                await attack(gateway, attacks, functools.partial(send_to, strange, target), "stranger", "malformed")


async def test_a_goodbye_in_the_phones_name_ends_nothing(gateway: Gateway) -> None:
    async with talk(gateway) as call:
        voice = call.voice
        ssrc = struct.pack("!I", voice.ssrc)
        for _ in range(50):
            voice.send_control(b"\x80\xc9\x00\x01" + ssrc + b"\x81\xcb\x00\x01" + ssrc)


# MARK: Floods


def flood(target: Address) -> int:
    """Sends datagrams of nothing as fast as it goes; gives how many the system took."""
    source = random.Random(100_000)
    datagrams = [source.randbytes(source.randrange(1, 200)) for _ in range(1000)]
    taken = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as strange:
        strange.bind((ELSEWHERE if target[0].startswith("127.") else LAN, 0))
        for index in range(FLOOD):
            with contextlib.suppress(BlockingIOError):
                taken += strange.sendto(datagrams[index % 1000], target) > 0
    return taken


@pytest.mark.parametrize("port", ["of apps", "of a phone", "of a phone for RTCP", "of a phone, secure"])
async def test_a_flood_of_garbage(gateway: Gateway, port: str) -> None:
    async with talk(gateway, SUITE if "secure" in port else None) as call:
        assert call.voice.target is not None
        host, media = call.voice.target
        target = (LAN, APPS_PORT) if port == "of apps" else (host, media + 1 if "RTCP" in port else media)
        before, received = counts(gateway), call.voice.received
        sent = await asyncio.to_thread(flood, target)
        assert sent == FLOOD
        # The system may lose some at the socket; of what came, all but the call's own packets is counted.
        await until_dropped(gateway, before, FLOOD // 100)
        now = counts(gateway)
        assert dropped(now, before) > 0.5 * (now["received"] - before["received"])
        assert call.voice.received > received
