"""Baresip as a process of the tests: a real phone that speaks a tone, and whose recording tells what it hears."""

import asyncio
import contextlib
import json
import os
import socket
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy

from .ear import DEADLINE, WINDOW, Ear, frequency
from .registrar import Registrar

PORTS = (40_000, 40_098)  # Of its media, which nobody else uses; the phones of one test module live one by one.
ETH_P_IP = 0x0800
HEADER = 44  # Bytes; what libsndfile writes before the samples of a 16 bit file.

CONFIG = """\
poll_method epoll
sip_listen {address}
net_interface v0
{authority}
ctrl_tcp_listen 127.0.0.1:{control}
audio_source ausine,{tone:g}
ausrc_srate 48000
ausrc_channels 2
audio_buffer 20-160
rtp_timeout 0
statmode_default off
rtp_ports {ports[0]}-{ports[1]}
snd_path {folder}
module_path /usr/lib/baresip/modules
module {codec}.so
module ausine.so
module sndfile.so
module srtp.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
"""


class Baresip(Ear):
    """One phone at `address`, whose user is `number`; entered, it runs, and registers where there is a `registrar`.

    `codec` is one of Baresip's modules: g711, g722 or opus. With `is_secure` it speaks SRTP (SDES) alone.
    """

    def __init__(
        self,
        folder: Path,
        address: tuple[str, int],
        number: str,
        tone: float = 700.0,
        codec: str = "g711",
        is_secure: bool = False,
        answers: bool = True,
        registrar: Registrar | None = None,
    ) -> None:
        self.tone = tone
        self.log_path = folder / "baresip.log"
        self._folder = folder / "baresip"
        self._folder.mkdir()
        self._control_port = free_port()
        self.digits = ""  # Those that the other side pressed.
        self._events: list[dict[str, Any]] = []
        self._responses: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._news = asyncio.Event()
        self._listen: Callable[[], AsyncIterator[float]] = self._listen_to_recording
        host, port = address
        (self._folder / "config").write_text(
            CONFIG.format(
                address=f"{host}:{port}",
                control=self._control_port,
                tone=tone,
                codec=codec,
                folder=self._folder,
                ports=PORTS,
                authority=f"sip_cafile {registrar.authority}" if registrar and registrar.authority else "",
            )
        )
        parts = [
            *(
                [
                    f"<sip:{number}@{registrar.host};transport={registrar.transport}>",
                    f"regint={registrar.expires}",
                    f"auth_user={number}",
                    f"auth_pass={registrar.password}",
                ]
                if registrar
                else [f"<sip:{number}@{host}:{port}>", "regint=0", "auth_pass=none"]
            ),
            f"answermode={'auto' if answers else 'manual'}",
            *(["mediaenc=srtp-mand"] if is_secure else []),
        ]
        (self._folder / "accounts").write_text(";".join(parts) + "\n")

    async def __aenter__(self) -> Self:
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                ["baresip", "-s", "-f", self._folder],
                env=os.environ | {"HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            async with asyncio.timeout(DEADLINE):
                reader, self._writer = await self._connect()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        self._receiving = asyncio.create_task(self._receive(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiving.cancel()
        self._writer.close()
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # Calls

    async def dial(self, uri: str) -> None:
        await self._command("dial", uri)

    async def answer(self) -> None:
        await self._command("accept")

    async def hang_up(self) -> None:
        await self._command("hangup")

    async def transfer(self, uri: str) -> None:
        """Asks the other side to call that URI instead (REFER)."""
        await self._command("transfer", uri)

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next event of that type, e.g. REGISTER_OK, CALL_INCOMING, CALL_ESTABLISHED, CALL_CLOSED; earlier ones are dropped."""
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    while self._events:
                        if (event := self._events.pop(0))["type"] == kind:
                            return event
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind}; Baresip says:\n{self.log_path.read_text()[-4000:]}") from None

    async def pressed(self, digits: str) -> None:
        """Waits until so many digits were pressed at the other side; all so far must be these."""
        async with asyncio.timeout(DEADLINE):
            while len(self.digits) < len(digits):
                self._news.clear()
                await self._news.wait()
        assert self.digits == digits

    # Sound

    def listen(self) -> AsyncIterator[float]:
        return self._listen()

    @asynccontextmanager
    async def heard_on_the_wire(self) -> AsyncIterator[None]:
        """While this is entered, what the phone hears is the PCMU that reaches its ports.

        A re-INVITE ends a recording of Baresip 1.0: it takes the filters off its decoder, and sets up none again.
        """
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        wire.bind(("lo", ETH_P_IP))
        wire.setblocking(False)
        self._listen = lambda: listen_to_wire(wire)
        try:
            yield
        finally:
            self._listen = self._listen_to_recording
            wire.close()

    async def _listen_to_recording(self) -> AsyncIterator[float]:
        """The frequency in Hz of each window that the recording gains; 0 where that is nothing, or silence."""
        path: Path | None = None
        position = HEADER
        last_gain = time.monotonic()
        while True:
            await asyncio.sleep(0.05)
            newest = max(self._folder.glob("dump-*-dec.wav"), key=lambda each: each.stat().st_mtime_ns, default=None)
            if newest is not None and newest != path:
                position = HEADER if path is not None else max(HEADER, newest.stat().st_size)
                path = newest
            if path is not None and path.stat().st_size >= HEADER:
                channels, rate = struct.unpack("<HI", path.read_bytes()[22:28])
                window = int(WINDOW * rate) * 2 * channels
                if path.stat().st_size - position >= window:
                    with path.open("rb") as file:
                        file.seek(position)
                        data = file.read(window)
                    position += window
                    last_gain = time.monotonic()
                    yield frequency(numpy.frombuffer(data, "<i2")[::channels], rate)
                    continue
            if time.monotonic() - last_gain > 2 * WINDOW:
                yield 0.0

    # Control

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", self._control_port)
            except ConnectionRefusedError:
                assert self._process.poll() is None, f"Baresip ended:\n{self.log_path.read_text()}"
                await asyncio.sleep(0.05)

    async def _command(self, command: str, params: str = "") -> None:
        text = json.dumps({"command": command, "params": params}).encode()
        self._writer.write(b"%d:%s," % (len(text), text))
        async with asyncio.timeout(DEADLINE):
            response = await self._responses.get()
        assert response["ok"], f"{command}: {response}"

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        """Takes netstrings: a length, a colon, that many bytes, a comma."""
        while True:
            length = int((await reader.readuntil(b":"))[:-1])
            message = json.loads((await reader.readexactly(length + 1))[:-1])
            if message.get("response"):
                self._responses.put_nowait(message)
            else:
                self._events.append(message)
                if message["type"] == "CALL_DTMF_START":
                    self.digits += message["param"]
                self._news.set()


async def listen_to_wire(wire: socket.socket) -> AsyncIterator[float]:
    """The frequency in Hz of each window of PCMU that reaches a phone's ports; 0 where that is nothing, or silence."""
    heard = b""
    last_gain = time.monotonic()
    with contextlib.suppress(BlockingIOError):
        while True:  # What came before this look is of no interest.
            wire.recv(65_536)
    while True:
        await asyncio.sleep(0.05)
        with contextlib.suppress(BlockingIOError):
            while True:
                packet, (_, _, kind, *_) = wire.recvfrom(65_536)  # The loopback shows each on its way out and in.
                if kind != socket.PACKET_OUTGOING:
                    heard += pcmu_to_phone(packet)
        if len(heard) >= int(WINDOW * 8000):
            last_gain = time.monotonic()
            window = int(WINDOW * 8000)
            yield frequency(ULAW[numpy.frombuffer(heard[:window], numpy.uint8)], 8000)
            heard = heard[window:]
        elif time.monotonic() - last_gain > 2 * WINDOW:
            yield 0.0


def pcmu_to_phone(packet: bytes) -> bytes:
    """The PCMU in an IP packet for a phone's ports; empty where it is something else."""
    udp = (packet[0] & 0x0F) * 4
    rtp = packet[udp + 8 :]
    if packet[9] != socket.IPPROTO_UDP or len(rtp) <= 12 or rtp[0] != 0x80 or rtp[1] & 0x7F != 0:
        return b""
    return rtp[12:] if PORTS[0] <= struct.unpack("!H", packet[udp + 2 : udp + 4])[0] <= PORTS[1] + 1 else b""


def _ulaw(code: int) -> int:
    bits = ~code & 0xFF
    size = (((bits & 0x0F) << 3) + 0x84 << ((bits & 0x70) >> 4)) - 0x84
    return -size if bits & 0x80 else size


ULAW = numpy.array([_ulaw(code) for code in range(256)])  # ITU-T G.711.


def free_port() -> int:
    """A TCP port of the loopback that nobody has; the network is the tests' own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
