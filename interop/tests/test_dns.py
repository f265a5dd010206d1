"""Where trunks are named: servers by DNS (RFC 3263), and the next one where one is dead."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.call_client import CallClient

from .conftest import StartGateway
from .flows import ANSWER, OFFER
from .gateway import Gateway
from .nameserver import NameServer
from .phone import Phone, PhoneCall, response
from .wire import SIPMessage

NAMES = "127.0.6.53"
DEAD, FIRST, SECOND = "127.0.6.1", "127.0.6.2", "127.0.6.3"
TRY_TIMEOUT = 1.0
A_LITTLE = 0.9  # Of everything but the time that a dead target is waited for.

HOSTS = [f"host-record=dead.test,{DEAD}", f"host-record=first.test,{FIRST}", f"host-record=second.test,{SECOND}"]
RECORDS = [
    *HOSTS,
    # 600: the first server is dead.
    "srv-host=_sip._udp.halfdead.test,dead.test,5060,1",
    "srv-host=_sip._udp.halfdead.test,second.test,5060,2",
    # 601: both are alive.
    "srv-host=_sip._udp.both.test,first.test,5060,1",
    "srv-host=_sip._udp.both.test,second.test,5060,2",
    # 602: TCP goes before UDP.
    "naptr-record=pointed.test,10,20,s,SIP+D2U,,_sip._udp.both.test",
    "naptr-record=pointed.test,10,10,s,SIP+D2T,,_sip._tcp.pointed.test",
    "srv-host=_sip._tcp.pointed.test,dead.test,5060,1",
    "srv-host=_sip._tcp.pointed.test,second.test,5060,2",
    # 603: nobody is there.
    "srv-host=_sip._udp.dead.test,dead.test,5060,1",
    "srv-host=_sip._udp.dead.test,dead.test,5070,2",
    # 604: the service is decidedly not there, whatever address the name has.
    "srv-host=_sip._udp.closed.test",
    f"host-record=closed.test,{FIRST}",
    # 605: an explicit port.
    "srv-host=_sip._udp.explicit.test,dead.test,5060,1",
    f"host-record=explicit.test,{SECOND}",
]
TRUNKS = {
    "600": "halfdead.test",
    "601": "both.test",
    "602": "pointed.test",
    "603": "dead.test",
    "604": "closed.test",
    "605": "explicit.test:5060",
    "606": "nosuch.test",
    "607": "changing.test",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory, logs: list[Path]) -> Iterator[NameServer]:
    names = NameServer(tmp_path_factory.mktemp("names"), NAMES)
    logs.append(names.log_path)
    yield names
    names.stop()
    logs.remove(names.log_path)


@pytest.fixture(scope="module")
def gateway(names: NameServer, start_gateway: StartGateway) -> Gateway:
    names.serve(*RECORDS)
    return start_gateway(
        "127.0.6.10",
        # Transactions that nobody answers end soon.
        sip={"dns": {"servers": [NAMES]}, "timers": {"t1": "100ms"}},
        trunks=[
            {"name": number, "uri": f"sip:{uri}", "try_timeout": f"{TRY_TIMEOUT:g}s"} for number, uri in TRUNKS.items()
        ],
        dialplan=[{"match": f"^{number}$", "trunk": number} for number in TRUNKS],
    )


async def arrival(alice: CallClient, number: str, phone: Phone) -> tuple[PhoneCall, float]:
    """Calls a number, and gives the call as it reaches the phone, and after how many seconds."""
    start = time.monotonic()
    await alice.start_call(number, offer=OFFER)
    call = await phone.incoming()
    return call, time.monotonic() - start


async def talk(alice: CallClient, number: str, call: PhoneCall) -> None:
    call.reply(200, ANSWER["sdp"])
    await call.expect("ACK")
    await alice.expect("call_answered")
    await alice.expect("call_answer")
    await alice.hang_up(number)
    await call.hung_up()


async def turn_away(alice: CallClient, call: PhoneCall) -> None:
    call.reply(486)
    await call.expect("ACK")
    await alice.expect("call_rejected", reason="busy")


async def test_a_dead_server_costs_its_time_to_try(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(SECOND, gateway.sip) as second:
        call, seconds = await arrival(alice, "600", second)
        assert TRY_TIMEOUT <= seconds < TRY_TIMEOUT + A_LITTLE
        await talk(alice, "600", call)


async def test_a_server_that_refuses_with_503_is_followed_by_the_next(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        Phone(FIRST, gateway.sip) as first,
        Phone(SECOND, gateway.sip) as second,
    ):
        refused, _ = await arrival(alice, "601", first)
        refused.reply(503)
        await refused.expect("ACK")
        call = await second.incoming()
        # The same request, in a transaction of its own (§4.3).
        assert call.invite is not None and refused.invite is not None
        for name in ("Call-ID", "CSeq", "From"):
            assert call.invite.header(name) == refused.invite.header(name)
        assert call.invite.header("Via") != refused.invite.header("Via")
        await talk(alice, "601", call)


async def test_naptr_chooses_tcp_and_a_refused_connection_is_followed_by_the_next(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, busy_over_tcp(SECOND) as invites:
        start = time.monotonic()
        await alice.start_call("602", offer=OFFER)
        await alice.expect("call_rejected", reason="busy")
        assert time.monotonic() - start < A_LITTLE
        assert (await invites.get()).header("Via").startswith("SIP/2.0/TCP")


async def test_everything_dead_is_route_down(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice:
        start = time.monotonic()
        await alice.start_call("603", offer=OFFER)
        await alice.expect("call_rejected", reason="route_down")
        assert 2 * TRY_TIMEOUT <= time.monotonic() - start < 2 * TRY_TIMEOUT + A_LITTLE


@pytest.mark.parametrize("number", ["604", "606"])
async def test_a_name_without_servers_is_route_down_at_once(gateway: Gateway, number: str) -> None:
    async with gateway.client("alice") as alice:
        start = time.monotonic()
        await alice.start_call(number, offer=OFFER)
        await alice.expect("call_rejected", reason="route_down")
        assert time.monotonic() - start < A_LITTLE


async def test_an_explicit_port_asks_for_the_address_alone(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(SECOND, gateway.sip) as second:
        call, seconds = await arrival(alice, "605", second)
        assert seconds < A_LITTLE
        await turn_away(alice, call)


async def test_changed_records_hold_once_the_old_ones_have_had_their_time(gateway: Gateway, names: NameServer) -> None:
    def server(host: str) -> str:
        return f"srv-host=_sip._udp.changing.test,{host}.test,5060,1"

    names.serve(*HOSTS, server("first"), ttl=2)
    async with (
        gateway.client("alice") as alice,
        Phone(FIRST, gateway.sip) as first,
        Phone(SECOND, gateway.sip) as second,
    ):
        start = time.monotonic()
        call, _ = await arrival(alice, "607", first)
        await turn_away(alice, call)
        names.serve(*HOSTS, server("second"), ttl=2)
        while True:
            await alice.start_call("607", offer=OFFER)
            arrivals = {asyncio.ensure_future(phone.incoming()): phone for phone in (first, second)}
            done, waiting = await asyncio.wait(arrivals, return_when=asyncio.FIRST_COMPLETED)
            for other in waiting:
                other.cancel()
            (reached,) = done
            await turn_away(alice, reached.result())
            if arrivals[reached] is second:
                break
            assert time.monotonic() - start < 4, "the old record still holds"
            await asyncio.sleep(0.1)
        assert time.monotonic() - start >= 1.5, "the old record did not hold"


@asynccontextmanager
async def busy_over_tcp(address: str) -> AsyncIterator["asyncio.Queue[SIPMessage]"]:
    """A phone over TCP that is busy; gives the INVITEs that it got."""
    invites: asyncio.Queue[SIPMessage] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            message = SIPMessage((address, 0), (address, 5060), head.decode())
            body = await reader.readexactly(int(message.header("Content-Length")))
            if message.method == "INVITE":
                invites.put_nowait(SIPMessage((address, 0), (address, 5060), (head + body).decode()))
                writer.write(response(message, 486, local=f"{message.header('To')};tag=tcp").encode())
            elif message.method == "ACK":
                writer.close()
                return

    server = await asyncio.start_server(serve, address, 5060)
    async with server:
        yield invites
