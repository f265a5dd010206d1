"""A hop between sipp and the gateway that takes away what sipp can't read."""

import asyncio
import re
from types import TracebackType
from typing import Self

from .sipp import PORT
from .wire import Address

# sipp 3.6 answers the first challenge alone, and only by MD5; ours begin with the stronger one (RFC 7616 §3.7).
STRONGER = re.compile(rb"WWW-Authenticate: [^\r]*algorithm=SHA-256[^\r]*\r\n")


class Sieve(asyncio.DatagramProtocol):
    """Hands on the datagrams of one phone, and the gateway's, while it is entered; only MD5 is offered through it."""

    def __init__(self, address: str, gateway: Address) -> None:
        self._address = address
        self._gateway = gateway
        self._phone: Address | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self._address, PORT))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._transport is None:
            return
        if addr != self._gateway:
            self._phone = addr
            self._transport.sendto(data, self._gateway)
        elif self._phone is not None:
            self._transport.sendto(STRONGER.sub(b"", data), self._phone)
