"""A client made for the gateway: the extended profile (gateway-profile §4)."""

from typing import Any

from websockets.typing import Subprotocol

from . import protocol
from .call_client import DEADLINE, CallClient, ServerMessage


class ExtendedClient(CallClient):
    """Chooses the extended profile by its subprotocol; `session` holds the first message once it is connected."""

    events = protocol.EXTENDED_EVENTS
    schema = "server-to-client.extended"
    subprotocols = [Subprotocol("switchhook.v1")]

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self.session: ServerMessage = ServerMessage({}, "")
        self.quality: list[ServerMessage] = []  # The reports so far; they come at any time, so nobody expects one.

    async def connect(self) -> None:
        await super().connect()
        self.session = await self.expect("session")

    async def receive(self, timeout: float = DEADLINE) -> ServerMessage:
        while (message := await super().receive(timeout)).type == "call_quality":
            self.quality.append(message)
        return message

    async def call(self, callee_id: int | str, **more: Any) -> str:
        """Starts a call; gives its id, which the caller learns in this profile."""
        await self.start_call(callee_id, **more)
        return (await self.expect("call_started", callee_id=callee_id))["call_id"]

    async def hold(self, call_id: str, **more: Any) -> None:
        await self._act("hold", call_id=call_id, **more)

    async def resume(self, call_id: str, **more: Any) -> None:
        await self._act("resume", call_id=call_id, **more)

    async def dtmf(self, call_id: str, digits: str, **more: Any) -> None:
        await self._act("dtmf", call_id=call_id, digits=digits, **more)

    async def transfer(self, call_id: str, **more: Any) -> None:
        """To `target` (blind), or with `with_call_id` (attended)."""
        await self._act("transfer", call_id=call_id, **more)

    async def send_message(self, peer_id: int | str, text: str, **more: Any) -> None:
        await self._act("send_message", peer_id=peer_id, text=text, **more)
