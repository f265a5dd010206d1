"""What crosses the loopback, with the kernel's time stamps."""

import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from . import gateway, machine
from .machine import RigError

FILTER = f"(udp port {gateway.SIP_PORT}) or (tcp port {gateway.CLIENT_PORT})"
MAGIC_MICROSECONDS = 0xA1B2C3D4
UDP = 17
TCP = 6


class Capture:
    """A capture while it is entered."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "capture.pcap"
        self._log = folder / "dumpcap.log"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["dumpcap", "-i", "lo", "-f", FILTER, "-P", "-B", "64", "-w", self.path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        machine.wait_until(
            lambda: self._process.poll() is not None or "File:" in self._log.read_text(), "dumpcap captures", 10
        )
        if self._process.poll() is not None:
            raise RigError(f"dumpcap: {self._log.read_text()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machine.end(self._process, signal.SIGINT)
        dropped = re.search(r"Packets received/dropped.*: \d+/(\d+)", self._log.read_text())
        if error is None and (dropped is None or dropped.group(1) != "0"):
            raise RigError(f"the capture is not whole: {self._log.read_text()[-500:]}")


def packets(path: Path) -> Iterator[tuple[float, int, int, int, bytes]]:
    """The time in seconds, protocol, source and target port and payload of each packet of UDP and TCP over IPv4."""
    data = path.read_bytes()
    if struct.unpack_from("<I", data)[0] != MAGIC_MICROSECONDS:
        raise RigError("the capture is no little-endian pcap file")
    position = 24
    while position + 16 <= len(data):
        seconds, microseconds, length, _ = struct.unpack_from("<IIII", data, position)
        frame = data[position + 16 : position + 16 + length]
        position += 16 + length
        if len(frame) < 42 or frame[12:14] != b"\x08\x00":
            continue
        header = 14 + (frame[14] & 0x0F) * 4
        protocol = frame[23]
        source, target = struct.unpack_from("!HH", frame, header)
        if protocol == UDP:
            payload = frame[header + 8 :]
        elif protocol == TCP:
            payload = frame[header + (frame[header + 12] >> 4) * 4 :]
        else:
            continue
        yield seconds + microseconds / 1e6, protocol, source, target, payload


START_CALL = re.compile(rb'"action":"start_call","callee_id":"(\d+)"')
INVITE = re.compile(rb"INVITE sip:(\d+)@")
OK_TO = re.compile(rb"\r\nTo:[^\r\n]*sip:(\d+)@", re.I)
OK_TO_INVITE = re.compile(rb"\r\nCSeq:\s*\d+ INVITE\r\n", re.I)
CALL_ANSWERED = re.compile(rb'\{[^{}]*"type":"call_answered"[^{}]*\}')
CALLEE = re.compile(rb'"callee_id":"(\d+)"')


def reactions(path: Path) -> tuple[list[float], list[float]]:
    """How long the gateway took, in seconds, sorted: from `start_call` to INVITE, and from 200 to `call_answered`.

    Each call has a number of its own, which all four messages hold; a later INVITE and 200 of the number are the
    re-INVITE, and don't count.
    """
    started: dict[bytes, float] = {}
    invited: dict[bytes, float] = {}
    accepted: dict[bytes, float] = {}
    told: dict[bytes, float] = {}
    for time, protocol, source, target, payload in packets(path):
        if protocol == UDP and source == gateway.SIP_PORT:
            if found := INVITE.match(payload):
                invited.setdefault(found.group(1), time)
        elif protocol == UDP:
            is_answer = payload.startswith(b"SIP/2.0 200 ") and OK_TO_INVITE.search(payload)
            if is_answer and (found := OK_TO.search(payload)):
                accepted.setdefault(found.group(1), time)
        elif target == gateway.CLIENT_PORT:
            for number in START_CALL.findall(payload):
                started.setdefault(number, time)
        else:
            for message in CALL_ANSWERED.findall(payload):
                if found := CALLEE.search(message):
                    told.setdefault(found.group(1), time)
    return _spans(started, invited), _spans(accepted, told)


def _spans(from_: dict[bytes, float], to: dict[bytes, float]) -> list[float]:
    return sorted(to[number] - time for number, time in from_.items() if number in to)
