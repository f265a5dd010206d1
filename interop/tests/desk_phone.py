"""A scripted phone that registers, over UDP or TCP."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from .phone import DEADLINE, Phone, PhoneCall
from .registrar import Challenge
from .wire import Address, SIPMessage


class DeskPhone(Phone):
    """Sits at `address` while it is entered; registers and calls as `number` with `password`.

    With `behind` it believes to be at that address, as a phone behind a NAT does. Over TCP it has one connection, from a
    port that the system gives it.
    """

    def __init__(
        self,
        address: Address,
        gateway: Address,
        number: str,
        password: str,
        *,
        behind: Address | None = None,
        is_stream: bool = False,
    ) -> None:
        super().__init__(address[0], gateway, number, address[1])
        self.password = password
        self.is_stream = is_stream
        self.pongs = 0
        self.challenge: Challenge | None = None
        self.proof: str | None = None  # The last Authorization that it sent.
        self._behind = behind
        self._series = f"{secrets.token_hex(8)}@desk"  # The Call-ID of its REGISTERs.
        self._number = 0
        self._replies: asyncio.Queue[SIPMessage] = asyncio.Queue()
        self._others: asyncio.Queue[bytes] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        if not self.is_stream:
            return await super().__aenter__()
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_stream:
            await self.disconnect()
        await super().__aexit__(kind, error, trace)

    async def connect(self) -> None:
        reader, self._writer = await asyncio.open_connection(*self.gateway, local_addr=(self.address[0], 0))
        self.address = self._writer.get_extra_info("sockname")
        self._reading = asyncio.create_task(self._read(reader))

    async def disconnect(self) -> None:
        """Closes the connection, and tells nobody."""
        self._reading.cancel()
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    # What it says of itself

    @property
    def identity(self) -> str:
        return f"sip:{self.number}@{self.gateway[0]}"

    @property
    def contact(self) -> str:
        host, port = self._behind or self.address
        return f"<sip:{self.number}@{host}:{port}{';transport=tcp' if self.is_stream else ''}>"

    @property
    def via(self) -> str:
        host, port = self._behind or self.address
        return f"SIP/2.0/{'TCP' if self.is_stream else 'UDP'} {host}:{port}"

    # Registering

    async def register(
        self, contact: str | None = None, expires: int | None = 60, fields: Sequence[str] = ()
    ) -> SIPMessage:
        """Registers `contact`, or its own, as a phone does: with the nonce it has, and with a new one where that is stale
        or there was none."""
        reply = await self.send_register(contact, expires, fields)
        if reply.status == 401:
            self.challenge = Challenge(reply)
            reply = await self.send_register(contact, expires, fields)
        return reply

    async def send_register(
        self,
        contact: str | None = None,
        expires: int | None = 60,
        fields: Sequence[str] = (),
        *,
        replays: bool = False,
    ) -> SIPMessage:
        """One REGISTER and its response; with credentials where it has a challenge, or with the last ones once more."""
        self._number += 1
        uri = f"sip:{self.gateway[0]}"
        if not replays:
            self.proof = self.challenge and self.challenge.authorization(self.number, self.password, "REGISTER", uri)
        lines = [
            f"REGISTER {uri} SIP/2.0",
            f"Via: {self.via};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <{self.identity}>;tag={secrets.token_hex(4)}",
            f"To: <{self.identity}>",
            f"Call-ID: {self._series}",
            f"CSeq: {self._number} REGISTER",
            *([] if contact == "" else [f"Contact: {contact or self.contact}"]),
            *([] if expires is None else [f"Expires: {expires}"]),
            *fields,
            *([self.proof] if self.proof else []),
            "Content-Length: 0",
        ]
        self.send("\r\n".join(lines) + "\r\n\r\n")
        async with asyncio.timeout(DEADLINE):
            return await self._replies.get()

    async def dial(self, callee: str, sdp: str = "") -> PhoneCall:
        """Calls, and proves who it is where it is asked."""
        call = self.call(callee, sdp)
        challenge = Challenge(await call.expect(401))
        uri = f"sip:{callee}@{self.gateway[0]}:{self.gateway[1]}"
        call.request("INVITE", sdp, fields=[challenge.authorization(self.number, self.password, "INVITE", uri)])
        return call

    # The wire

    def send(self, text: str) -> None:
        if self.is_stream:
            self._writer.write(text.encode())
        else:
            super().send(text)

    async def exchange(self, data: bytes) -> bytes:
        """Sends what is not SIP, and gives what comes back that is not SIP."""
        if self.is_stream:
            self._writer.write(data)
        elif self._transport is not None:
            self._transport.sendto(data, self.gateway)
        async with asyncio.timeout(DEADLINE):
            return await self._others.get()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data[:1] in (b"\0", b"\1"):  # STUN.
            self._others.put_nowait(data)
        else:
            super().datagram_received(data, addr)

    def take(self, message: SIPMessage) -> None:
        if message.header("CSeq").endswith("REGISTER"):
            self._replies.put_nowait(message)
        else:
            super().take(message)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        stream = b""
        while data := await reader.read(65_536):
            stream += data
            while stream.startswith(b"\r\n"):
                stream = stream[2:]
                self._others.put_nowait(b"\r\n")
            while b"\r\n\r\n" in stream:
                head, _, rest = stream.partition(b"\r\n\r\n")
                found = re.search(rb"(?im)^content-length\s*:\s*(\d+)", head)
                length = int(found[1]) if found else 0
                if len(rest) < length:
                    break
                text = (head + b"\r\n\r\n" + rest[:length]).decode()
                self.take(SIPMessage(self.gateway, self.address, text))
                stream = rest[length:]


@asynccontextmanager
async def registered(phone: DeskPhone, contact: str | None = None, **more: object) -> AsyncIterator[DeskPhone]:
    """A phone that is registered as long as this is entered."""
    async with phone:
        reply = await phone.register(contact, **more)  # type: ignore[arg-type]
        assert reply.status == 200, reply.text
        yield phone
        assert (await phone.register(contact, expires=0)).status == 200


def contacts(reply: SIPMessage) -> list[str]:
    """The bindings that a 200 to a REGISTER tells, each as its header has it."""
    return re.findall(r"(?im)^Contact\s*:\s*(.*?)\r$", reply.text)


def expiry(contact: str) -> int:
    found = re.search(r";expires=(\d+)", contact)
    assert found, contact
    return int(found[1])
