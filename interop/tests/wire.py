"""The SIP that crosses the loopback, read off the wire: what was sent, whatever either side believes."""

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

ETH_P_IP = 0x0800
SO_RCVBUFFORCE = 33  # Linux; Python's socket module does not name it.
BUFFER = 64 * 1024 * 1024
Address = tuple[str, int]


@dataclass(frozen=True)
class SIPMessage:
    """One message on its way from `source` to `target`."""

    source: Address
    target: Address
    text: str

    @property
    def start_line(self) -> str:
        return self.text.split("\r\n", 1)[0]

    @property
    def method(self) -> str | None:
        """The method of a request; None for a response."""
        return None if self.text.startswith("SIP/2.0 ") else self.text.split(" ", 1)[0]

    @property
    def status(self) -> int | None:
        """The status of a response; None for a request."""
        return int(self.text.split(" ", 2)[1]) if self.text.startswith("SIP/2.0 ") else None

    @property
    def body(self) -> str:
        return self.text.partition("\r\n\r\n")[2]

    def header(self, name: str) -> str:
        """The first header of that name; empty where there is none."""
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        """All headers of that name."""
        return re.findall(rf"(?im)^{name}[ \t]*:[ \t]*(.*?)\r$", self.text.partition("\r\n\r\n")[0] + "\r\n")


class Wire:
    """Listens on the loopback device while it is entered; needs the rights of the rig's own network."""

    def __init__(self, *ports: int) -> None:
        self._ports = frozenset(ports)
        self._streams: dict[tuple[Address, Address], bytes] = {}
        self._news = asyncio.Event()
        self.messages: list[SIPMessage] = []

    async def __aenter__(self) -> Self:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def find(self, wanted: Callable[[SIPMessage], bool], timeout: float = 10.0) -> SIPMessage:
        """The first message that is `wanted`, seen already or still to come."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for message in self.messages:
                        if wanted(message):
                            return message
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = "\n".join(f"{m.source} -> {m.target} {m.start_line}" for m in self.messages)
            raise AssertionError(f"not seen on the wire within {timeout:g} s; seen:\n{seen}") from None

    def _read(self) -> None:
        while True:
            try:
                packet, (_, _, kind, *_) = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return
            if kind != socket.PACKET_OUTGOING:  # The loopback shows each packet on its way out and in.
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        header = (packet[0] & 0x0F) * 4
        length = struct.unpack("!H", packet[2:4])[0] or len(packet)
        protocol, payload = packet[9], packet[header:length]
        if protocol not in (socket.IPPROTO_UDP, socket.IPPROTO_TCP) or len(payload) < 8:
            return
        source_port, target_port = struct.unpack("!HH", payload[:4])
        if not self._ports & {source_port, target_port}:
            return
        source = (socket.inet_ntoa(packet[12:16]), source_port)
        target = (socket.inet_ntoa(packet[16:20]), target_port)
        if protocol == socket.IPPROTO_UDP:
            self._add(source, target, payload[8:])
        else:
            data = payload[(payload[12] >> 4) * 4 :]
            self._streams[source, target] = self._split(source, target, self._streams.get((source, target), b"") + data)

    def _split(self, source: Address, target: Address, stream: bytes) -> bytes:
        """Takes the whole messages off a TCP stream; gives what is left (the loopback neither loses nor reorders)."""
        while True:
            stream = stream.lstrip(b"\r\n")
            head, blank, rest = stream.partition(b"\r\n\r\n")
            found = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", head)
            length = int(found.group(1)) if found else 0
            if not blank or len(rest) < length:
                return stream
            self._add(source, target, head + blank + rest[:length])
            stream = rest[length:]

    def _add(self, source: Address, target: Address, data: bytes) -> None:
        self.messages.append(SIPMessage(source, target, data.decode(errors="replace")))
        self._news.set()
