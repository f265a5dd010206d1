"""Garbage on every socket changes nothing: the gateway stays, and so do the calls through it."""

import asyncio
import contextlib
import random
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import websockets

from .conftest import StartGateway
from .flows import barriers, establish, exchange, pick_up
from .gateway import ROOT, Gateway
from .wire import SIPMessage, Wire

TORTURE = ROOT / "Tests" / "SIPWireTests" / "torture"
PHONE = "127.0.2.3"

# Where the gateway's own rules come before what the message is about.
OWN_RULES = {
    "intmeth": "405",  # A method that it does not know, so `Allow` tells which ones it does.
    "esc02": "405",
    "sdp01": "404",  # A domain that is not its own.
}


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(trunks=[{"name": "rogue", "uri": f"sip:{PHONE}:5060", "accept_from": [f"{PHONE}/32"]}])


@pytest.fixture(autouse=True)
def the_gateway_survives(gateway: Gateway) -> Iterator[None]:
    """Each test leaves it alive, and fit for a call."""
    yield

    async def call() -> None:
        async with gateway.client("alice") as alice, gateway.client("bob") as bob:
            await establish(alice, bob, "alice", "bob")
            await alice.hang_up("bob")
            await bob.expect("call_hanged_up", hanged_up_by="alice")
            await barriers(alice, bob)

    assert gateway.is_alive
    asyncio.run(call())


def garbage() -> dict[str, bytes]:
    """What no peer in its senses sends; the random part is the same in every run."""
    random_bytes = random.Random(4475).randbytes
    request = (
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.2.3:5060;branch=z9hG4bK1;rport\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    )
    return {
        "nothing": b"",
        "keep-alive": b"\r\n\r\n",
        "one byte": b"\x00",
        "random": random_bytes(1400),
        "random with line ends": b"\r\n".join(random_bytes(40) for _ in range(30)),
        "zeros": bytes(8000),
        "line ends": b"\r\n" * 4000,
        "a start line alone": b"INVITE sip:alice@127.0.0.1 SIP/2.0\r\n",
        "no end of headers": request.encode(),
        "HTTP": b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n",
        "STUN": bytes.fromhex("000100002112a442") + random_bytes(12),
        "TLS": bytes.fromhex("16030100c8010000c40303") + random_bytes(189),
        "a negative length": f"{request}Content-Length: -1\r\n\r\n".encode(),
        "a length beyond all bounds": f"{request}Content-Length: 99999999999999999999\r\n\r\n".encode(),
        "a length that is not there": f"{request}Content-Length: 5000\r\n\r\nshort".encode(),
        "many headers": (request + "X: y\r\n" * 5000 + "\r\n").encode(),
        "a long header": (request + "X: " + "y" * 60_000 + "\r\n\r\n").encode(),
        "many parameters": (request + "Contact: <sip:a@b" + ";p=q" * 10_000 + ">\r\n\r\n").encode(),
        "not UTF-8": request.encode() + b"Subject: \xff\xfe\xc3\x28\r\n\r\n",
        "a response to nothing": request.replace("OPTIONS sip:127.0.0.1 SIP/2.0", "SIP/2.0 200 OK").encode() + b"\r\n",
    }


SIP_GARBAGE = garbage()


