"""The media of many calls: the program in `media/`, which is both ends of each."""

import json
import os
import re
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import machine
from .machine import RigError

APP_PORT = 40_000
PHONE_PORT = 42_000
PATIENCE = 15.0  # Seconds in which both ends of a call must have heard each other.


@dataclass(frozen=True)
class Way:
    """What became of the packets toward one side; latencies in microseconds."""

    said: int
    heard: int
    strange: int
    p50: float
    p99: float
    longest: float

    @property
    def lost(self) -> int:
        return self.said - self.heard


@dataclass(frozen=True)
class Window:
    """What became of the packets of a span of time, and how late the generator was."""

    to_app: Way
    to_phone: Way
    late_p99: float
    late_longest: float
    unread: int

    @property
    def heard(self) -> int:
        return self.to_app.heard + self.to_phone.heard

    @property
    def lost(self) -> float:
        """The share of the packets that did not arrive."""
        said = self.to_app.said + self.to_phone.said
        return (self.to_app.lost + self.to_phone.lost) / said if said else 1.0

    @property
    def p50(self) -> float:
        return (self.to_app.p50 + self.to_phone.p50) / 2

    @property
    def p99(self) -> float:
        return max(self.to_app.p99, self.to_phone.p99)


class Generator:
    """The program while it is entered. A call's index is below 16,384."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [Path(os.environ["BENCHMARK_TOOLS"]) / "media"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        machine.go_before_all(self._process.pid, rank=2)
        about = self._answer(within=10)
        self._fingerprint, self._password = about["fingerprint"], about["password"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machine.end(self._process)

    @property
    def pid(self) -> int:
        return self._process.pid

    # Descriptions

    def app_sdp(self, index: int) -> str:
        """What the browser of a call offers."""
        host = _address(1, index)
        return _sdp(
            host,
            f"m=audio {APP_PORT} UDP/TLS/RTP/SAVPF 0 101",
            "a=mid:0",
            "a=rtcp-mux",
            "a=setup:actpass",
            f"a=ice-ufrag:app{index:05}",
            f"a=ice-pwd:{self._password}",
            f"a=fingerprint:sha-256 {self._fingerprint}",
            f"a=candidate:1 1 udp 2130706431 {host} {APP_PORT} typ host",
            "a=end-of-candidates",
        )

    def phone_sdp(self, index: int) -> str:
        """What the phone of a call answers."""
        return _sdp(_address(2, index), f"m=audio {PHONE_PORT} RTP/AVP 0 101")

    # Orders

    def connect_phone(self, index: int, sdp: str) -> None:
        """The phone speaks from now on, to where the description says."""
        self._tell(f"phone {index} {_host(sdp)} {_port(sdp)}")

    def connect_app(self, index: int, sdp: str) -> None:
        """The browser connects to where the description says, and speaks as soon as it may."""
        role = "server" if _attribute(sdp, "setup") == "active" else "client"
        ufrag, password = _attribute(sdp, "ice-ufrag"), _attribute(sdp, "ice-pwd")
        candidate = re.search(r"(?mi)^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp)
        host, port = candidate.groups() if candidate else (_host(sdp), _port(sdp))
        self._tell(f"app {index} {host} {port} {ufrag} {password} {role}")

    def connect_directly(self, index: int) -> None:
        self._tell(f"direct {index}")

    # Questions

    def heard(self, index: int) -> tuple[float, float]:
        """When the browser and the phone of a call heard each other first, by `time.time`; waits until both have."""
        self._tell(f"heard {index}")
        answer = self._answer(PATIENCE)
        if not answer["app"] or not answer["phone"]:
            deaf = " and ".join(side for side in ("app", "phone") if not answer[side])
            raise RigError(f"call {index}: no sound came to {deaf}")
        return answer["app"] / 1e9, answer["phone"] / 1e9

    def window(self, seconds: float) -> Window:
        """Waits for so long; what became of the packets that were said meanwhile."""
        self._tell(f"window {seconds * 1000:.0f}")
        answer = self._answer(seconds + PATIENCE)
        to_app, to_phone = Way(**answer.pop("to_app")), Way(**answer.pop("to_phone"))
        return Window(to_app, to_phone, **answer)

    def _tell(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(order.encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self, within: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], within)[0]:
            raise RigError(f"no answer of the media generator within {within:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise RigError(f"the media generator ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _address(side: int, index: int) -> str:
    return f"127.{side}.{index + 1 >> 8}.{index + 1 & 255}"


def _sdp(host: str, *lines: str) -> str:
    rest = ["a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-16", "a=ptime:20", "a=sendrecv"]
    head = ["v=0", f"o=- {time.time_ns()} 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    return "".join(f"{line}\r\n" for line in [*head, *lines, *rest])


def _attribute(sdp: str, name: str) -> str:
    found = re.search(rf"(?m)^a={name}:(\S+)", sdp)
    if not found:
        raise RigError(f"no a={name} in {sdp}")
    return found[1]


def _host(sdp: str) -> str:
    found = re.search(r"(?m)^c=IN IP4 (\S+)", sdp)
    if not found:
        raise RigError(f"no address in {sdp}")
    return found[1]


def _port(sdp: str) -> int:
    found = re.search(r"(?m)^m=audio (\d+) ", sdp)
    if not found:
        raise RigError(f"no audio in {sdp}")
    return int(found[1])
