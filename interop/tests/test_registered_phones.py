"""Real phones, Baresip and Linphone, that register here by digest over each transport, and call and are called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.call_client import CallClient
from client.media_peer import MediaPeer

from .baresip import Baresip
from .conftest import StartGateway
from .gateway import Gateway
from .linphone import Linphone
from .media_flows import LAN, app_takes
from .registrar import Registrar
from .wire import SIPMessage, Wire

Phone = Baresip | Linphone

ADDRESS = "127.0.5.1"
DESK = (LAN, 5080)  # No trunk's.
NUMBER, PASSWORD, TONE = "1001", "first-secret", 700.0
ALICES = 660.0
pytestmark = pytest.mark.deadline(90)


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    return start_gateway(
        ADDRESS,
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": [ADDRESS, LAN]}},
        phones=[{"extension": NUMBER, "password": PASSWORD}],
        storage={"path": str(tmp_path_factory.mktemp("storage") / "gateway.sqlite")},
    )


@asynccontextmanager
async def desk(
    kind: type[Phone], folder: Path, logs: list[Path], transport: str = "udp"
) -> AsyncIterator[Phone]:
    """A phone that has registered: challenged first, as the wire shows, and granted then."""
    phone = kind(folder, DESK, NUMBER, TONE, registrar=Registrar(ADDRESS, PASSWORD, transport))
    logs.append(phone.log_path)
    async with Wire(5060) as wire, phone:
        await wire.find(lambda each: is_register_reply(each, 401))
        granted = await wire.find(lambda each: is_register_reply(each, 200))
        assert NUMBER in granted.header("Contact")
        yield phone
        if isinstance(phone, Linphone):
            await phone.unregister()  # The other one does it by itself when it ends.
            await wire.find(lambda each: is_register_reply(each, 200) and not each.header("Contact"))
    logs.remove(phone.log_path)


def is_register_reply(message: SIPMessage, status: int) -> bool:
    is_reply = message.status == status and message.header("CSeq").endswith("REGISTER")
    return is_reply and f"sip:{NUMBER}@" in message.header("To")


async def app_calls(alice: CallClient, peer: MediaPeer, phone: Phone) -> None:
    await alice.start_call(NUMBER)
    await phone.expect("CALL_ESTABLISHED")
    await alice.expect("call_answered", callee_id=NUMBER)
    await alice.offer(NUMBER, await peer.offer())
    await peer.accept((await alice.expect("call_answer", callee_id=NUMBER))["answer"])
    await both_hear(peer, phone)


async def both_hear(peer: MediaPeer, phone: Phone) -> None:
    await asyncio.gather(peer.hears(phone.tone), phone.hears(ALICES))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("kind", [Baresip, Linphone], ids=["baresip", "linphone"])
async def test_a_phone_registers_and_calls_and_is_called(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], transport: str
) -> None:
    async with gateway.client("alice") as alice, desk(kind, tmp_path, logs, transport) as phone:
        async with MediaPeer(ALICES) as peer:
            await app_calls(alice, peer, phone)
            await alice.hang_up(NUMBER)
            await phone.expect("CALL_CLOSED")
        async with MediaPeer(ALICES) as peer:
            await phone.dial(f"sip:alice@{ADDRESS}")
            assert await app_takes(alice, peer) == NUMBER
            await both_hear(peer, phone)
            await phone.hang_up()
            await alice.expect("call_hanged_up", hanged_up_by=NUMBER, reason="hung_up")


async def test_a_phone_rings_right_after_a_crash_and_goes_on(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    async with desk(Baresip, tmp_path, logs) as phone:
        gateway.kill()
        gateway.start()
        async with gateway.client("alice") as alice, MediaPeer(ALICES) as peer:
            await app_calls(alice, peer, phone)
            await phone.hang_up()
            await alice.expect("call_hanged_up", hanged_up_by=NUMBER)
