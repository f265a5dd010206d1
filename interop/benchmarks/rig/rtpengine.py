"""rtpengine as the relay, driven by its own control protocol: what it costs is its own alone."""

import secrets
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self, Union

from . import machine
from .generator import Generator
from .machine import RigError

HOST = "127.0.0.1"
CONTROL_PORT = 2223
PATIENCE = 10.0

Value = Union[str, int, list["Value"], dict[str, "Value"]]


class RTPEngine:
    """An rtpengine process while it is entered: in user space, all packets on one thread, as our relay has them."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "rtpengine.log"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["rtpengine", "--foreground", "--log-stderr", "--log-level=3", "--table=-1", "--num-threads=1"]
                + [f"--interface={HOST}", f"--listen-ng={HOST}:{CONTROL_PORT}"]
                + ["--port-min=16384", "--port-max=32767", "--dtls-cert-cipher=prime256v1"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((HOST, CONTROL_PORT))
        self._socket.settimeout(PATIENCE)
        machine.wait_until(self._is_there, "rtpengine answers", PATIENCE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        machine.end(self._process, within=5)

    @property
    def pid(self) -> int:
        return self._process.pid

    def connect(self, index: int, media: Generator) -> float:
        """One more call, whose app offers and whose phone answers; gives when it did, by `time.time`."""
        call: dict[str, Value] = {"call-id": f"call-{index}", "from-tag": "app", "replace": ["origin"]}
        to_phone: dict[str, Value] = {"ICE": "remove", "DTLS": "off", "transport-protocol": "RTP/AVP"}
        offer = self._ask(call | to_phone | {"command": "offer", "sdp": media.app_sdp(index)})
        answered = time.time()
        media.connect_phone(index, str(offer["sdp"]))
        answer = self._ask(call | {"command": "answer", "to-tag": "phone", "sdp": media.phone_sdp(index)})
        media.connect_app(index, str(answer["sdp"]))
        return answered

    def _is_there(self) -> bool:
        if self._process.poll() is not None:
            raise RigError(f"rtpengine ended with status {self._process.returncode}")
        try:
            return self._ask({"command": "ping"})["result"] == "pong"
        except ConnectionRefusedError:
            return False

    def _ask(self, request: dict[str, Value]) -> dict[str, Value]:
        cookie = secrets.token_hex(4).encode()
        self._socket.send(cookie + b" " + _encode(request))
        while True:
            got, _, text = self._socket.recv(65_536).partition(b" ")
            if got == cookie:
                break
        answer, _ = _decode(text, 0)
        assert isinstance(answer, dict)
        if answer["result"] not in ("ok", "pong"):
            raise RigError(f"rtpengine says {answer}")
        return answer


def _encode(value: Value) -> bytes:
    """Bencode, as BEP 3 defines it."""
    match value:
        case int():
            return b"i%de" % value
        case str():
            return b"%d:%s" % (len(value.encode()), value.encode())
        case list():
            return b"l" + b"".join(map(_encode, value)) + b"e"
        case dict():
            return b"d" + b"".join(_encode(key) + _encode(item) for key, item in sorted(value.items())) + b"e"


def _decode(text: bytes, at: int) -> tuple[Value, int]:
    """The value that begins at a position, and where it ends."""
    kind = text[at : at + 1]
    if kind == b"i":
        end = text.index(b"e", at)
        return int(text[at + 1 : end]), end + 1
    if kind in (b"l", b"d"):
        items: list[Value] = []
        at += 1
        while text[at : at + 1] != b"e":
            item, at = _decode(text, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return {str(key): item for key, item in zip(items[::2], items[1::2], strict=True)}, at + 1
    colon = text.index(b":", at)
    end = colon + 1 + int(text[at:colon])
    return text[colon + 1 : end].decode(), end
