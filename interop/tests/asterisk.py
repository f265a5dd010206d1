"""The real Asterisk of interop/asterisk as a process of the tests."""

import asyncio
import math
import os
import shutil
import struct
import subprocess
import tempfile
import time
import wave
from pathlib import Path

RIG = Path(__file__).parents[1] / "asterisk"
BOOT_WITHIN = 30.0
STOP_WITHIN = 20.0
SIP = ("127.0.0.1", 5070)
MUSIC = 620  # Hz, what whoever is on hold or waits in a queue hears.
GATEWAY_ADDRESS = "127.0.0.2"  # What comes from there, and goes there, is the trunk with WebRTC media.


class Asterisk:
    """Started once for a test module; its console is `cli`."""

    def __init__(self, register_uri: str = "", **environment: str) -> None:
        """`register_uri`: where it registers as 5001; `environment`: what else `start` of the rig takes."""
        self._environment = {"AST_REGISTER_URI": register_uri, **environment}
        self._state = Path(tempfile.mkdtemp(prefix="asterisk-"))  # Short: a Unix socket's name has 107 bytes.
        self.log_path = self._state / "log" / "messages"
        write_tone(self._state / "moh" / "tone.wav", MUSIC)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [RIG / "start"],
            env=os.environ | {"AST_STATE": str(self._state)} | self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + BOOT_WITHIN
        while "fully booted" not in self.cli("core waitfullybooted"):
            assert self._process.poll() is None and time.monotonic() < deadline, "Asterisk does not start"
            time.sleep(0.1)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._state)

    def kill(self) -> None:
        """Ends it at once, as a power cut does; `start` may follow, and then nothing of before is known to it."""
        self._process.kill()
        self._process.wait()
        (self._state / "asterisk.ctl").unlink(missing_ok=True)

    def cli(self, command: str) -> str:
        """What the console answers; empty where there is none yet."""
        if not (self._state / "asterisk.ctl").exists():
            return ""
        done = subprocess.run([self._state / "cli", command], capture_output=True, text=True, timeout=10)
        return done.stdout

    async def shows(self, command: str, wanted: str, timeout: float = 10.0) -> None:
        """Waits until the console answers with a text that holds `wanted`."""
        async with asyncio.timeout(timeout):
            while wanted not in await asyncio.to_thread(self.cli, command):
                await asyncio.sleep(0.05)

    async def shows_no(self, command: str, unwanted: str, timeout: float = 10.0) -> None:
        """Waits until it answers with one that does not."""
        async with asyncio.timeout(timeout):
            while unwanted in await asyncio.to_thread(self.cli, command):
                await asyncio.sleep(0.05)

    async def originate(self, number: str, application: str) -> None:
        """Calls a number of the dial plan; once it is answered, the application talks to it."""
        await asyncio.to_thread(self.cli, f"channel originate Local/{number}@interop application {application}")

    async def no_channels(self, timeout: float = 10.0) -> None:
        """Waits until Asterisk has no call left."""
        async with asyncio.timeout(timeout):
            while "0 active channels" not in (shown := await asyncio.to_thread(self.cli, "core show channels count")):
                assert "active channel" in shown, f"Asterisk says {shown!r}"
                await asyncio.sleep(0.1)

    async def one_call(self, timeout: float = 10.0) -> None:
        """Waits until Asterisk has a call."""
        async with asyncio.timeout(timeout):
            while "0 active channels" in await asyncio.to_thread(self.cli, "core show channels count"):
                await asyncio.sleep(0.1)


def write_tone(path: Path, frequency: float) -> None:
    """Some seconds of a sine, of whole periods, as a file that Asterisk plays."""
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = (int(12_000 * math.sin(2 * math.pi * frequency * n / 8000)) for n in range(5 * 8000))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
