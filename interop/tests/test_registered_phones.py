"""Real phones, Baresip and Linphone, that register here by digest over each transport, call and are called.

Over TLS Linphone checks the gateway's certificate; Baresip 1.0 takes any.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.call_client import CallClient
from client.media_peer import MediaPeer

from .baresip import Baresip
from .certificates import Authority
from .conftest import StartGateway
from .connections import Connection, connections
from .gateway import Gateway
from .linphone import Linphone
from .media_flows import LAN, app_takes
from .registrar import Registrar
from .wire import SIPMessage, Wire

Phone = Baresip | Linphone

ADDRESS = "127.0.5.1"
TRUNK = "127.0.6.9"
FIRST, SECOND = (LAN, 5080), (LAN, 5090)  # No trunk's.
NUMBERS = ("1001", "1002")
LOCKED_OUT = ("1003", "1004")  # Whoever has a wrong password is turned away for a while.
PASSWORD = "first-secret"
ALICES, BOBS = 660.0, 950.0  # Hz.
pytestmark = pytest.mark.deadline(90)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    own = authority.issue("gateway", f"IP:{ADDRESS}", f"DNS:{ADDRESS}")  # Linphone takes every host for a name.
    return start_gateway(
        ADDRESS,
        sip={
            "listen": [f"udp:{ADDRESS}:5060", f"tcp:{ADDRESS}:5060", f"tls:{ADDRESS}:5061", f"tcp:{LAN}:5060"],
            "domains": [ADDRESS, LAN],
            "timers": {"t1": "100ms"},
            "tls": {"certificate": str(own.certificate), "key": str(own.key)},
        },
        media={"mode": "relay", "relay": {"address": [ADDRESS, LAN]}},
        phones=[{"extension": number, "password": PASSWORD} for number in (*NUMBERS, *LOCKED_OUT)],
        trunks=[{"name": "trunk", "uri": f"sip:{TRUNK}:5060", "accept_from": [f"{TRUNK}/32"]}],
        storage={"path": str(tmp_path_factory.mktemp("storage") / "gateway.sqlite")},
    )


@asynccontextmanager
async def running(
    folder: Path, logs: list[Path], registrar: Registrar, numbers: tuple[str, str] = NUMBERS
) -> AsyncIterator[tuple[Baresip, Linphone]]:
    first = Baresip(folder, FIRST, numbers[0], 500.0, registrar=registrar)
    second = Linphone(folder, SECOND, numbers[1], 800.0, registrar=registrar)
    logs += [first.log_path, second.log_path]
    async with first, second:
        yield first, second
    logs.remove(first.log_path)
    logs.remove(second.log_path)


@asynccontextmanager
async def registered(folder: Path, logs: list[Path], registrar: Registrar) -> AsyncIterator[tuple[Baresip, Linphone]]:
    """Both phones, which have been challenged first, and granted then."""
    async with running(folder, logs, registrar) as (first, second):
        for phone in (first, second):
            assert "SIP/2.0 401 Unauthorized" in await phone.logged("SIP/2.0 200 OK")
        yield first, second
        await second.unregister()  # The other one does it by itself when it ends.


def is_register_reply(message: SIPMessage, number: str, status: int) -> bool:
    is_reply = message.status == status and message.header("CSeq").endswith("REGISTER")
    return is_reply and f"sip:{number}@" in message.header("To")


def is_attempt(message: SIPMessage, number: str) -> bool:
    return message.method == "REGISTER" and f'username="{number}"' in message.header("Authorization")


def phones_connections() -> set[Connection]:
    """Those of the gateway's SIP side."""
    others = (8080, 9090)
    return {each for each in connections() if each.local[0] == ADDRESS and each.local[1] not in others}


# MARK: Calls


async def app_calls(app: CallClient, tone: float, phone: Phone, number: str) -> None:
    async with MediaPeer(tone) as peer:
        await app.start_call(number)
        await phone.expect("CALL_ESTABLISHED")
        await app.expect("call_answered", callee_id=number)
        await app.offer(number, await peer.offer())
        await peer.accept((await app.expect("call_answer", callee_id=number))["answer"])
        await asyncio.gather(peer.hears(phone.tone), phone.hears(tone, 0.5))
        await app.hang_up(number)
        await phone.expect("CALL_CLOSED")


async def phone_calls_app(phone: Phone, number: str, app: CallClient, name: str, tone: float) -> None:
    async with MediaPeer(tone) as peer:
        await phone.dial(f"sip:{name}@{ADDRESS}")
        assert await app_takes(app, peer) == number
        await phone.expect("CALL_ESTABLISHED")
        await asyncio.gather(peer.hears(phone.tone), phone.hears(tone, 0.5))
        await phone.hang_up()
        await phone.expect("CALL_CLOSED")
        await app.expect("call_hanged_up", hanged_up_by=number, reason="hung_up")


