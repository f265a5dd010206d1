"""What relays the media of calls: the gateway, here, and whatever else does the same."""

import contextlib
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from .answering import AnsweringPhone
from .app import App
from .gateway import FIRST_USER, HOST, Gateway
from .generator import Generator


class Relay(Protocol):
    """A process that relays while it is entered."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def pid(self) -> int: ...

    def connect(self, index: int, media: Generator) -> float:
        """Begins one more call; gives when its phone answered, by `time.time`."""


class GatewayRelay:
    """A gateway with an app that calls a phone, as often as is asked."""

    def __init__(self, folder: Path, *, counted: bool = False) -> None:
        media: dict[str, object] = {"mode": "relay", "relay": {"address": HOST}}
        self.gateway = Gateway(folder, t1=0.5, counted=counted, media=media)
        self._app = App(FIRST_USER)
        self._phone = AnsweringPhone()
        self._running = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as starting:
            for part in (self.gateway, self._app, self._phone):
                starting.enter_context(part)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, trace)

    @property
    def pid(self) -> int:
        return self.gateway.pid

    def connect(self, index: int, media: Generator) -> float:
        number = str(9_000_001 + index)
        self._app.say(action="start_call", callee_id=number)
        offer = self._phone.ring()
        answered = self._phone.answer(media.phone_sdp(index))
        media.connect_phone(index, offer)
        self._app.expect("call_answered")
        self._app.say(action="offer", callee_id=number, offer={"type": "offer", "sdp": media.app_sdp(index)})
        media.connect_app(index, self._app.expect("call_answer")["answer"]["sdp"])
        return answered
