"""Somebody on the way: sees the datagrams to a port, and sends others that seem to come from the same hosts."""

import asyncio
import socket
import struct
from types import TracebackType
from typing import Self

from .wire import BUFFER, ETH_P_IP, SO_RCVBUFFORCE, Address

KEPT = 200


class Spoofer:
    """Listens on the loopback device while it is entered; needs the rights of the rig's own network."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.seen: list[tuple[Address, Address, bytes]] = []  # The last datagrams: source, target, payload.
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._ears = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._ears.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self._ears.bind(("lo", ETH_P_IP))
        self._ears.setblocking(False)
        self._mouth = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        asyncio.get_running_loop().add_reader(self._ears, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._ears)
        self._ears.close()
        self._mouth.close()

    async def sees(self, first_bytes: range, count: int, timeout: float = 10.0) -> list[tuple[Address, Address, bytes]]:
        """Waits for that many datagrams whose first byte is in the range (RFC 7983 §7)."""
        async with asyncio.timeout(timeout):
            while len(found := [seen for seen in self.seen if seen[2] and seen[2][0] in first_bytes]) < count:
                self._news.clear()
                await self._news.wait()
        return found

    def send(self, source: Address, target: Address, payload: bytes) -> None:
        """Sends a datagram in somebody's name."""
        length = 8 + len(payload)
        header = struct.pack(
            "!BBHHHBBH4s4s",
            0x45,
            0,
            20 + length,
            0,
            0,
            64,
            socket.IPPROTO_UDP,
            0,  # The kernel computes the checksum; that of UDP may be left out.
            socket.inet_aton(source[0]),
            socket.inet_aton(target[0]),
        )
        self._mouth.sendto(header + struct.pack("!HHHH", source[1], target[1], length, 0) + payload, target)

    def _read(self) -> None:
        while True:
            try:
                packet, (_, _, kind, *_) = self._ears.recvfrom(65_536)
            except BlockingIOError:
                return
            if kind == socket.PACKET_OUTGOING or packet[9] != socket.IPPROTO_UDP:
                continue
            start = (packet[0] & 0x0F) * 4
            source_port, target_port = struct.unpack_from("!HH", packet, start)
            if target_port == self._port:
                source = (socket.inet_ntoa(packet[12:16]), source_port)
                target = (socket.inet_ntoa(packet[16:20]), target_port)
                self.seen = [*self.seen[-KEPT:], (source, target, packet[start + 8 :])]
                self._news.set()
