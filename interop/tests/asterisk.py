"""The real Asterisk of interop/asterisk as a process of the tests."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

RIG = Path(__file__).parents[1] / "asterisk"
BOOT_WITHIN = 30.0
STOP_WITHIN = 20.0
SIP = ("127.0.0.1", 5070)
GATEWAY_ADDRESS = "127.0.0.2"  # What comes from there, and goes there, is the trunk with WebRTC media.


class Asterisk:
    """Started once for a test module; its console is `cli`."""

    def __init__(self) -> None:
        self._state = Path(tempfile.mkdtemp(prefix="asterisk-"))  # Short: a Unix socket's name has 107 bytes.
        self.log_path = self._state / "log" / "messages"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [RIG / "start"],
            env=os.environ | {"AST_STATE": str(self._state)},
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

    def cli(self, command: str) -> str:
        """What the console answers; empty where there is none yet."""
        if not (self._state / "asterisk.ctl").exists():
            return ""
        done = subprocess.run([self._state / "cli", command], capture_output=True, text=True, timeout=10)
        return done.stdout

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
