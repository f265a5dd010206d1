"""SIP over TLS with a real Asterisk 22, each side proving itself by a certificate (mutual TLS), and with hostile peers."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from client.media_peer import MediaPeer

from .asterisk import Asterisk
from .certificates import Authority
from .conftest import StartGateway
from .connections import connections
from .gateway import Gateway
from .test_asterisk import answer_call, connect_media
from .wire import Wire

GATEWAY = ("127.0.0.1", 5061)
PEER = ("127.0.0.1", 5071)
STRANGER = ("127.0.0.1", 5072)
HANDSHAKE = 4.0  # Seconds that the gateway gives a peer for it.
OPTIONS = (
    "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:6000;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n"
    "From: <sip:somebody@127.0.0.1>;tag=1\r\nTo: <sip:127.0.0.1>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def asterisk(authority: Authority, gateway: Gateway, logs: list[Path]) -> Iterator[Asterisk]:
    """One that registers at the gateway by TLS as the phone 5001, and asks who connects for a certificate.

    It ends before the gateway, and takes its registration back first.
    """
    own = authority.issue("tls", "IP:127.0.0.1")
    asterisk = Asterisk(f"sip:{GATEWAY[0]}:{GATEWAY[1]};transport=tls", AST_TLS=str(own.certificate.parent))
    logs.append(asterisk.log_path)
    asterisk.start()
    yield asterisk
    asterisk.cli("pjsip send unregister register-gateway")
    asterisk.stop()
    logs.remove(asterisk.log_path)


@pytest.fixture(scope="module")
def gateway(authority: Authority, start_gateway: StartGateway) -> Gateway:
    authority.issue("gateway", "IP:127.0.0.1")
    return start_gateway(GATEWAY[0], **settings(authority))


def settings(authority: Authority) -> dict[str, Any]:
    folder = authority.path.parent
    trunk = {"accept_from": ["127.0.0.1/32"]}
    return dict(
        sip={
            "listen": ["udp:127.0.0.1:5060", "tls:127.0.0.1:5061"],
            "timers": {"t1": "200ms"},
            "tls": {
                "certificate": str(folder / "gateway.crt"),
                "key": str(folder / "gateway.key"),
                "authorities": str(authority.path),
                "client_certificates": True,
            },
        },
        media={"mode": "relay", "relay": {"address": ["127.0.0.1", "10.88.0.1"]}},
        trunks=[
            {"name": "asterisk", "uri": "sip:127.0.0.1:5071;transport=tls", **trunk},
            {"name": "secure", "uri": "sips:127.0.0.1:5071"},
            {"name": "another", "uri": f"sips:{STRANGER[0]}:{STRANGER[1]}"},
        ],
        phones=[{"extension": "5001", "password": "interop"}],
        dialplan=[
            {"match": r"^6\d\d$", "trunk": "asterisk"},
            {"match": r"^s(6\d\d)$", "trunk": "secure", "rewrite": "$1"},
            {"match": r"^l(6\d\d)$", "trunk": "another", "rewrite": "$1"},
        ],
    )


def trust(authority: Authority, name: str | None = "gateway") -> ssl.SSLContext:
    """What a client of the tests knows: whom it trusts, and who it says it is."""
    context = ssl.create_default_context(cafile=str(authority.path))
    if name is not None:
        context.load_cert_chain(authority.path.parent / f"{name}.crt", authority.path.parent / f"{name}.key")
    return context


async def serial_number(authority: Authority) -> str:
    """Of the certificate which the gateway shows."""
    async with connected(authority) as (_, writer):
        return writer.get_extra_info("peercert")["serialNumber"]


@contextlib.asynccontextmanager
async def connected(authority: Authority):  # noqa: ANN201 - asyncio's own pair
    reader, writer = await asyncio.open_connection(*GATEWAY, ssl=trust(authority))
    try:
        yield reader, writer
    finally:
        writer.close()


def connections_to(port: int) -> int:
    """How many TCP connections are open to that port."""
    return sum(each.remote[1] == port for each in connections())


async def registered(gateway: Gateway) -> None:
    async with asyncio.timeout(20):
        while gateway.metrics()["switchhook_registrations"] == 0:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", ["601", "s601"])
async def test_an_app_calls_asterisk_over_tls(gateway: Gateway, asterisk: Asterisk, number: str) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, number)
        await peer.hears(1004)
        await alice.hang_up(number)
        await asterisk.no_channels()
        await alice.barrier()
        assert not wire.messages, "a message of a call over TLS was to be read"


async def test_asterisk_calls_an_app_over_tls(gateway: Gateway, asterisk: Asterisk) -> None:
    async with Wire(5060, 5070) as wire, gateway.client("alice") as alice, MediaPeer(440) as peer:
        await asterisk.originate("talice", "Milliwatt")
        caller_id = await answer_call(alice, peer)
        await peer.hears(1004)
        asterisk.cli("channel request hangup all")
        await alice.expect("call_hanged_up", hanged_up_by=caller_id, reason="hung_up")
        await asterisk.no_channels()
        assert not wire.messages, "a message of a call over TLS was to be read"


async def test_a_phone_is_called_by_the_connection_it_registered_by(gateway: Gateway, asterisk: Asterisk) -> None:
    await registered(gateway)
    before = connections_to(PEER[1])
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "5001")
        await peer.hears(440)
        assert connections_to(PEER[1]) == before
        await alice.hang_up("5001")
        await asterisk.no_channels()


async def test_a_peer_with_a_certificate_for_another_name_is_not_called(gateway: Gateway, authority: Authority) -> None:
    other = authority.issue("other", "DNS:other.example.org")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(other.certificate, other.key)
    peer = await asyncio.start_server(lambda _, writer: writer.close(), *STRANGER, ssl=context)
    async with peer, gateway.client("alice") as alice:
        await alice.start_call("l600")
        await alice.expect("call_rejected", callee_id="l600", reason="route_down")
    assert "TLS with a SIP peer failed" in gateway.log_path.read_text()
    assert "its certificate is for another name" in gateway.log_path.read_text()


async def test_a_certificate_is_replaced_while_a_call_goes_on(
    gateway: Gateway, asterisk: Asterisk, authority: Authority
) -> None:
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await peer.hears(440)
        first = await serial_number(authority)
        before = connections_to(PEER[1])

        own = authority.issue("gateway", "IP:127.0.0.1")
        assert "was read again" in await asyncio.to_thread(gateway.reload, **settings(authority))
        second = await serial_number(authority)
        assert second != first
        await peer.hears(440)

        own.key.write_text("not a key\n")
        assert "sip.tls.key: no private key" in await asyncio.to_thread(gateway.reload, **settings(authority))
        authority.issue("gateway", "IP:127.0.0.1", days=-1)
        assert "sip.tls.certificate: " in (line := await asyncio.to_thread(gateway.reload, **settings(authority))) and "expired on" in line
        authority.issue("gateway", "IP:127.0.0.1")
        assert "was read again" in await asyncio.to_thread(gateway.reload, **settings(authority))

        await peer.hears(440)
        assert connections_to(PEER[1]) == before
        await alice.hang_up("600")
        await asterisk.no_channels()


async def test_who_has_no_certificate_of_ours_is_turned_away(
    gateway: Gateway, asterisk: Asterisk, authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "stranger")
    stranger.issue("gateway", "IP:127.0.0.1")
    unknown = trust(authority, None)
    unknown.load_cert_chain(tmp_path / "stranger/gateway.crt", tmp_path / "stranger/gateway.key")
    for context in (trust(authority, None), unknown):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            reader, writer = await asyncio.open_connection(*GATEWAY, ssl=context)
            # With TLS 1.3 a client hears of it only with the first answer.
            writer.write(OPTIONS.format(number="stranger").encode())
            assert await reader.read() == b""
            raise ConnectionError
    async with connected(authority) as (reader, writer):
        writer.write(OPTIONS.format(number="friend").encode())
        assert (await reader.readline()).startswith(b"SIP/2.0 200 ")


async def test_hostile_peers_are_let_go(gateway: Gateway, asterisk: Asterisk, authority: Authority) -> None:
    async def send(data: bytes) -> None:
        """The connection ends, whatever TLS says to that."""
        reader, writer = await asyncio.open_connection(*GATEWAY)
        writer.write(data)
        async with asyncio.timeout(HANDSHAKE + 8):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        writer.close()

    async def renegotiate() -> None:
        """TLS 1.2, and once it stands, another handshake: the connection ends."""
        folder = authority.path.parent
        client = await asyncio.create_subprocess_exec(
            *["openssl", "s_client", "-connect", "127.0.0.1:5061", "-tls1_2", "-CAfile", str(authority.path)],
            *["-cert", str(folder / "gateway.crt"), "-key", str(folder / "gateway.key")],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert client.stdin is not None and client.stdout is not None
        await client.stdout.readuntil(b"Verify return code: 0 (ok)")
        client.stdin.write(b"R\n")
        async with asyncio.timeout(HANDSHAKE + 8):
            said = (await client.stdout.read()).decode()
        assert "RENEGOTIATING" in said
        await client.wait()

    hello = bytes.fromhex("1603010200010001fc0303")
    async with gateway.client("alice") as alice, MediaPeer(440) as peer:
        await connect_media(alice, peer, "600")
        await asyncio.gather(
            send(b""), send(hello), send(OPTIONS.format(number="plain").encode()), send(bytes(range(256)) * 256),
            renegotiate(), *(send(hello) for _ in range(50)),
        )  # fmt: skip
        await peer.hears(440)
        await alice.hang_up("600")
        await asterisk.no_channels()
