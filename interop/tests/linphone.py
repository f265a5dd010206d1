"""Linphone as a process of the tests: a real phone with a sound card of its own, by PulseAudio."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy

from .ear import DEADLINE, WINDOW, Ear, frequency
from .registrar import Registrar

RATE = 48_000
PORTS = (40_100, 40_198)  # Of its media, which nobody else uses; phones that live at once have their own.
CODECS = {"g711": ("PCMU", 8000, 1), "g722": ("G722", 8000, 1), "opus": ("opus", 48000, 2)}
# What it prints; the names of the events are those of the other phone.
EVENTS = {
    "READY": re.compile(r"Ringer device:"),
    "REGISTER_OK": re.compile(r"Registration on .* successful"),
    "REGISTER_FAIL": re.compile(r"Registration on .* failed"),
    "CALL_INCOMING": re.compile(r"Receiving new incoming call from .*, assigned id \d+"),
    "CALL_RINGING": re.compile(r"Call \d+ to .* ringing\."),
    "CALL_ESTABLISHED": re.compile(r"Call \d+ with .* connected\."),
    "CALL_CLOSED": re.compile(r"Call \d+ with .* ended \(.*\)\."),
    "CALL_PAUSED": re.compile(r"Call \d+ with .* is now paused\."),
}
TONE = re.compile(r"Receiving tone (.) from ")

# The microphone is a sink that a tone is played to, for a source of tones gives its sound in blocks of two seconds; the
# speaker is a sink whose monitor tells what was played.
SOUND = """\
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=mouth rate={rate} channels=1 norewinds=1 sink_properties=device.description=mouth
load-module module-null-sink sink_name=speaker rate={rate} channels=1 sink_properties=device.description=speaker
set-default-source mouth.monitor
set-default-sink speaker
load-module module-sine sink=mouth frequency={tone:.0f}
"""

CONFIG = """\
[sip]
sip_port={udp_port}
sip_tcp_port={tcp_port}
sip_tls_port={tls_port}
bind_address={host}
contact=sip:{number}@{host}:{port}
guess_hostname=0
use_rfc2833=1
use_info=0
auto_net_state_mon=0
register_only_when_network_is_up=0
default_proxy={default_proxy:d}
root_ca={authority}
verify_server_certs=1
verify_server_cn=1
media_encryption={encryption}
media_encryption_mandatory={is_secure:d}

[rtp]
audio_rtp_port={ports[0]}-{ports[1]}
nortp_timeout=60

[sound]
playback_dev_id=PulseAudio Unknown: speaker
ringer_dev_id=PulseAudio Unknown: speaker
capture_dev_id=PulseAudio Unknown: Monitor of mouth
echocancellation=0
agc=0
local_ring=
remote_ring=
hold_music=

[video]
display=0
capture=0

[misc]
add_missing_audio_codecs=0
add_missing_video_codecs=0

[audio_codec_0]
mime={codec[0]}
rate={codec[1]}
channels={codec[2]}
enabled=1

[audio_codec_1]
mime=telephone-event
rate=8000
channels=1
enabled=1
"""

REGISTRATION = """
[proxy_0]
reg_proxy=<sip:{registrar.host};transport={registrar.transport}>
reg_identity=sip:{number}@{registrar.host}
reg_expires={registrar.expires}
reg_sendregister=1
publish=0
nat_policy_ref=

