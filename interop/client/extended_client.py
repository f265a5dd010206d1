"""A client made for the gateway: the extended profile (gateway-profile §4)."""

from typing import Any

from websockets.typing import Subprotocol

from . import protocol
from .call_client import CallClient, ServerMessage


class ExtendedClient(CallClient):
    """Chooses the extended profile by its subprotocol; `session` holds the first message once it is connected."""

    events = protocol.EXTENDED_EVENTS
    schema = "server-to-client.extended"
    subprotocols = [Subprotocol("switchhook.v1")]

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self.session: ServerMessage = ServerMessage({}, "")

    async def connect(self) -> None:
        await super().connect()
        self.session = await self.expect("session")

    async def call(self, callee_id: int | str, **more: Any) -> str:
        """Starts a call; gives its id, which the caller learns in this profile."""
        await self.start_call(callee_id, **more)
        return (await self.expect("call_started", callee_id=callee_id))["call_id"]
