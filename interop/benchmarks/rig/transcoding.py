"""What a packet of sound costs that is turned into another codec, beside one that is passed on as it is.

Phones call phones; one side of each call speaks, the other only listens.
"""

import array
import asyncio
import contextlib
import ctypes
import ctypes.util
import math
import re
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.phone import Phone

from .allocations import check_counter
from .figures import Figure
from .gateway import HOST, SIP_PORT, Gateway
from .machine import Foreign, RigError

if TYPE_CHECKING:
    from .measures import Plan

CALLER, CALLEE = "127.0.0.2", "127.0.0.3"
MEDIA: dict[str, object] = {"mode": "relay", "transcode": True, "relay": {"address": HOST}}
SETTINGS: dict[str, object] = {
    "trunks": [
        {"name": "callers", "uri": f"sip:{CALLER}:5060", "accept_from": [f"{CALLER}/32"]},
        {"name": "callees", "uri": f"sip:{CALLEE}:5060", "accept_from": [f"{CALLEE}/32"]},
    ],
    "dialplan": [{"match": "^9\\d+$", "trunk": "callees", "allow_trunks": ["callers"]}],
}
PACKET = 0.020  # Seconds.
SAMPLES = 160
DELAY = 0.1  # Seconds; so late the last packet is out.
LOOP = 100  # Packets of sound that are said again and again.
HEARD = 0.98  # The share of what is said that must come out again.
OPUS_VOICE = 2048  # OPUS_APPLICATION_VOIP


@dataclass(frozen=True)
class Codec:
    name: str
    payload_type: int
    rtpmap: str
    clock: int


PCMU = Codec("PCMU", 0, "PCMU/8000", 160)
OPUS = Codec("Opus", 118, "opus/48000/2", 960)
# Who speaks, and who listens.
DIRECTIONS = [(PCMU, PCMU), (OPUS, PCMU), (PCMU, OPUS)]


def _title(speaker: Codec, listener: Codec) -> str:
    return f"{speaker.name} to {listener.name}" if speaker is not listener else f"{speaker.name} as it is"


def figures(_: "Plan") -> list[Figure]:
    return [
        *(Figure(f"CPU per packet, {_title(*pair)}", None, "µs") for pair in DIRECTIONS),
        *(Figure(f"allocations per packet, {_title(*pair)}", None, "") for pair in DIRECTIONS),
    ]


def run(plan: "Plan", folder: Path) -> Iterator[tuple[str, float, str]]:
    check_counter(folder)
    for counted, what, scale in ((False, "CPU", 1e6), (True, "allocations", 1.0)):
        with Gateway(folder, t1=plan.t1, counted=counted, media=MEDIA, settings=SETTINGS) as under_test:
            for speaker, listener in DIRECTIONS:
                cost, note = asyncio.run(_cost(under_test, plan, counted, speaker, listener))
                yield f"{what} per packet, {_title(speaker, listener)}", cost * scale, note


async def _cost(
    under_test: Gateway, plan: "Plan", counted: bool, speaker: Codec, listener: Codec
) -> tuple[float, str]:
    """What a packet costs, its coming and its going, less what the gateway takes while nobody speaks."""
    read = under_test.allocations if counted else under_test.cpu_seconds
    async with _calls(plan.talks, speaker, listener) as (mouth, targets):
        speech = _speech(speaker)
        _speak(mouth, targets, speaker, speech, 0, round(1 / PACKET))  # The first packets make decoders and encoders.
        time.sleep(1)  # The last sound is heard.
        began, cost = time.monotonic(), read()
        time.sleep(plan.idle)
        idle = (read() - cost) / (time.monotonic() - began)
        foreign = Foreign()
        before, began, cost = _passed(under_test), time.monotonic(), read()
        _speak(mouth, targets, speaker, speech, round((2 + plan.idle) / PACKET), round(plan.speech / PACKET))
        time.sleep(DELAY)
        cost = read() - cost - idle * (time.monotonic() - began)
        said = round(plan.speech / PACKET) * len(targets)
        received, sent = (after - earlier for after, earlier in zip(_passed(under_test), before, strict=True))
        if received < HEARD * said or sent < HEARD * said:
            raise RigError(f"of {said} packets {received:.0f} came in and {sent:.0f} went out")
        note = f"{said:,} packets of {len(targets)} calls; others used {foreign.share():.0%}"
        return cost / said, note


