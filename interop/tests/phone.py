"""A SIP phone over UDP that does what a test's script says, and nothing by itself but what every phone does.

By itself it repeats an answer to a request that came again, an ACK for a 2xx that came again, and acknowledges a
failure of its own INVITE.
"""

import asyncio
import re
import secrets
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from .wire import Address, SIPMessage

PORT = 5060
DEADLINE = 10.0
REASONS = {100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 481: "Call Does Not Exist"}


class Phone(asyncio.DatagramProtocol):
    """Sits at an address of its own while it is entered; `call` calls, `incoming` waits for a call."""

    def __init__(self, address: str, gateway: Address, number: str = "2001", port: int = PORT) -> None:
        self.address: Address = (address, port)
        self.gateway = gateway
        self.number = number
        self._calls: dict[str, PhoneCall] = {}
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._strays: asyncio.Queue[SIPMessage] = asyncio.Queue()
        self._stray_keys: set[tuple[str, str]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self.address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()
        if error is None:
            assert self._incoming.empty(), "a call came that nobody expected"
            assert self._strays.empty(), "a message came that nobody expected"
            for call in self._calls.values():
                call.assert_done()

    def call(self, callee: str, sdp: str = "") -> "PhoneCall":
        """Sends an INVITE; without `sdp` it asks for an offer."""
        call = PhoneCall(
            self,
            call_id=f"{secrets.token_hex(8)}@{self.address[0]}",
            local=f"<{self.identity}>;tag={secrets.token_hex(4)}",
            remote=f"<sip:{callee}@{self.gateway[0]}>",
            target=f"sip:{callee}@{self.gateway[0]}:{self.gateway[1]}",
        )
        self._calls[call.call_id] = call
        call.request("INVITE", sdp)
        return call

    async def incoming(self, timeout: float = DEADLINE) -> "PhoneCall":
        """The next INVITE that begins a call; nothing is answered yet."""
        try:
            async with asyncio.timeout(timeout):
                call = await self._incoming.get()
        except TimeoutError:
            raise AssertionError(f"no INVITE within {timeout:g} s") from None
        await call.expect("INVITE")
        return call

    async def stray(self, wanted: int | str, timeout: float = DEADLINE) -> SIPMessage:
        """The next MESSAGE or response outside any call, which must be of that method or status."""
        try:
            async with asyncio.timeout(timeout):
                message = await self._strays.get()
        except TimeoutError:
            raise AssertionError(f"no {wanted} within {timeout:g} s") from None
        assert wanted in (message.method, message.status), f"expected {wanted}, not {message.text}"
        return message

    def answer(self, request: SIPMessage, status: int) -> None:
        """Answers a request outside any call."""
        tag = f"{request.header('To')};tag={secrets.token_hex(4)}"
        self.send(response(request, status, local=tag))

    def send(self, text: str) -> None:
        if self._transport is not None:
            self._transport.sendto(text.encode(), self.gateway)

    @property
    def identity(self) -> str:
        """Its URI in From."""
        return f"sip:{self.number}@{self.address[0]}"

    @property
    def contact(self) -> str:
        return f"<sip:{self.number}@{self.address[0]}:{self.address[1]}>"

    @property
    def via(self) -> str:
        """How its Via begins."""
        return "SIP/2.0/UDP {}:{}".format(*self.address)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.take(SIPMessage(addr, self.address, data.decode(errors="replace")))

    def take(self, message: SIPMessage) -> None:
        """Something came from the gateway."""
        call = self._calls.get(message.header("Call-ID"))
        if call is None and message.method == "INVITE" and ";tag=" not in message.header("To"):
            call = PhoneCall(
                self,
                call_id=message.header("Call-ID"),
                local=f"{message.header('To')};tag={secrets.token_hex(4)}",
                remote=message.header("From"),
                target=uri(message.header("Contact")),
                routes=message.headers("Record-Route"),
            )
            self._calls[call.call_id] = call
            self._incoming.put_nowait(call)
        if call is not None:
            call.take(message)
        elif message.method == "MESSAGE" or message.header("CSeq").endswith(" MESSAGE"):
            branch = re.search(r"branch=([^;,\s]+)", message.header("Via"))
            if (found := (branch[1] if branch else "", message.method or str(message.status))) not in self._stray_keys:
                self._stray_keys.add(found)
                self._strays.put_nowait(message)
        elif message.method not in (None, "ACK"):
            self.send(response(message, 481))  # Of a call of a test before this one.


class PhoneCall:
    """A call of a phone: `request`, `reply` and `ack` say something, `expect` waits for what the gateway says."""

    def __init__(
        self, phone: Phone, *, call_id: str, local: str, remote: str, target: str, routes: Sequence[str] = ()
    ) -> None:
        self.call_id = call_id
        self.invite: SIPMessage | None = None  # The last one of the gateway.
        self.responses: list[SIPMessage] = []  # All that came, each once.
        self._phone = phone
        self._local = local
        self._remote = remote
        self._target = target
        self._routes = list(routes)  # The nearest first; the phone's proxy is always the gateway that it was given.
        self._sequence = 0
        self._invites: dict[int, str] = {}  # Ours, by their numbers.
        self._acks: dict[int, str] = {}
        self._answers: dict[tuple[str, str], str] = {}  # What we said to each of the gateway's requests.
        self._seen: set[tuple[str, ...]] = set()
        self._asked: SIPMessage | None = None
        self._inbox: asyncio.Queue[SIPMessage] = asyncio.Queue()

    # What we say

    def request(
        self, method: str, body: str = "", kind: str = "application/sdp", fields: Sequence[str] = ()
    ) -> None:
        """Sends a request of the dialog, or the one that begins it; `kind` is what the body is."""
        if method == "CANCEL":
            self._phone.send(re.sub(r"INVITE", "CANCEL", without_body(self._invites[self._sequence])))
            return
        self._sequence += 1
        text = self._text(method, self._sequence, f"z9hG4bK{secrets.token_hex(8)}", body, kind, fields)
        if method == "INVITE":
            self._invites[self._sequence] = text
        self._phone.send(text)

    def ack(self, sdp: str = "") -> None:
        """Acknowledges the last 2xx; it is sent again where that comes again."""
        self._acks[self._sequence] = self._text("ACK", self._sequence, f"z9hG4bK{secrets.token_hex(8)}", sdp)
        self._phone.send(self._acks[self._sequence])

    def reply(self, status: int, sdp: str = "", *, to: SIPMessage | None = None) -> None:
        """Answers the last request, or `to`."""
        asked = to or self._asked
        assert asked is not None, "nothing was asked"
        text = response(asked, status, sdp, local=self._local, contact=self._phone.contact)
        self._answers[key(asked)] = text
        self._phone.send(text)

    async def hang_up(self) -> None:
        self.request("BYE")
        await self.expect(200)

    # What the gateway says

    async def expect(self, wanted: int | str, timeout: float = DEADLINE) -> SIPMessage:
        """The next message, which must be of that method or status; before a final status provisional ones may come."""
        try:
            async with asyncio.timeout(timeout):
                skips = range(100, 200) if isinstance(wanted, int) and wanted >= 200 else range(100, 101)
                while (message := await self._inbox.get()).status in skips:
                    pass
        except TimeoutError:
            raise AssertionError(f"no {wanted} within {timeout:g} s") from None
        assert wanted in (message.method, message.status), f"expected {wanted}, not {message.text}"
        return message

    async def hung_up(self, timeout: float = DEADLINE) -> SIPMessage:
        """Waits for the gateway's BYE, and answers it."""
        bye = await self.expect("BYE", timeout)
        self.reply(200)
        return bye

    async def cancelled(self) -> SIPMessage:
        """Waits for the gateway's CANCEL of the call that rings, and answers both."""
        cancel = await self.expect("CANCEL")
        self.reply(200)
        self.reply(487, to=self.invite)
        await self.expect("ACK")
        return cancel

    async def refuse(self, status: int) -> None:
        """Refuses the call that rings."""
        self.reply(status)
        await self.expect("ACK")

    async def cancel(self) -> None:
        """Gives up a call that rings; the CANCEL and the INVITE get their answers in either order."""
        self.request("CANCEL")
        async with asyncio.timeout(DEADLINE):
            answers = [await self._inbox.get() for _ in range(2)]
        found = {(answer.header("CSeq").split()[1], answer.status) for answer in answers}
        assert found == {("CANCEL", 200), ("INVITE", 487)}, found

    @property
    def final(self) -> SIPMessage | None:
        """The last response that is final, if one came."""
        return next((response for response in reversed(self.responses) if (response.status or 0) >= 200), None)

    def assert_done(self) -> None:
        if not self._inbox.empty():
            raise AssertionError(f"nobody expected {self._inbox.get_nowait().text}")

    def take(self, message: SIPMessage) -> None:
        if message.method is not None:
            self._take_request(message)
        else:
            self._take_response(message)

    def _take_request(self, message: SIPMessage) -> None:
        if answer := self._answers.get(key(message)):
            if message.method != "ACK":
                self._phone.send(answer)
            return
        if not self._is_news("request", *key(message)):
            return
        if message.method == "INVITE":
            self.invite = message
            self._target = uri(message.header("Contact"))
        if message.method != "ACK":
            self._asked = message
        self._inbox.put_nowait(message)

    def _take_response(self, message: SIPMessage) -> None:
        number, method = message.header("CSeq").split()
        status = message.status or 0
        if method == "INVITE" and status >= 300:
            invite = self._invites[int(number)]
            ack = re.sub(r"INVITE", "ACK", without_body(invite))
            self._phone.send(re.sub(r"(?m)^To: .*\r$", f"To: {message.header('To')}\r", ack))
        elif method == "INVITE" and status >= 200 and (ack := self._acks.get(int(number))):
            self._phone.send(ack)
        if not self._is_news("response", number, method, str(status), message.body):
            return
        if method == "INVITE" and 100 < status < 300:
            self._remote = message.header("To")
            self._routes = self._routes or message.headers("Record-Route")[::-1]
            self._target = uri(message.header("Contact")) or self._target
        self.responses.append(message)
        self._inbox.put_nowait(message)

    def _is_news(self, *parts: str) -> bool:
        if parts in self._seen:
            return False
        self._seen.add(parts)
        return True

    def _text(
        self,
        method: str,
        number: int,
        branch: str,
        body: str,
        kind: str = "application/sdp",
        fields: Sequence[str] = (),
    ) -> str:
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: {self._phone.via};branch={branch};rport",
            "Max-Forwards: 70",
            *(f"Route: {route}" for route in self._routes),
            f"From: {self._local}",
            f"To: {self._remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: {self._phone.contact}",
            "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS",
            *fields,
            *([f"Content-Type: {kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(lines) + "\r\n\r\n" + body


def response(request: SIPMessage, status: int, sdp: str = "", *, local: str = "", contact: str = "") -> str:
    """A response to a request of the gateway's, which proxies may have passed on."""
    lines = [
        f"SIP/2.0 {status} {REASONS.get(status, 'Because')}",
        *(f"Via: {via}" for via in request.headers("Via")),
        *(f"Record-Route: {route}" for route in request.headers("Record-Route")),
        f"From: {request.header('From')}",
        f"To: {local or request.header('To')}",
        f"Call-ID: {request.header('Call-ID')}",
        f"CSeq: {request.header('CSeq')}",
        *([f"Contact: {contact}"] if contact else []),
        *(["Content-Type: application/sdp"] if sdp else []),
        f"Content-Length: {len(sdp)}",
    ]
    return "\r\n".join(lines) + "\r\n\r\n" + sdp


def key(request: SIPMessage) -> tuple[str, str]:
    """What tells a request that came again from a new one."""
    branch = re.search(r"branch=([^;,\s]+)", request.header("Via"))
    return (branch[1] if branch else "", request.method or "")


def uri(header: str) -> str:
    found = re.search(r"<([^>]+)>", header)
    return found[1] if found else header


def without_body(text: str) -> str:
    head = re.sub(r"(?m)^Content-Type: .*\r\n", "", text.partition("\r\n\r\n")[0] + "\r\n")
    return re.sub(r"(?m)^Content-Length: \d+", "Content-Length: 0", head) + "\r\n"
