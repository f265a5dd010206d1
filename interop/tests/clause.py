"""A clause of an RFC, proved by sipp as the phone and an app: the flow of the messages, and all that the app is told."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from client.call_client import ServerMessage
from client.extended_client import ExtendedClient

from .scenario import Hear, Step, xml
from .sieve import Sieve
from .sipp import Sipp

PHONE = "127.0.4.1"
SIEVE = "127.0.4.2"
APP = "app"
NUMBER = "6001"
WITHIN = 15.0
TOLD_WITHIN = 3.0
RATE = 100  # A second: the one call is not to wait for its turn.
DETAILS = ("reason", "sip_status", "code")

Reactions = dict[str, str | tuple[str, ...]]
ANSWERS: Reactions = {"incoming_call": "answer"}


@dataclass(frozen=True)
class Clause:
    """`name` is that of the RFC and of the section, then what is proved.

    Where the flow begins with what the phone hears, the app calls it. `app` tells what the app does when it is told
    something: `answer`, `reject`, `busy`, `hang_up`, `cancel`, `hold`, `resume`. `told` is all that it hears of the
    gateway, in order: each message by its type, its reason, its SIP status or its code.
    """

    name: str
    flow: list[Step]
    told: list[str] = field(default_factory=list)
    app: Reactions = field(default_factory=dict)
    callee: str = APP  # Whom the phone calls.
    number: str = NUMBER  # Which number the app dials.
    address: str = PHONE  # The phone's: the trunk that the call belongs to.
    sees_repetitions: bool = False  # See `Sipp`.
    through_sieve: bool = False  # The phone reaches the gateway through a `Sieve`.

    @property
    def app_calls(self) -> bool:
        return isinstance(self.flow[0], Hear)

    @property
    def id(self) -> str:
        """With the gateway's role: user agent client or server."""
        return f"{self.name}-{'uac' if self.app_calls else 'uas'}"

    def phone(self, folder: Path) -> Sipp:
        path = folder / f"{self.name}.xml"
        path.write_text(xml(self.flow, self.callee))
        return Sipp(folder, path, self.address, "udp", 1, is_strict=True, sees_repetitions=self.sees_repetitions)

    async def prove(self, phone: Sipp, gateway: tuple[str, int], client: ExtendedClient) -> None:
        """Runs the flow; raises where the phone heard or the app was told anything else."""
        app = App(client, self.app)
        async with app, Sieve(SIEVE, gateway) if self.through_sieve else contextlib.nullcontext():
            if self.app_calls:
                phone.answer()
                await client.start_call(self.number)
            else:
                phone.call((SIEVE, gateway[1]) if self.through_sieve else gateway, [self.callee], RATE)
            outcome = await phone.wait(WITHIN)
            if outcome.successful:
                await app.hear(len(self.told))
        told = await app.rest()
        assert (outcome.successful, outcome.failed) == (1, 0), f"the flow broke; the app was told {told}"
        assert told == self.told, f"the app was told {told}"


class App:
    """The app's side of a call: notes what it is told, and reacts."""

    def __init__(self, client: ExtendedClient, reactions: Reactions) -> None:
        self._client = client
        self._reactions = reactions
        self._told: list[str] = []
        self._peer: int | str = ""
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader

    async def hear(self, count: int) -> None:
        """Waits until that much was told, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TOLD_WITHIN):
                while len(self._told) < count and not self._reader.done():
                    self._news.clear()
                    await self._news.wait()

    async def rest(self) -> list[str]:
        """All that was told, up to now."""
        await self._client.hang_up("nobody", call_id="no-such-call", request_id="the last")
        while (message := await self._client.receive()).get("request_id") != "the last":
            await self._take(message)
        return self._told

    async def _read(self) -> None:
        while True:
            await self._take(await self._client.receive(timeout=2 * WITHIN))

    async def _take(self, message: ServerMessage) -> None:
        self._news.set()
        self._told.append(" ".join([message.type, *(str(message[name]) for name in DETAILS if name in message)]))
        self._peer = message.get("caller_id", message.get("callee_id", self._peer))
        reactions = self._reactions.get(message.type, ())
        for reaction in (reactions,) if isinstance(reactions, str) else reactions:
            await self._react(reaction, message)

    async def _react(self, reaction: str, message: ServerMessage) -> None:
        call_id = message["call_id"]
        match reaction:
            case "answer":
                await self._client.answer_call(call_id, self._peer)
            case "reject":
                await self._client.reject_call(call_id, self._peer)
            case "busy":
                await self._client.reject_call(call_id, self._peer, reason="busy")
            case "cancel":
                await self._client.cancel_call(self._peer)
            case "hang_up":
                await self._client.hang_up(self._peer, call_id=call_id)
            case "hold":
                await self._client.hold(call_id)
            case "resume":
                await self._client.resume(call_id)
            case _:
                raise AssertionError(f"no app does {reaction}")