def _passed(under_test: Gateway) -> tuple[float, float]:
    metrics = under_test.metrics()
    names = (f'switchhook_relay_packets_total{{event="{event}"}}' for event in ("received", "sent"))
    received, sent = (metrics[name] for name in names)
    return received, sent


# Calls


@contextlib.asynccontextmanager
async def _calls(
    count: int, speaker: Codec, listener: Codec
) -> AsyncIterator[tuple[socket.socket, list[tuple[str, int]]]]:
    """So many calls; gives the socket to speak from, and where to."""
    gateway = (HOST, SIP_PORT)
    async with Phone(CALLER, gateway) as caller, Phone(CALLEE, gateway) as callee:
        with _open(CALLER) as mouth, _open(CALLEE) as ear:
            calls, targets = [], []
            for number in range(count):
                call = caller.call(f"9{number}", _sdp(mouth, speaker))
                taken = await callee.incoming()
                taken.reply(200, _sdp(ear, listener))
                await taken.expect("ACK")
                port = re.search(r"(?m)^m=audio (\d+)", (await call.expect(200)).body)
                if port is None:
                    raise RigError("the gateway's answer has no audio")
                call.ack()
                calls.append((call, taken))
                targets.append((HOST, int(port[1])))
            yield mouth, targets
            for call, taken in calls:
                await call.hang_up()
                await taken.hung_up()


def _open(address: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((address, 0))
    return opened


def _sdp(mouth: socket.socket, codec: Codec) -> str:
    host, port = mouth.getsockname()
    lines = ["v=0", f"o=- {port} 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    lines += [f"m=audio {port} RTP/AVP {codec.payload_type}", f"a=rtpmap:{codec.payload_type} {codec.rtpmap}"]
    return "".join(f"{line}\r\n" for line in lines)


# Sound


def _speak(
    mouth: socket.socket, targets: list[tuple[str, int]], codec: Codec, speech: list[bytes], first: int, count: int
) -> None:
    """Says so many packets in each call, at the pace of speech; `first` is the time of the first, in packets.

    The payload type is that of our offer, which the gateway's answer takes over.
    """
    began = time.monotonic()
    for number in range(first, first + count):
        time.sleep(max(0.0, began + (number - first) * PACKET - time.monotonic()))
        header = struct.pack("!BBHII", 0x80, codec.payload_type, number & 0xFFFF, number * codec.clock, 77)
        packet = header + speech[number % LOOP]
        for target in targets:
            mouth.sendto(packet, target)


def _speech(codec: Codec) -> list[bytes]:
    """A voice's harmonics, that swell and fade as syllables do."""
    samples = [_sample(position) for position in range(LOOP * SAMPLES)]
    frames = [array.array("h", samples[start : start + SAMPLES]) for start in range(0, len(samples), SAMPLES)]
    return _opus(frames) if codec is OPUS else [bytes(map(_mu_law, frame)) for frame in frames]


def _sample(position: int) -> int:
    seconds = position / 8000
    swell = 0.5 + 0.5 * math.sin(2 * math.pi * 4 * seconds)
    pitch = 120 + 20 * math.sin(2 * math.pi * 0.7 * seconds)
    return round(swell * sum(9000 / part * math.sin(2 * math.pi * part * pitch * seconds) for part in range(1, 9)))


def _mu_law(sample: int) -> int:
    """ITU-T G.711."""
    magnitude = min(abs(sample), 32_635) + 132
    segment = magnitude.bit_length() - 8
    return ~((0x80 if sample < 0 else 0) | segment << 4 | magnitude >> segment + 3 & 0x0F) & 0xFF


def _opus(frames: list["array.array[int]"]) -> list[bytes]:
    library = ctypes.CDLL(ctypes.util.find_library("opus"))
    library.opus_encoder_create.restype = ctypes.c_void_p
    fault = ctypes.c_int()
    encoder = ctypes.c_void_p(library.opus_encoder_create(8000, 1, OPUS_VOICE, ctypes.byref(fault)))
    packets = []
    for frame in frames:
        room = ctypes.create_string_buffer(1275)
        samples = (ctypes.c_int16 * SAMPLES).from_buffer(frame)
        length = library.opus_encode(encoder, samples, SAMPLES, room, len(room))
        if length <= 0:
            raise RigError(f"libopus encodes nothing: {length}")
        packets.append(room.raw[:length])
    library.opus_encoder_destroy(encoder)
    return packets
