"""An rtpengine as a process of the tests, asked by its own control protocol (ng) what it carries."""

import itertools
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from .wire import Address

BINARY = shutil.which("rtpengine") or "/usr/bin/rtpengine"
LAN = "10.88.0.1"  # Where apps find it: ICE agents gather no candidates on loopback.
START_WITHIN = 10.0
STOP_WITHIN = 10.0
REPLY_WITHIN = 2.0


class RTPEngine:
    """One instance in user space at a loopback address of its own, with a range of ports of its own."""

    def __init__(self, folder: Path, address: str, ports: range, digits: Address | None = None) -> None:
        self.control: Address = (address, 2223)
        self.log_path = folder / f"rtpengine-{address}.log"
        self._ports = ports
        self._digits = digits
        self._process: subprocess.Popen[bytes] | None = None
        self._cookies = itertools.count(1)

    def start(self) -> None:
        arguments = [
            "--config-file=none",
            "--foreground",
            "--log-stderr",
            "--log-level=6",
            "--table=-1",  # No module of the kernel.
            f"--interface=any/{self.control[0]}",
            f"--interface=any/{LAN}",
            f"--listen-ng={self.control[0]}:{self.control[1]}",
            f"--port-min={self._ports.start}",
            f"--port-max={self._ports.stop - 1}",
            "--num-threads=1",
        ]
        if self._digits is not None:
            arguments.append(f"--dtmf-log-dest={self._digits[0]}:{self._digits[1]}")
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_WITHIN
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._ask("ping", 0.1) is not None:
                return
            time.sleep(0.05)
        self._process.kill()
        self._process.wait()
        raise RuntimeError(f"rtpengine does not start:\n{self.log_path.read_text(errors='replace')}")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Ends it without a word, as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    # What it says

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        reply = self._ask(command, REPLY_WITHIN, **arguments)
        assert reply is not None, f"rtpengine does not answer {command!r}"
        return reply

    def calls(self) -> list[str]:
        """The names of the calls that it holds."""
        return self.ask("list")["calls"]

    def packets(self, call: str) -> dict[str, int]:
        """How many packets of RTP came from each side of a call."""
        sides = self.ask("query", **{"call-id": call})["tags"]
        return {tag: side["medias"][0]["streams"][0]["stats"]["packets"] for tag, side in sides.items()}

    def codecs(self, call: str) -> set[str]:
        """What the packets of a call's sides were found to be, as `PCMU/8000`."""
        sides = self.ask("query", **{"call-id": call})["tags"].values()
        return {side["medias"][0].get("codec", "") for side in sides}

    @property
    def relayed(self) -> int:
        """All packets since it started."""
        return self.ask("statistics")["statistics"]["totalstatistics"]["relayedpackets"]

    def assert_idle(self, within: float = 5.0) -> None:
        """Waits until it holds no call."""
        deadline = time.monotonic() + within
        while calls := self.calls():
            assert time.monotonic() < deadline, f"rtpengine still holds {calls}"
            time.sleep(0.05)

    def _ask(self, command: str, timeout: float, **arguments: Any) -> dict[str, Any] | None:
        cookie = f"{secrets.token_hex(4)}_{next(self._cookies)}".encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(timeout)
            asker.connect(self.control)
            try:
                asker.send(cookie + b" " + encoded({"command": command} | arguments))
                reply = asker.recv(65_535)
            except (TimeoutError, ConnectionRefusedError):
                return None
        assert reply.startswith(cookie + b" "), reply
        return decoded(reply, len(cookie) + 1)[0]


# Bencoding


def encoded(value: dict[str, Any] | list[Any] | str | int) -> bytes:
    match value:
        case int():
            return b"i%de" % value
        case str():
            return b"%d:%s" % (len(value.encode()), value.encode())
        case list():
            return b"l" + b"".join(map(encoded, value)) + b"e"
        case dict():
            return b"d" + b"".join(encoded(key) + encoded(value[key]) for key in sorted(value)) + b"e"


def decoded(data: bytes, start: int = 0) -> tuple[Any, int]:
    """The value that starts there, and where it ends."""
    kind = data[start : start + 1]
    if kind == b"i":
        end = data.index(b"e", start)
        return int(data[start + 1 : end]), end + 1
    if kind in (b"l", b"d"):
        values, at = [], start + 1
        while data[at : at + 1] != b"e":
            value, at = decoded(data, at)
            values.append(value)
        return (values if kind == b"l" else dict(zip(values[::2], values[1::2], strict=True))), at + 1
    colon = data.index(b":", start)
    end = colon + 1 + int(data[start:colon])
    return data[colon + 1 : end].decode(errors="replace"), end