@pytest.mark.parametrize("data", SIP_GARBAGE.values(), ids=SIP_GARBAGE.keys())
async def test_garbage_as_a_datagram(gateway: Gateway, data: bytes) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind((PHONE, 0))
            phone.sendto(data, gateway.sip)
        await exchange(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")


@pytest.mark.parametrize("listener", ["sip", "client_listener", "admin"])
@pytest.mark.parametrize("data", SIP_GARBAGE.values(), ids=SIP_GARBAGE.keys())
async def test_garbage_on_a_connection(gateway: Gateway, data: bytes, listener: str) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        reader, writer = await asyncio.open_connection(*getattr(gateway, listener))
        with contextlib.suppress(OSError):  # It may have closed the connection before all was written.
            writer.write(data)
            writer.write_eof()
            async with asyncio.timeout(10):
                await reader.read()  # Whatever it answers, it closes a connection that will never say more.
        writer.close()
        await exchange(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")


WEBSOCKET_GARBAGE = {
    "a reserved bit": b"\xf1\x80" + bytes(4),
    "an unknown opcode": b"\x83\x80" + bytes(4),
    "no mask": b"\x81\x02{}",
    "a control frame too long": b"\x89\xfe\x01\x00" + bytes(4 + 256),
    "a fragmented control frame": b"\x09\x80" + bytes(4),
    "a continuation of nothing": b"\x80\x80" + bytes(4),
    "a length beyond all bounds": b"\x81\xff" + b"\xff" * 8 + bytes(4),
    "a close with half a code": b"\x88\x81" + bytes(4) + b"\x03",
    "a close with a bad code": b"\x88\x82" + bytes(4) + b"\x00\x01",
    "random": random.Random(6455).randbytes(500),
}


@pytest.mark.parametrize("data", WEBSOCKET_GARBAGE.values(), ids=WEBSOCKET_GARBAGE.keys())
async def test_garbage_for_frames_closes_that_socket_alone(gateway: Gateway, data: bytes) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        async with websockets.connect(f"{gateway.url}?token={gateway.token('mallory')}") as mallory:
            mallory.transport.write(data)
            mallory.transport.write_eof()
            async with asyncio.timeout(10):
                await mallory.wait_closed()
        await exchange(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")


async def test_connections_that_say_nothing_do_not_keep_others_out(gateway: Gateway) -> None:
    listeners = [gateway.sip, gateway.client_listener, gateway.admin]
    silent = [await asyncio.open_connection(*listener) for listener in listeners for _ in range(100)]
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await establish(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")
    for _, writer in silent:
        writer.close()


@dataclass(frozen=True)
class Torture:
    """One message of RFC 4475, and the status that its sender gets."""

    name: str
    answer: str


def torture() -> list[Torture]:
    rows = [line.split("\t") for line in (TORTURE / "outcomes.tsv").read_text().splitlines() if line[0] != "#"]
    return [Torture(name, answer) for name, _, _, answer in rows]


@pytest.mark.parametrize("case", torture(), ids=lambda case: case.name)
async def test_a_torture_message_of_rfc_4475(gateway: Gateway, case: Torture) -> None:
    data = (TORTURE / f"{case.name}.dat").read_bytes()
    async with Wire(gateway.sip[1]) as wire:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind((PHONE, 0))
            phone.sendto(data, gateway.sip)
            phone.sendto(ping(gateway, phone.getsockname()[1]), gateway.sip)
            # The answer to what was sent second: by now the first has had its own, wherever that went.
            pong = await wire.find(lambda message: message.header("Call-ID") == "ping" and message.status is not None)
        # An answer that a message of another row left without its ACK may come again meanwhile.
        answers = [
            m
            for m in wire.messages
            if m.source == gateway.sip and m is not pong and m.status is not None
            and (m.header("Call-ID") == "unknown" or answers_to(data, m))
        ]

    expected = OWN_RULES.get(case.name, case.answer)
    status = next((message.status for message in answers if message.status != 100), None)
    if expected == "none":
        assert answers == []
    elif expected == "any":
        assert status is not None
    else:
        assert status == int(expected)


def answers_to(request: bytes, answer: SIPMessage) -> bool:
    """Whether it answers that one, by Call-ID or branch; rows that share a branch differ in their methods."""
    keys = [answer.header("Call-ID"), *re.findall(r"branch=([^;\s]+)", answer.header("Via"))]
    methods = answer.header("CSeq").split()[1:]
    return any(key.encode() in request for key in keys) and all(method.encode() in request for method in methods)


def ping(gateway: Gateway, port: int) -> bytes:
    """An OPTIONS that any SIP element answers."""
    return (
        f"OPTIONS sip:{gateway.address} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {PHONE}:{port};branch=z9hG4bKping{port};rport\r\nMax-Forwards: 70\r\n"
        f"From: <sip:ping@{PHONE}>;tag=ping\r\nTo: <sip:{gateway.address}>\r\nCall-ID: ping\r\n"
        "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def test_every_torture_message_has_its_row() -> None:
    files = {path.stem for path in Path(TORTURE).glob("*.dat")}
    assert len(files) == 49
    assert files == {case.name for case in torture()}
