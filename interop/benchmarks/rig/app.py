"""One app and its WebSocket, for what is done a call at a time: everything blocks."""

import json
import socket
import struct
from types import TracebackType
from typing import Any, Self

from . import gateway
from .machine import RigError

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
PATIENCE = 15.0


class App:
    """The app of a user while it is entered."""

    def __init__(self, user: int) -> None:
        self._user = user
        self._unread = b""

    def __enter__(self) -> Self:
        self._socket = socket.create_connection((gateway.HOST, gateway.CLIENT_PORT), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [
            f"GET /ws/call/?token={gateway.token(self._user)} HTTP/1.1",
            f"Host: {gateway.HOST}:{gateway.CLIENT_PORT}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        self._socket.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        while b"\r\n\r\n" not in self._unread:
            self._read_more()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        if b" 101 " not in head.splitlines()[0]:
            raise RigError(f"the gateway refuses the app: {head.decode()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def say(self, **message: object) -> None:
        self._send(TEXT, json.dumps(message).encode())

    def expect(self, kind: str) -> dict[str, Any]:
        """The next message of a type, where only candidates may come before."""
        while (message := json.loads(self._next()))["type"] != kind:
            if message["type"] != "ice_candidate":
                raise RigError(f"the app waits for {kind}, and hears {message}")
        return message

    def _next(self) -> bytes:
        while True:
            opcode, payload = self._take_frame()
            if opcode == TEXT:
                return payload
            if opcode == PING:
                self._send(PONG, payload)
            elif opcode == CLOSE:
                raise RigError(f"the gateway closes the app's socket: {payload!r}")

    def _take_frame(self) -> tuple[int, bytes]:
        """A whole message; the gateway sends none in fragments."""
        head = self._take(2)
        length = head[1] & 0x7F
        if length == 126:
            length = struct.unpack("!H", self._take(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self._take(8))[0]
        return head[0] & 0x0F, self._take(length)

    def _send(self, opcode: int, payload: bytes) -> None:
        """With a mask of zeros (RFC 6455 section 5.3)."""
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else struct.pack("!BH", 0x80 | 126, size)
        self._socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._read_more()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _read_more(self) -> None:
        try:
            more = self._socket.recv(65_536)
        except TimeoutError:
            raise RigError(f"the app hears nothing for {PATIENCE:g} s") from None
        if not more:
            raise RigError("the gateway has closed the app's socket")
        self._unread += more
