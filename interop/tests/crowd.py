"""Many scripted clients of the user's page in one process: the apps' side of a load."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from client.call_client import CallClient, ServerMessage

from .flows import ANSWER, OFFER
from .gateway import Gateway


class Crowd:
    """Users crowd-0, crowd-1, …, each with one socket and any number of calls at once."""

    def __init__(self, gateway: Gateway, size: int) -> None:
        self.names = [f"crowd-{number}" for number in range(size)]
        self._clients = [gateway.client(name) for name in self.names]
        self._stack = AsyncExitStack()
        self.done = 0
        self.failures: list[str] = []
        self._news = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for client in self._clients:
            await self._stack.enter_async_context(client)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self._stack.__aexit__(kind, error, trace)

    def take_calls(self, *, hang_up: bool) -> None:
        """Answers every call, with SDP; ends each itself, or waits until the phone does."""
        self._read(lambda client: Callee(client, hang_up, self._finish))

    async def place_calls(self, numbers: list[str], rate: float, *, hang_up: bool) -> None:
        """Calls each number once, `rate` a second, from one user after the other; ends each call or waits."""
        callers = [Caller(client, hang_up, self._finish) for client in self._clients]
        self._read(lambda client: callers[self._clients.index(client)])
        clock = asyncio.get_running_loop().time
        start = clock()
        for index, number in enumerate(numbers):
            await asyncio.sleep(max(0.0, start + index / rate - clock()))
            await self._clients[index % len(self._clients)].start_call(number)

    async def finish(self, calls: int, timeout: float) -> None:
        """Waits until so many calls are done, well or not."""
        try:
            async with asyncio.timeout(timeout):
                while self.done + len(self.failures) < calls:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"only {self.done} of {calls} calls were done; failed: {self.failures[:5]}") from None

    def _finish(self, failure: str | None) -> None:
        if failure is None:
            self.done += 1
        else:
            self.failures.append(failure)
        self._news.set()

    def _read(self, party: Callable[[CallClient], "Party"]) -> None:
        self._readers = [asyncio.create_task(self._feed(client, party(client))) for client in self._clients]

    async def _feed(self, client: CallClient, party: "Party") -> None:
        try:
            while True:
                await party.take(await client.receive(timeout=600))
        except Exception as error:  # A violation of the protocol, or a lost socket: each fails the run.
            self._finish(repr(error))


class Party:
    """One user's script."""

    def __init__(self, client: CallClient, hang_up: bool, finish: Callable[[str | None], None]) -> None:
        self._client = client
        self._hangs_up = hang_up
        self._finish = finish

    async def take(self, message: ServerMessage) -> None:
        raise NotImplementedError


class Caller(Party):
    """Offers once the call is answered, and ends it once the answer is there."""

    async def take(self, message: ServerMessage) -> None:
        match message.type:
            case "call_answered":
                await self._client.offer(message["callee_id"], OFFER)
            case "call_answer":
                assert "a=ice-ufrag:Sip2" in message["answer"]["sdp"], message.raw
                if self._hangs_up:
                    await self._client.hang_up(message["callee_id"])
                    self._finish(None)
            case "call_hanged_up" if not self._hangs_up:
                self._finish(None if message["reason"] == "hung_up" else message.raw)
            case _:
                self._finish(message.raw)


class Callee(Party):
    """Takes every call, answers its offer, and ends it or waits for its end."""

    async def take(self, message: ServerMessage) -> None:
        match message.type:
            case "incoming_call":
                await self._client.answer_call(message["call_id"], message["caller_id"])
            case "call_offer":
                assert "a=ice-ufrag:Sip1" in message["offer"]["sdp"], message.raw
                await self._client.answer(message["caller_id"], ANSWER)
                if self._hangs_up:
                    await self._client.hang_up(message["caller_id"], call_id=message["call_id"])
                    self._finish(None)
            case "call_hanged_up" if not self._hangs_up:
                self._finish(None if message["reason"] == "hung_up" else message.raw)
            case _:
                self._finish(message.raw)
