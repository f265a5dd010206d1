"""A phone's voice: a tone over RTP or SRTP (SDES), a meter for what comes back, and the digits of RFC 4733."""

import asyncio
import base64
import os
import random
import re
import socket
import struct
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiortc import MediaStreamTrack
from aiortc.codecs import get_decoder, get_encoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av import AudioFrame
from pylibsrtp import Error, Policy, Session

from client.media import ToneMeter, ToneTrack

from .wire import Address

# The dynamic payload types are neither the gateway's nor aiortc's: whoever mixes two legs up is found out.
CODECS = {
    "PCMU": RTCRtpCodecParameters(mimeType="audio/PCMU", clockRate=8000, channels=1, payloadType=0),
    "PCMA": RTCRtpCodecParameters(mimeType="audio/PCMA", clockRate=8000, channels=1, payloadType=8),
    "G722": RTCRtpCodecParameters(mimeType="audio/G722", clockRate=8000, channels=1, payloadType=9),
    "opus": RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=118),
}
DIGITS_TYPE = 105
DIGITS = "0123456789*#ABCD"  # By their codes of RFC 4733.
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 30),
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
}
PACKET = 0.020  # Seconds of sound in a packet.


class Voice:
    """Sends a tone of `frequency` Hz once it knows where to; entered, it has a pair of ports at `address`.

    `sdp` is its offer or its answer, `accept` takes the other side's; an answer is written once the offer is accepted.
    """

    # Whether it answers with the payload type that it was offered, as most do, or with its own (RFC 3264 section 6.1).
    adopts_types = False

    def __init__(
        self, address: str, frequency: float, codec: str = "PCMU", suite: str | None = None, *, events: bool = True
    ) -> None:
        """`events`: it knows telephone-events."""
        self.tone = ToneTrack(frequency)
        self.speaks = True
        self.digits = ""  # What was heard, each digit at its end.
        self.digit_ends: Counter[int] = Counter()  # How many packets ended the digit with that timestamp.
        self.received = 0  # Packets of sound and digits.
        self.arrived: Counter[Address] = Counter()  # Those of each of our ports.
        self.reports = 0  # RTCP.
        self.faults: list[str] = []  # Packets that nobody may send us.
        self.sent: list[bytes] = []  # The last packets as they went over the wire.
        self.target: Address | None = None
        self.address: Address = (address, 0)  # As we describe it.
        self.codec = CODECS[codec]
        self._suite = suite
        self._events = events
        self._key = os.urandom(SUITES[suite][1]) if suite else b""
        self._tag = 1
        self._protector: Session | None = None
        self._verifier: Session | None = None
        self._own_type = self.codec.payloadType  # What we want to get.
        self._types = {"codec": self.codec.payloadType, "digits": DIGITS_TYPE}  # What the other side wants to get.
        self._version = 0
        self._session = random.getrandbits(32)
        self.ssrc = random.getrandbits(32)
        self.sequence = random.getrandbits(15)
        self.timestamp = random.getrandbits(31)
        self._sockets: list[asyncio.DatagramTransport] = []
        self._mouth: asyncio.DatagramTransport | None = None
        self._control: asyncio.DatagramTransport | None = None
        self._speaker: asyncio.Task[None] | None = None
        self._heard = HeardTrack()
        self._meter = ToneMeter()
        self._decoder = get_decoder(self.codec)
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.move(self.address[0])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._speaker is not None:
            self._speaker.cancel()
            await asyncio.gather(self._speaker, return_exceptions=True)
        await self._meter.stop()
        for transport in self._sockets:
            transport.close()
        if error is None:
            assert not self.faults, self.faults

    # Ports

    async def move(self, address: str) -> None:
        """Speaks, and is to be spoken to, at a pair of new ports of that address; what comes to the old ones counts."""
        self._mouth, self._control = await self._open_pair(address)
        self.address = self._mouth.get_extra_info("sockname")

    async def speak_from_another_port(self) -> Address:
        """Speaks from a new port, and says nothing of it; gives that address."""
        self._mouth, self._control = await self._open_pair(self.address[0])
        return self._mouth.get_extra_info("sockname")

    # Descriptions

    def sdp(self, direction: str = "sendrecv", *, host: str | None = None, before: str = "", behind: str = "") -> str:
        """Our description; `host` stands in for our address, `before` and `behind` are sections beside the audio."""
        self._version += 1
        host = host or self.address[0]
        encoding = self.codec.mimeType.removeprefix("audio/")
        channels = "/2" if self.codec.channels == 2 else ""
        types = f"{self._own_type} {DIGITS_TYPE}" if self._events else f"{self._own_type}"
        lines = [
            "v=0",
            f"o=- {self._session} {self._version} IN IP4 {self.address[0]}",
            "s=-",
            f"c=IN IP4 {host}",
            "t=0 0",
            *before.split("\n"),
            f"m=audio {self.address[1]} RTP/{'SAVP' if self._suite else 'AVP'} {types}",
            f"a=rtpmap:{self._own_type} {encoding}/{self.codec.clockRate}{channels}",
            f"a=rtpmap:{DIGITS_TYPE} telephone-event/8000" if self._events else "",
            f"a=fmtp:{DIGITS_TYPE} 0-16" if self._events else "",
            "a=ptime:20",
            f"a={direction}",
            f"a=crypto:{self._tag} {self._suite} inline:{base64.b64encode(self._key).decode()}" if self._suite else "",
            *behind.split("\n"),
        ]
        return "".join(f"{line}\r\n" for line in lines if line)

    def accept(self, sdp: str) -> None:
        """Takes the other side's offer or answer, and speaks from now on, if it is to."""
        host, port = re.search(r"(?m)^c=IN IP4 (\S+)", sdp), re.search(r"(?m)^m=audio (\d+) (\S+)", sdp)
        assert host and port and int(port[1]), sdp
        assert port[2] == ("RTP/SAVP" if self._suite else "RTP/AVP"), sdp
        self.target = (host[1], int(port[1]))
        encoding = f"{self.codec.mimeType.removeprefix('audio/')}/{self.codec.clockRate}"
        for name, wanted in (("codec", encoding), ("digits", "telephone-event/8000")):
            if name == "digits" and not self._events:
                continue
            found = re.search(rf"(?mi)^a=rtpmap:(\d+) {wanted}\b", sdp)
            assert found, f"no {wanted} in {sdp}"
            self._types[name] = int(found[1])
        if self.adopts_types and self._version == 0:
            self._own_type = self._types["codec"]
        if self._suite:
            self._take_key(sdp)
        if self._speaker is None:
            self._speaker = asyncio.create_task(self._speak())

    def _take_key(self, sdp: str) -> None:
        crypto = re.search(rf"(?m)^a=crypto:(\d+) {self._suite} inline:([^|\s]+)", sdp)
        assert crypto and self._suite, sdp
        self._tag = int(crypto[1])
        profile = SUITES[self._suite][0]
        if self._protector is None:
            self._protector = Session(Policy(self._key, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
        key = base64.b64decode(crypto[2])
        self._verifier = Session(Policy(key, Policy.SSRC_ANY_INBOUND, srtp_profile=profile))

    # What is heard

    async def hears(self, frequency: float, timeout: float = 15.0) -> float:
        """Waits until half a second of sound from now on has `frequency` Hz."""
        await self._meter.stop()
        self._heard.forget()
        self._meter = ToneMeter()
        self._meter.start(self._heard)
        return await self._meter.hears(frequency, timeout=timeout)

    async def until(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Waits until the condition holds; it is looked at after each packet that comes."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._news.clear()
                await self._news.wait()

    # What is said

    async def press(self, digits: str) -> None:
        """Presses keys, one after the other, for 100 ms each."""
        self.speaks = False
        for digit in digits:
            start, code = self.timestamp, DIGITS.index(digit)
            for packet in range(1, 8):
                ends, duration = packet > 4, min(packet, 5) * 160
                payload = struct.pack("!BBH", code, 0x80 * ends | 10, duration)
                self.send(self.packet(payload, self._types["digits"], timestamp=start, marker=packet == 1))
                if packet < 5:
                    await asyncio.sleep(PACKET)
            await asyncio.sleep(3 * PACKET)
            self.timestamp += round(PACKET * self.codec.clockRate)  # Whatever the speaker did meanwhile.
        self.speaks = True

    def packet(
        self, payload: bytes, payload_type: int | None = None, *, timestamp: int | None = None, marker: bool = False
    ) -> bytes:
        """The next packet of our stream, not yet protected."""
        self.sequence = self.sequence + 1 & 0xFFFF
        kind = self._types["codec"] if payload_type is None else payload_type
        at = self.timestamp if timestamp is None else timestamp
        header = struct.pack("!BBHII", 0x80, marker << 7 | kind, self.sequence, at & 0xFFFFFFFF, self.ssrc)
        return header + payload

    def send(self, packet: bytes) -> None:
        """Sends a packet, protected where that was agreed on."""
        if self._protector is not None:
            packet = self._protector.protect(packet)
        self.sent = [*self.sent[-99:], packet]
        self.send_raw(packet)

    def send_raw(self, datagram: bytes) -> None:
        """Sends a datagram as it is, from where we speak to where we are heard."""
        if self._mouth is not None and self.target is not None:
            self._mouth.sendto(datagram, self.target)

    def send_control(self, datagram: bytes) -> None:
        """Sends a datagram from our port for RTCP to the other side's."""
        if self._control is not None and self.target is not None:
            self._control.sendto(datagram, (self.target[0], self.target[1] + 1))

    # Inside

    async def _speak(self) -> None:
        encoder = get_encoder(self.codec)
        while True:
            payloads, _ = encoder.encode(await self.tone.recv())
            for payload in payloads:
                self.timestamp += round(PACKET * self.codec.clockRate)
                if self.speaks:
                    self.send(self.packet(payload))

    async def _open_pair(self, address: str) -> tuple[asyncio.DatagramTransport, asyncio.DatagramTransport]:
        loop = asyncio.get_running_loop()
        media, control = bind_pair(address)
        first, _ = await loop.create_datagram_endpoint(lambda: Ear(self._take), sock=media)
        second, _ = await loop.create_datagram_endpoint(lambda: Ear(self._take), sock=control)
        self._sockets += [first, second]
        return first, second

    def _take(self, datagram: bytes, local: Address, source: Address) -> None:
        if len(datagram) < 8 or datagram[0] >> 6 != 2:
            self.faults.append(f"no RTP: {datagram[:20].hex()}")
            return
        if 64 <= datagram[1] & 0x7F < 96:
            self.reports += 1
            return
        if self._verifier is not None:
            try:
                datagram = self._verifier.unprotect(datagram)
            except Error as error:
                self.faults.append(f"a packet that the key does not fit: {error}")
                return
        self.received += 1
        self.arrived[local] += 1
        self._take_payload(datagram)
        self._news.set()

    def _take_payload(self, packet: bytes) -> None:
        sources, extended = packet[0] & 0x0F, packet[0] & 0x10
        start = 12 + 4 * sources
        if extended:
            start += 4 + 4 * struct.unpack_from("!H", packet, start + 2)[0]
        kind, timestamp, payload = packet[1] & 0x7F, struct.unpack_from("!I", packet, 4)[0], packet[start:]
        if kind == self._own_type:
            for frame in self._decoder.decode(JitterFrame(data=payload, timestamp=timestamp)):
                self._heard.put(frame)
        elif kind == DIGITS_TYPE:
            code, flags = payload[0], payload[1]
            if flags & 0x80:
                self.digits += DIGITS[code] if timestamp not in self.digit_ends else ""
                self.digit_ends[timestamp] += 1
        else:
            self.faults.append(f"payload type {kind}, which we did not describe")


class HeardTrack(MediaStreamTrack):
    """What was decoded, as the meter wants it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[AudioFrame] = asyncio.Queue(maxsize=500)

    def put(self, frame: AudioFrame) -> None:
        if self._frames.full():  # Nobody listens: the latest ten seconds are enough.
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    async def recv(self) -> AudioFrame:
        return await self._frames.get()

    def forget(self) -> None:
        """What comes from now on is all that is heard."""
        while not self._frames.empty():
            self._frames.get_nowait()


class Ear(asyncio.DatagramProtocol):
    """Hands on what comes to a socket, and at which address it came."""

    def __init__(self, take: Callable[[bytes, Address, Address], None]) -> None:
        self._take = take
        self._local: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._local = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, self._local, addr)


def bind_pair(address: str) -> tuple[socket.socket, socket.socket]:
    """An even port and the next one, as RFC 3550 §11 wants RTP and RTCP."""
    while True:
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind((address, 0))
        port = media.getsockname()[1]
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if port % 2:
                raise OSError("an odd port")
            control.bind((address, port + 1))
        except OSError:
            media.close()
            control.close()
            continue
        media.setblocking(False)
        control.setblocking(False)
        return media, control
