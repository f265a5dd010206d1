"""A phone that takes calls, for what is done a call at a time: everything blocks."""

import re
import socket
import time
from types import TracebackType
from typing import Self

from . import gateway
from .machine import RigError

PATIENCE = 15.0


class AnsweringPhone:
    """A phone at `gateway.PHONE_PORT` while it is entered."""

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((gateway.HOST, gateway.PHONE_PORT))
        self._socket.settimeout(PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ring(self) -> str:
        """Waits for the next call; its offer."""
        self._invite = self._next("INVITE")
        return self._invite.partition("\r\n\r\n")[2]

    def answer(self, sdp: str) -> float:
        """Takes the call that rings; when, by `time.time`."""
        headers = [f"{name}: {_header(self._invite, name)}" for name in ("Via", "From", "Call-ID", "CSeq")]
        lines = [
            "SIP/2.0 200 OK",
            *headers,
            f"To: {_header(self._invite, 'To')};tag=phone",
            f"Contact: <sip:phone@{gateway.HOST}:{gateway.PHONE_PORT}>",
            "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS",
            "Content-Type: application/sdp",
            f"Content-Length: {len(sdp)}",
        ]
        text = "\r\n".join(lines) + "\r\n\r\n" + sdp
        now = time.time()
        self._socket.sendto(text.encode(), (gateway.HOST, gateway.SIP_PORT))
        return now

    def _next(self, method: str) -> str:
        """The next request of that method; copies, acknowledgements and whatever else are passed over."""
        try:
            while True:
                message = self._socket.recv(65_536).decode()
                if message.startswith(f"{method} ") and ";tag=" not in _header(message, "To"):
                    return message
        except TimeoutError:
            raise RigError(f"no {method} comes to the phone") from None


def _header(message: str, name: str) -> str:
    found = re.search(rf"(?mi)^{name}:\s*([^\r]*)", message)
    if not found:
        raise RigError(f"no {name} in {message}")
    return found[1]
