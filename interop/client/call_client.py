"""A client that knows the user's page and nothing else, with an inbox that takes nothing else."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from . import protocol, schemas

DEADLINE = 10.0  # Seconds; a loaded machine is slow, a gateway that forgot is slower.


class ProtocolViolation(AssertionError):
    """The server sent what the protocol does not allow, or not what is due."""


class ServerMessage(dict[str, Any]):
    """A message of the server, with the text that it came as."""

    def __init__(self, content: dict[str, Any], raw: str) -> None:
        super().__init__(content)
        self.raw = raw

    @property
    def type(self) -> str:
        return self["type"]


class CallClient:
    """One WebSocket of one user.

    Every message received must be one of the profile's, with its fields, and fit the published schema; else the next
    `expect` raises. Every message must also be expected: one left unread when the client is closed raises.
    """

    events = protocol.BASELINE_EVENTS
    schema = "server-to-client.baseline"
    subprotocols: list[Subprotocol] | None = None

    def __init__(self, url: str, token: str) -> None:
        """`url` is the endpoint without its query, e.g. ws://127.0.0.1:8080/ws/call/."""
        self._url = f"{url}?token={quote(token)}"
        self._socket: ClientConnection | None = None
        self._inbox: asyncio.Queue[ServerMessage | Exception] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._barriers = 0

    # Connection

    async def connect(self) -> None:
        self._socket = await websockets.connect(
            self._url, subprotocols=self.subprotocols, compression=None, open_timeout=DEADLINE, max_size=None
        )
        self._reader = asyncio.create_task(self._read(self._socket))

    async def close(self) -> None:
        """Closes the socket; raises where a message came that nobody expected."""
        await self._end()
        while not self._inbox.empty():
            item = self._inbox.get_nowait()
            if not isinstance(item, websockets.ConnectionClosed):
                raise item if isinstance(item, Exception) else ProtocolViolation(f"nobody expected {item.raw}")

    async def drop(self) -> None:
        """Loses the TCP connection as a dead network does: with no closing handshake, and whatever was unread."""
        self._connected.transport.abort()
        await self._end()
        self._inbox = asyncio.Queue()

    async def wait_closed(self, timeout: float = DEADLINE) -> int:
        """Waits until the server closed the socket; gives its close code."""
        async with asyncio.timeout(timeout):
            await self._connected.wait_closed()
        return self._connected.close_code or 1006

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.close()
        else:
            await self._end()  # What is left in the inbox is of no interest next to the error.

    # Actions of the user's page

    async def start_call(self, callee_id: int | str, **more: Any) -> None:
        await self._act("start_call", callee_id=callee_id, **more)

    async def answer_call(self, call_id: str, caller_id: int | str, **more: Any) -> None:
        await self._act("answer_call", call_id=call_id, caller_id=caller_id, **more)

    async def offer(self, callee_id: int | str, offer: Any, **more: Any) -> None:
        await self._act("offer", callee_id=callee_id, offer=offer, **more)

    async def answer(self, caller_id: int | str, answer: Any, **more: Any) -> None:
        await self._act("answer", caller_id=caller_id, answer=answer, **more)

    async def ice_candidate(self, peer_id: int | str, candidate: Any, **more: Any) -> None:
        await self._act("ice_candidate", peer_id=peer_id, candidate=candidate, **more)

    async def hang_up(self, peer_id: int | str, **more: Any) -> None:
        """The page gives a caller no call id, so `call_id` is among `more` only where a test hands one in."""
        await self._act("hang_up", peer_id=peer_id, **more)

    async def reject_call(self, call_id: str, caller_id: int | str, **more: Any) -> None:
        await self._act("reject_call", call_id=call_id, caller_id=caller_id, **more)

    async def cancel_call(self, callee_id: int | str, **more: Any) -> None:
        await self._act("cancel_call", callee_id=callee_id, **more)

    async def send_text(self, text: str | bytes) -> None:
        """Sends a frame as it stands: for what a test needs spelled to the byte, or wrong. Bytes go as binary."""
        await self._connected.send(text)

    # Inbox

    async def receive(self, timeout: float = DEADLINE) -> ServerMessage:
        """The next message, whichever it is."""
        try:
            async with asyncio.timeout(timeout):
                item = await self._inbox.get()
        except TimeoutError:
            raise ProtocolViolation(f"no message within {timeout:g} s") from None
        if isinstance(item, Exception):
            raise item
        return item

    async def expect(self, type: str, timeout: float = DEADLINE, **fields: Any) -> ServerMessage:
        """The next message, which must be of this type and hold these fields."""
        try:
            message = await self.receive(timeout)
        except ProtocolViolation as violation:
            raise ProtocolViolation(f"expecting {type} {fields}: {violation}") from None
        found = {name: message.get(name) for name in fields}
        if message.type != type or found != fields:
            raise ProtocolViolation(f"expected {type} {fields}, not {message.raw}")
        return message

    async def expect_error(self, code: str, **fields: Any) -> ServerMessage:
        return await self.expect("error", code=code, **fields)

    async def barrier(self) -> None:
        """Proves that the server has nothing more to say: its answer to a harmless question is the next message.

        Hanging up a call that there is not reaches the call table and changes nothing there.
        """
        self._barriers += 1
        await self._act("hang_up", peer_id="nobody", call_id="no-such-call", request_id=self._barriers)
        await self.expect_error("unknown_call", request_id=self._barriers)

    # Inside

    @property
    def _connected(self) -> ClientConnection:
        assert self._socket is not None, "connect first"
        return self._socket

    async def _act(self, action: str, **fields: Any) -> None:
        message = {"action": action, **fields}
        if wrong := schemas.mismatch("client-to-server", message):
            raise AssertionError(f"the test's own {message} does not fit the schema: {wrong}")
        await self._connected.send(json.dumps(message))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                self._inbox.put_nowait(self._checked(await socket.recv()))
        except (ProtocolViolation, websockets.ConnectionClosed) as error:
            self._inbox.put_nowait(error)

    def _checked(self, frame: str | bytes) -> ServerMessage:
        if isinstance(frame, bytes):
            raise ProtocolViolation(f"a binary frame: {frame[:80]!r}")
        try:
            content = json.loads(frame)
        except ValueError as error:
            raise ProtocolViolation(f"not JSON ({error}): {frame}") from None
        wrong = protocol.fault(content, self.events) or schemas.mismatch(self.schema, content)
        if wrong:
            raise ProtocolViolation(f"{wrong}: {frame}")
        return ServerMessage(content, frame)

    async def _end(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)