[auth_info_0]
username={number}
passwd={registrar.password}
domain={registrar.host}
"""


class Linphone(Ear):
    """One phone at `address`, whose user is `number`; entered, it runs, and registers where there is a `registrar`.

    `codec` is one of g711, g722 or opus. With `is_secure` it speaks SRTP (SDES) alone.
    """

    tolerance = 60.0  # Hz: while it catches up, on a busy machine, it plays up to 5 % too fast for some seconds.

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
        ports: tuple[int, int] = PORTS,
    ) -> None:
        self.tone = tone
        self.log_path = folder / "linphone.log"
        self.digits = ""  # Those that the other side pressed.
        self._folder = folder / "linphone"
        (self._folder / ".local/share/linphone").mkdir(parents=True)
        self._answers = answers
        self._lines: list[str] = []
        self._news = asyncio.Event()
        self._exits = AsyncExitStack()
        host, port = address
        (self._folder / "config").write_text(
            CONFIG.format(
                host=host,
                port=port,
                number=number,
                tone=tone,
                codec=CODECS[codec],
                ports=ports,
                encryption="srtp" if is_secure else "none",
                is_secure=is_secure,
                authority=registrar.authority if registrar and registrar.authority else "",
                default_proxy=0 if registrar else -1,
                udp_port=port if registrar is None or registrar.transport == "udp" else 0,
                tcp_port=port if registrar is not None and registrar.transport == "tcp" else 0,
                tls_port=port if registrar is not None and registrar.transport == "tls" else 0,
            )
            + (REGISTRATION.format(number=number, registrar=registrar) if registrar else "")
        )
        self._recording = self._folder / "heard"
        self._socket = self._folder / "sound"
        (self._folder / "pulse.pa").write_text(SOUND.format(socket=self._socket, tone=tone, rate=RATE))
        self._environment = os.environ | {
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder),
            "PULSE_SERVER": f"unix:{self._socket}",
        }

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as exits:
            self._log = exits.enter_context(self.log_path.open("wb", buffering=0))
            server = await exits.enter_async_context(
                self._running(
                    *("pulseaudio", "-n", "-F", self._folder / "pulse.pa", "--daemonize=no", "--exit-idle-time=-1"),
                    *("--use-pid-file=no", "--disable-shm=yes", "--realtime=no", "--high-priority=no"),
                    stdout=self._log,
                )
            )
            async with asyncio.timeout(DEADLINE):
                while not self._socket.exists():
                    assert server.returncode is None, f"PulseAudio ended:\n{self.log_path.read_text()}"
                    await asyncio.sleep(0.05)
            recording = exits.enter_context(self._recording.open("wb", buffering=0))
            await exits.enter_async_context(
                self._running(
                    *("parec", "--device=speaker.monitor", "--format=s16le", f"--rate={RATE}", "--channels=1"),
                    "--latency-msec=50",
                    stdout=recording,
                )
            )
            self._process = await exits.enter_async_context(
                self._running("linphonec", *(["-a"] if self._answers else []), "-d", "5", "-c", self._folder / "config")
            )
            reading = asyncio.create_task(self._read())
            exits.callback(reading.cancel)
            await self._command("soundcard show")
            await self.expect("READY")
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exits.aclose()

    async def unregister(self) -> None:
        await self._command("unregister")
        await self.logged("to [LinphoneRegistrationCleared]")

    # Calls

    async def dial(self, uri: str) -> None:
        await self._command(f"call {uri}")

    async def answer(self) -> None:
        await self._command("answer")

    async def hang_up(self) -> None:
        await self._command("terminate")

    async def hold(self) -> None:
        await self._command("pause")

    async def resume(self) -> None:
        await self._command("resume")

    async def join(self, first: int, second: int) -> None:
        """Asks the other side of its first call to call that of its second one in its place (REFER with Replaces)."""
        await self._command(f"transfer {first} --to-call {second}")

    async def expect(self, kind: str) -> str:
        """The next line that tells this event, e.g. CALL_INCOMING, CALL_ESTABLISHED; earlier ones are dropped."""
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    while self._lines:
                        if EVENTS[kind].search(line := self._lines.pop(0)):
                            return line
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"no {kind}; Linphone says:\n{self.log_path.read_text()[-4000:]}") from None

    async def pressed(self, digits: str) -> None:
        """Waits until so many digits were pressed at the other side; all so far must be these."""
        async with asyncio.timeout(DEADLINE):
            while len(self.digits) < len(digits):
                self._news.clear()
                await self._news.wait()
        assert self.digits == digits

    # Sound

    async def listen(self) -> AsyncIterator[float]:
        """The frequency in Hz of each window that the speaker plays; 0 where that is nothing, or silence."""
        window = int(WINDOW * RATE) * 2
        with self._recording.open("rb") as file:
            file.seek(self._recording.stat().st_size // 2 * 2)
            heard = b""
            while True:
                await asyncio.sleep(0.05)
                heard += file.read()
                while len(heard) >= window:
                    yield frequency(numpy.frombuffer(heard[:window], "<i2"), RATE)
                    heard = heard[window:]

    # Control

    @asynccontextmanager
    async def _running(self, *command: object, stdout: int | BinaryIO = PIPE) -> AsyncIterator[Process]:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            env=self._environment,
            stdin=PIPE,
            stdout=stdout,
            stderr=self._log,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _command(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for data in self._process.stdout:
            self._log.write(data)
            line = data.decode(errors="replace")
            self._lines.append(line)
            if tone := TONE.search(line):
                self.digits += tone[1]
            self._news.set()
