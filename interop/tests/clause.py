"""A clause of an RFC, proved with sipp as the phone and an app: the flow of the messages, all that the app is told."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from client.call_client import ServerMessage
from client.extended_client import ExtendedClient

from .conftest import StartGateway
from .gateway import Gateway
from .scenario import Hear, Step, xml
from .sieve import Sieve
from .sipp import PORT, Outcome, Sipp

PHONE = "127.0.4.1"
SIEVE = "127.0.4.2"
OTHER = "127.0.4.3"
TWIN = "127.0.4.4"  # Calls in the name of the other one, and is not called.
STRANGER = "127.0.4.5"
APP = "app"
NUMBER = "6001"
WITHIN = 15.0
RATE = 100  # A second: the one call is not to wait for its turn.
DETAILS = ("peer_id", "reason", "sip_status", "code")

LEFT = ("switchhook_calls_active", "switchhook_sip_dialogs")  # What a call leaves nothing of at once.

Reactions = dict[str, str | tuple[str, ...]]
ANSWERS: Reactions = {"incoming_call": "answer"}


@dataclass(frozen=True)
class Clause:
    """`name` is that of the RFC and of the section, then what is proved.

    Where the flow begins with what the phone hears, the app calls it. `app` tells what the app does when it is told
    something: `answer`, `reject`, `busy`, `hang_up`, `cancel` (`cancel_invite`, once that is out), `hold`, `resume`,
    `transfer 7001`. `told` is all that it hears of the gateway, in order: each message by its type, who is the peer now, its
    reason, its status or its code. `other` is the flow of a second phone, which is called.
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
    other: list[Step] = field(default_factory=list)
    told_within: float = 3.0  # After the last message.

    @property
    def app_calls(self) -> bool:
        return isinstance(self.flow[0], Hear)

    @property
    def id(self) -> str:
        """With the gateway's role: user agent client or server."""
        return f"{self.name}-{'uac' if self.app_calls else 'uas'}"

    def phones(self, folder: Path, **more: Any) -> list[Sipp]:
        """sipp with the flow as its scenario, and with that of the second phone; `more` is for `Sipp`."""
        flows = {self.address: self.flow} | ({OTHER: self.other} if self.other else {})
        return [self._phone(folder, address, flow, **more) for address, flow in flows.items()]

    def _phone(self, folder: Path, address: str, flow: list[Step], **more: Any) -> Sipp:
        path = folder / f"{self.name}.{address}.xml"
        path.write_text(xml(flow, self.callee))
        return Sipp(folder, path, address, "udp", 1, sees_repetitions=self.sees_repetitions, **more)

    async def prove(self, phones: list[Sipp], gateway: Gateway) -> None:
        """Runs the flow; raises where a phone heard or the app was told anything else."""
        outcomes, told = await self.run(phones, gateway)
        for phone in outcomes:
            assert (phone.successful, phone.failed) == (1, 0), f"the flow broke; the app was told {told}"
        assert told == self.told, f"the app was told {told}"

    async def run(self, phones: list[Sipp], gateway: Gateway) -> tuple[list[Outcome], list[str]]:
        """Runs the flow; gives what became of it, and what the app was told."""
        async with gateway.extended_client(APP) as client:
            return await self._run(phones, gateway, client)

    async def _run(
        self, phones: list[Sipp], gateway: Gateway, client: ExtendedClient
    ) -> tuple[list[Outcome], list[str]]:
        app = App(gateway, client, self.app)
        async with app, Sieve(SIEVE, gateway.sip) if self.through_sieve else contextlib.nullcontext():
            first, *others = phones
            for other in others:
                other.answer()
            if self.app_calls:
                first.answer()
                await client.start_call(self.number)
            else:
                first.call((SIEVE, PORT) if self.through_sieve else gateway.sip, [self.callee], RATE)
            outcomes = [await first.wait(WITHIN)]
            if outcomes[0].successful:  # Else nobody may have called the others.
                outcomes += [await other.wait(WITHIN) for other in others]
                await app.hear(len(self.told), self.told_within)
        return outcomes, await app.rest()


def start_for_clauses(start_gateway: StartGateway, **more: Any) -> Gateway:
    """Numbers 6xxx are the phone's, 7xxx the other one's, for the phone and the app alone. T1 is short: what waits for 64 times that is not to take half a minute."""
    address = "127.0.4.254"
    return start_gateway(
        address,
        log={"level": "info"},
        **more,
        sip={"timers": {"t1": "50ms", "t2": "400ms", "t4": "500ms"}, "domains": [address, SIEVE]},
        media={
            "mode": "relay",
            "codecs": ["PCMU", "PCMA"],
            "relay": {"address": address, "webrtc_port": 16_390, "ports": "16400-16999"},
        },
        users=[{"id": APP, "aliases": ["+15550100"]}, {"id": "away"}],
        phones=[{"extension": "3001", "password": "secret"}, {"extension": "3002", "password": "secret"}],
        trunks=[
            {
                "name": "phone",
                "uri": f"sip:{PHONE}",
                "accept_from": [f"{PHONE}/32"],
                "answer": "fast",
                "username": "gateway",
                "password": "secret",
            },
            {"name": "other", "uri": f"sip:{OTHER}", "accept_from": [f"{OTHER}/32", f"{TWIN}/32"], "answer": "fast"},
        ],
        dialplan=[
            {"match": r"^6\d\d\d$", "trunk": "phone"},
            {"match": r"^7\d\d\d$", "trunk": "other", "allow": [APP], "allow_trunks": ["phone"]},
        ],
    )


class App:
    """The app's side of a call: notes what it is told, and reacts."""

    def __init__(self, gateway: Gateway, client: ExtendedClient, reactions: Reactions) -> None:
        self._gateway = gateway
        self._client = client
        self._reactions = reactions
        self._told: list[str] = []
        self._peer: int | str = ""
        self._call_id = ""
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

    async def hear(self, count: int, within: float) -> None:
        """Waits until that much was told, or the time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
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
        names = ("peer_id", "caller_id", "callee_id")
        self._peer = next((message[name] for name in names if name in message), self._peer)
        reactions = self._reactions.get(message.type, ())
        for reaction in (reactions,) if isinstance(reactions, str) else reactions:
            await self._react(reaction, message)

    async def _react(self, reaction: str, message: ServerMessage) -> None:
        call_id = self._call_id = message.get("call_id", self._call_id)  # An error names none.
        match reaction.split():
            case ["answer"]:
                await self._client.answer_call(call_id, self._peer)
            case ["reject"]:
                await self._client.reject_call(call_id, self._peer)
            case ["busy"]:
                await self._client.reject_call(call_id, self._peer, reason="busy")
            case ["cancel"]:
                await self._client.cancel_call(self._peer)
            case ["cancel_invite"]:
                # The INVITE goes out as soon as there are ports for its media; before that there is nothing to cancel.
                while not self._gateway.metrics()["switchhook_relay_ports_in_use"]:
                    await asyncio.sleep(0.005)
                await self._client.cancel_call(self._peer)
            case ["hang_up"]:
                await self._client.hang_up(self._peer, call_id=call_id)
            case ["hold"]:
                await self._client.hold(call_id)
            case ["resume"]:
                await self._client.resume(call_id)
            case ["transfer", target]:
                await self._client.transfer(call_id, target=target)
            case _:
                raise AssertionError(f"no app does {reaction}")