async def phone_calls_phone(caller: Phone, callee: Phone, number: str) -> None:
    await caller.dial(f"sip:{number}@{ADDRESS}")
    await asyncio.gather(caller.expect("CALL_ESTABLISHED"), callee.expect("CALL_ESTABLISHED"))
    await asyncio.gather(caller.hears(callee.tone, 0.5), callee.hears(caller.tone, 0.5))
    await caller.hang_up()
    await asyncio.gather(caller.expect("CALL_CLOSED"), callee.expect("CALL_CLOSED"))


async def apps_call(gateway: Gateway, phones: tuple[Baresip, Linphone]) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await asyncio.gather(
            app_calls(alice, ALICES, phones[0], NUMBERS[0]), app_calls(bob, BOBS, phones[1], NUMBERS[1])
        )


async def all_call(gateway: Gateway, phones: tuple[Baresip, Linphone]) -> None:
    """Apps call the phones, these call apps, and each other: all hear each other."""
    await apps_call(gateway, phones)
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await asyncio.gather(
            phone_calls_app(phones[0], NUMBERS[0], alice, "alice", ALICES),
            phone_calls_app(phones[1], NUMBERS[1], bob, "bob", BOBS),
        )
    await phone_calls_phone(phones[0], phones[1], NUMBERS[1])
    await phone_calls_phone(phones[1], phones[0], NUMBERS[0])


# MARK: Tests


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_phones_register_and_call_and_are_called(
    gateway: Gateway, tmp_path: Path, logs: list[Path], transport: str
) -> None:
    async with Wire(5060) as wire, registered(tmp_path, logs, Registrar(ADDRESS, PASSWORD, transport)) as phones:
        for number in NUMBERS:
            challenge = await wire.find(lambda each, number=number: is_register_reply(each, number, 401))
            assert challenge.header("WWW-Authenticate").startswith("Digest ") and challenge.target[0] != TRUNK
            granted = await wire.find(lambda each, number=number: is_register_reply(each, number, 200))
            assert f"sip:{number}" in granted.header("Contact")
        opened = phones_connections()
        assert len(opened) == (2 if transport == "tcp" else 0)
        await all_call(gateway, phones)
        assert phones_connections() == opened


async def test_phones_register_and_call_and_are_called_over_tls_by_their_own_connections(
    gateway: Gateway, authority: Authority, tmp_path: Path, logs: list[Path]
) -> None:
    registrar = Registrar(ADDRESS, PASSWORD, "tls", authority=authority.path)
    async with Wire(5060, FIRST[1], SECOND[1]) as wire, registered(tmp_path, logs, registrar) as phones:
        opened = phones_connections()
        assert len(opened) == 2
        await all_call(gateway, phones)
        assert phones_connections() == opened
        assert not wire.messages, "a message of a phone at TLS was to be read"


async def test_phones_with_a_wrong_password_are_refused(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    wrong = Registrar(ADDRESS, "a wrong one")
    async with Wire(5060) as wire, running(tmp_path, logs, wrong, LOCKED_OUT) as phones:
        for number in LOCKED_OUT:
            tried = await wire.find(lambda each, number=number: is_attempt(each, number))
            await wire.find(
                lambda each, number=number, tried=tried: is_register_reply(each, number, 401)
                and each.header("CSeq") == tried.header("CSeq")
            )
        assert gateway.metrics()["switchhook_registrations"] == 0
    for phone in phones:
        assert "SIP/2.0 200 OK" not in phone.log_path.read_text(errors="replace")


async def test_phones_ring_right_after_a_crash_and_a_restart(
    gateway: Gateway, tmp_path: Path, logs: list[Path]
) -> None:
    async with registered(tmp_path, logs, Registrar(ADDRESS, PASSWORD)) as phones:
        for end in (gateway.kill, gateway.stop):
            end()
            gateway.start()
            assert gateway.metrics()["switchhook_registrations"] == 2
            await apps_call(gateway, phones)


async def test_a_phone_that_listens_is_called_by_a_new_connection_after_a_crash(
    gateway: Gateway, tmp_path: Path, logs: list[Path]
) -> None:
    phone = Baresip(tmp_path, FIRST, NUMBERS[0], 500.0, registrar=Registrar(LAN, PASSWORD, "tcp"))
    logs.append(phone.log_path)
    async with phone:
        await phone.logged("SIP/2.0 200 OK")
        gateway.kill()
        gateway.start()
        assert gateway.metrics()["switchhook_registrations"] == 1
        async with gateway.client("alice") as alice:
            await app_calls(alice, ALICES, phone, NUMBERS[0])
    logs.remove(phone.log_path)
