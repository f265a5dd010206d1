"""The gateway's TURN credentials at a real TURN server, coturn, for clients whose network lets TCP alone through."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aioice.stun import TransactionFailed
from aioice.turn import create_turn_endpoint

from .baresip import Baresip
from .browser import Chromium, Softphone
from .conftest import StartGateway
from .coturn import Coturn
from .gateway import Gateway

ALICES, PHONES = 660.0, 900.0
LAN = "10.88.0.1"
PHONE, TURN = (LAN, 5080), (LAN, 3478)
SECRET = "what coturn and the gateway share"
TTL = 3600
UNAUTHORIZED = 401
pytestmark = pytest.mark.deadline(120)

# What a network that lets nothing but TCP through leaves of a page's paths.
_RELAYED = """
  globalThis.refusals = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration) {
      super({ ...configuration, iceTransportPolicy: 'relay' });
      this.addEventListener('icecandidateerror', ({ errorCode }) => globalThis.refusals.push(errorCode));
    }
  };
"""
# Of the connection in use: where the page sends from, and how it reaches that place.
_PATH = """async () => {
  const report = await peers.at(-1).getStats();
  const all = [...report.values()];
  const pair = report.get(all.find(({ type }) => type === 'transport').selectedCandidatePairId);
  const { candidateType, relayProtocol, url } = report.get(pair.localCandidateId);
  return [candidateType, relayProtocol, url];
}"""


@pytest.fixture(scope="module")
def coturn(tmp_path_factory: pytest.TempPathFactory, logs: list[Path]) -> Iterator[Coturn]:
    coturn = Coturn(tmp_path_factory.mktemp("coturn"), TURN, SECRET)
    logs.append(coturn.log_path)
    coturn.start()
    yield coturn
    coturn.stop()
    logs.remove(coturn.log_path)


def turned(start_gateway: StartGateway, address: str, secret: str, **relay: Any) -> Gateway:
    """A gateway that tells its apps of coturn, with credentials by that secret."""
    return start_gateway(
        address,
        client={
            "ice_servers": [
                {"urls": ["turn:{}:{}?transport=tcp".format(*TURN)], "secret": secret, "ttl": f"{TTL}s"},
            ]
        },
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": [address, LAN], **relay}},
        trunks=[
            {"name": "phone", "uri": "sip:{}:{};transport=udp".format(*PHONE), "accept_from": [f"{LAN}/32"]},
        ],
        dialplan=[{"match": r"^7\d\d$", "trunk": "phone"}],
    )


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, coturn: Coturn) -> Gateway:
    return turned(start_gateway, "127.0.4.2", SECRET)


@pytest.fixture(scope="module")
def mistaken_gateway(start_gateway: StartGateway, coturn: Coturn) -> Gateway:
    return turned(start_gateway, "127.0.4.3", "what coturn does not know", webrtc_port=16382, timeout="5s")


async def credentials(gateway: Gateway) -> tuple[str, str]:
    """The user name and password that the gateway gives Alice."""
    async with gateway.extended_client("alice") as alice:
        [server] = alice.session["ice_servers"]
        return server["username"], server["credential"]


async def allocate(username: str, password: str) -> tuple[str, int]:
    """The address that coturn allocates for the bearer of these, who comes by TCP."""
    transport, _ = await create_turn_endpoint(asyncio.DatagramProtocol, TURN, username, password, transport="tcp")
    try:
        return transport.get_extra_info("sockname")
    finally:
        transport.close()


async def assert_refused(username: str, password: str) -> None:
    with pytest.raises(TransactionFailed) as failure:
        await allocate(username, password)
    assert failure.value.response.attributes["ERROR-CODE"][0] == UNAUTHORIZED


async def test_credentials_of_the_gateway_are_good_for_their_time(gateway: Gateway) -> None:
    before = int(time.time())
    username, password = await credentials(gateway)
    expiry, user = username.split(":")
    assert user == "alice"
    assert before + TTL <= int(expiry) <= time.time() + TTL
    host, _ = await allocate(username, password)
    assert host == LAN


async def test_a_longer_life_than_the_gateway_gave_is_refused(gateway: Gateway) -> None:
    username, password = await credentials(gateway)
    expiry, user = username.split(":")
    await assert_refused(f"{int(expiry) + 1}:{user}", password)


async def test_another_users_name_is_refused(gateway: Gateway) -> None:
    username, password = await credentials(gateway)
    await assert_refused(username.replace("alice", "bob"), password)


async def test_expired_credentials_are_refused(gateway: Gateway) -> None:
    def signed(username: str) -> str:
        return base64.b64encode(hmac.digest(SECRET.encode(), username.encode(), hashlib.sha1)).decode()

    username, password = await credentials(gateway)
    assert signed(username) == password  # So that it is the age alone that coturn refuses.
    expired = f"{int(time.time()) - 5}:alice"
    await assert_refused(expired, signed(expired))


async def test_credentials_by_another_secret_are_refused(mistaken_gateway: Gateway) -> None:
    await assert_refused(*await credentials(mistaken_gateway))


@asynccontextmanager
async def page_and_phone(gateway: Gateway, folder: Path, logs: list[Path]) -> AsyncIterator[tuple[Softphone, Baresip]]:
    phone = Baresip(folder, PHONE, "701", PHONES)
    logs.append(phone.log_path)
    url = "http://{}:{}".format(*gateway.client_listener)
    async with (
        phone,
        Chromium(folder, ALICES) as chromium,
        chromium.softphone(url, gateway.token("alice"), script=_RELAYED) as alice,
    ):
        yield alice, phone
    logs.remove(phone.log_path)


async def both_hear_through_coturn(alice: Softphone, phone: Baresip) -> None:
    await asyncio.gather(alice.hears(PHONES), phone.hears(ALICES))
    path: Any = await alice.page.evaluate(_PATH)
    assert path == ["relay", "tcp", "turn:{}:{}?transport=tcp".format(*TURN)]


async def test_a_page_that_may_use_tcp_alone_calls_a_phone(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    async with page_and_phone(gateway, tmp_path, logs) as (alice, phone):
        await alice.dial("701")
        await alice.waits_for("In call with 701")
        await both_hear_through_coturn(alice, phone)
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")


async def test_a_phone_calls_a_page_that_may_use_tcp_alone(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    async with page_and_phone(gateway, tmp_path, logs) as (alice, phone):
        await phone.dial(f"sip:alice@{gateway.address}")
        await alice.press("Answer")
        await both_hear_through_coturn(alice, phone)
        await phone.hang_up()
        await alice.waits_for("Call ended")


async def test_a_new_path_is_found_through_tcp_alone(gateway: Gateway, tmp_path: Path, logs: list[Path]) -> None:
    async with page_and_phone(gateway, tmp_path, logs) as (alice, phone):
        await alice.dial("701")
        await both_hear_through_coturn(alice, phone)
        before = await alice.ice_ufrags()
        async with phone.hears_without_gap(ALICES):
            # What a browser tells when its network changes.
            await alice.page.evaluate("() => { dispatchEvent(new Event('online')); }")
            async with asyncio.timeout(20):
                while await alice.ice_ufrags() == before:
                    await asyncio.sleep(0.1)
            await both_hear_through_coturn(alice, phone)
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")


async def test_a_page_that_coturn_refuses_has_no_path_and_both_are_told(
    mistaken_gateway: Gateway, tmp_path: Path, logs: list[Path]
) -> None:
    async with page_and_phone(mistaken_gateway, tmp_path, logs) as (alice, phone):
        await alice.dial("701")
        await phone.expect("CALL_ESTABLISHED")
        await alice.waits_for("no sound came any more")
        await phone.expect("CALL_CLOSED")
        assert set(await alice.page.evaluate("() => refusals")) == {UNAUTHORIZED}
