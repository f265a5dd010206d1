"""Scripted phones that register here, and whoever would like to: digest, bindings, flows, NAT, restarts, guesses."""

import asyncio
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import StartGateway
from .connections import Connection, next_probe
from .desk_phone import DeskPhone, contacts, expiry, registered
from .gateway import Gateway
from .phone import Phone
from .registrar import Challenge
from .voice import Voice

ADDRESS = "127.0.5.2"
DESK, OTHER, THIRD, GUESSER = "127.0.6.1", "127.0.6.2", "127.0.6.3", "127.0.6.66"
TRUNK = "127.0.6.9"
NUMBERS = ("1001", "1002", "1003")
PASSWORD = "a password of a phone"
BINDINGS = ("switchhook_registrations",)
TURN = 1.0  # Seconds for which the phones of one q ring.


def settings(address: str, storage: Path, **registrar: object) -> dict[str, object]:
    registrar = {"min_expires": "2s", "algorithms": ["SHA-256", "MD5"], "wrong_passwords": "5/min", **registrar}
    return {
        "sip": {"timers": {"t1": "50ms"}, "registrar": registrar},
        "media": {"mode": "relay", "relay": {"address": [address]}},
        "users": [
            {"id": "alice", "username": "Alice"},
            {"id": "bob", "username": "Bob", "aliases": ["2002"], "phones": ["1002"]},
        ],
        "phones": [{"extension": number, "password": PASSWORD} for number in NUMBERS],
        "trunks": [{"name": "trunk", "uri": f"sip:{TRUNK}:5060", "accept_from": [f"{TRUNK}/32"]}],
        "dialplan": [{"match": r"^9\d+$", "trunk": "trunk"}],
        "storage": {"path": str(storage)},
        "timers": {"turn": f"{TURN:g}s"},
    }


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    return start_gateway(ADDRESS, **settings(ADDRESS, tmp_path_factory.mktemp("storage") / "gateway.sqlite"))


def desk(gateway: Gateway, number: str = "1001", host: str = DESK, port: int = 5060, **more: object) -> DeskPhone:
    return DeskPhone((host, port), gateway.sip, number, PASSWORD, **more)  # type: ignore[arg-type]


# MARK: Who may register


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
async def test_a_phone_registers_by_either_digest(gateway: Gateway, algorithm: str) -> None:
    async with desk(gateway) as phone:
        refusal = await phone.send_register()
        assert refusal.status == 401 and phone.challenge is None
        phone.challenge = Challenge(refusal, algorithm)
        granted = await phone.send_register()
        assert granted.status == 200
        (contact,) = contacts(granted)
        assert contact.startswith(phone.contact) and 55 <= expiry(contact) <= 60
        assert granted.header("Date").endswith("GMT")
        assert contacts(await phone.register("", expires=None)) != []  # It only asks.
        assert contacts(await phone.register(expires=0)) == []


async def test_a_wrong_password_is_refused_and_is_not_stale(gateway: Gateway) -> None:
    async with desk(gateway, "1003") as phone:
        phone.password = "wrong"
        refusal = await phone.register()
        assert refusal.status == 401 and not Challenge(refusal).is_stale
        assert gateway.metrics()["switchhook_registrations"] == 0
        phone.password = PASSWORD
        assert (await phone.register(expires=0)).status == 200


async def test_a_replay_is_stale_and_the_phone_goes_on(gateway: Gateway) -> None:
    async with registered(desk(gateway)) as phone, desk(gateway, port=5070) as thief:
        thief.proof = phone.proof  # Overheard, and sent from the same address.
        for refusal in (await thief.send_register(replays=True), await phone.send_register(expires=0, replays=True)):
            assert refusal.status == 401 and Challenge(refusal).is_stale
        assert [contact.partition(";")[0] for contact in contacts(await phone.register())] == [phone.contact]


async def test_an_expired_nonce_is_stale_and_the_phone_goes_on(start_gateway: StartGateway, tmp_path: Path) -> None:
    gateway = start_gateway("127.0.5.5", **settings("127.0.5.5", tmp_path / "gateway.sqlite", nonce_lifetime="1s"))
    async with registered(desk(gateway)) as phone:
        asked = time.monotonic()
        while (reply := await phone.send_register()).status == 200:
            assert time.monotonic() < asked + 3, "a nonce outlives its time"
            await asyncio.sleep(0.05)
        assert reply.status == 401 and Challenge(reply).is_stale
        assert gateway.metrics()["switchhook_registrations"] == 1
        assert (await phone.register()).status == 200


async def test_a_phone_at_a_trunks_address_is_asked_all_the_same(gateway: Gateway) -> None:
    async with desk(gateway, host=TRUNK) as phone:
        assert (await phone.send_register()).status == 401
        await phone.call("alice").expect(401)


async def test_a_nonce_is_no_good_from_another_address(gateway: Gateway) -> None:
    async with registered(desk(gateway)) as phone, desk(gateway, host=OTHER) as thief:
        thief.challenge = phone.challenge
        refusal = await thief.send_register()
        assert refusal.status == 401 and Challenge(refusal).is_stale


async def test_a_phone_that_speaks_in_anothers_name_is_forbidden(gateway: Gateway) -> None:
    async with registered(desk(gateway, "1001")) as phone:
        uri = f"sip:alice@{gateway.address}:5060"
        assert phone.challenge is not None
        proof = phone.challenge.authorization("1001", PASSWORD, "INVITE", uri)
        phone.number = "1003"
        call = phone.call("alice")
        await call.expect(401)
        call.request("INVITE", fields=[proof])
        await call.expect(403)
        phone.number = "1001"


async def test_who_guesses_is_turned_away_and_the_right_phone_is_not(gateway: Gateway) -> None:
    before = gateway.metrics()["switchhook_sip_passwords_total"]
    async with desk(gateway, "1003", GUESSER) as guesser, desk(gateway, "1003", OTHER) as phone:
        guesser.password = "a guess"
        for _ in range(5):
            guesser.challenge = None
            assert (await guesser.register()).status == 401
        guesser.password = PASSWORD  # Too late.
        refusal = await guesser.register()
        assert refusal.status == 503 and int(refusal.header("Retry-After")) > 200
        call = guesser.call("alice")
        challenge = Challenge(await call.expect(401))
        uri = f"sip:alice@{gateway.address}:5060"
        call.request("INVITE", fields=[challenge.authorization("1003", PASSWORD, "INVITE", uri)])
        await call.expect(503)
        # It has another phone's password, and is free to use that.
        guesser.number = "1002"
        assert (await guesser.register(expires=0)).status == 200
        assert (await phone.register()).status == 200
        assert (await phone.register(expires=0)).status == 200
    assert gateway.metrics()["switchhook_sip_passwords_total"] == before + 5 + 2


# MARK: Bindings


async def test_all_contacts_ring_and_the_first_answer_wins(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        registered(desk(gateway)) as first,
        registered(desk(gateway, host=OTHER)) as second,
        Voice(DESK, 700) as voice,
    ):
        await alice.start_call("1001")
        loser = await second.incoming()
        loser.reply(180)
        winner = await first.incoming()
        assert winner.invite is not None
        voice.accept(winner.invite.body)
        winner.reply(200, voice.sdp())
        await winner.expect("ACK")
        assert "cause=200" in (await loser.cancelled()).header("Reason")
        await alice.expect("call_answered", callee_id="1001")
        await alice.hang_up("1001")
        await winner.hung_up()


async def test_contacts_ring_in_the_order_of_q(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, desk(gateway) as last, desk(gateway, host=OTHER) as first:
        async with desk(gateway, host=THIRD) as second:
            for phone, q in ((last, "0.1"), (first, "0.9"), (second, "0.5")):
                assert (await phone.register(f"{phone.contact};q={q}")).status == 200
            await alice.start_call("1001")
            await (await first.incoming()).refuse(486)
            rings = await second.incoming()
            rings.reply(180)
            await rings.cancelled()  # Its turn is over.
            rings = await last.incoming()
            await alice.cancel_call("1001")
            rings.reply(180)
            await rings.cancelled()
            assert (await second.register("*", expires=0)).status == 200
        assert gateway.metrics()["switchhook_registrations"] == 0


async def test_a_binding_ends_by_itself(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, desk(gateway) as phone:
        brief = await phone.register(expires=1)
        assert brief.status == 423 and brief.header("Min-Expires") == "2"
        assert [expiry(each) for each in contacts(await phone.register(expires=2))] == [2]
        await alice.start_call("1001")
        rings = await phone.incoming()
        rings.reply(180)
        await asyncio.to_thread(gateway.assert_idle, 5, BINDINGS)
        assert not rings.responses  # A call that rings goes on.
        await alice.cancel_call("1001")
        await rings.cancelled()
        await alice.start_call("1001")
        await alice.expect("call_rejected", reason="unavailable")


async def test_a_phone_takes_its_binding_back(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, desk(gateway) as phone:
        await phone.register()
        assert contacts(await phone.register(expires=0)) == []
        await alice.start_call("1001")
        await alice.expect("call_rejected", reason="unavailable")


async def test_a_path_is_the_route_of_what_goes_to_the_phone(gateway: Gateway) -> None:
    contact = "<sip:1001@192.168.1.20>"
    fields = ["Supported: path", f"Path: <sip:{DESK};lr>"]
    async with gateway.client("alice") as alice, desk(gateway) as proxy:
        granted = await proxy.register(contact, fields=fields)
        assert granted.header("Path") == f"<sip:{DESK};lr>"
        await alice.start_call("1001")
        rings = await proxy.incoming()
        assert rings.invite is not None
        assert rings.invite.start_line == "INVITE sip:1001@192.168.1.20 SIP/2.0"
        assert rings.invite.header("Route") == f"<sip:{DESK};lr>"
        await rings.refuse(603)
        await alice.expect("call_rejected", reason="declined")
        assert (await proxy.register("*", expires=0)).status == 200


# MARK: NAT and flows


async def test_a_phone_behind_a_nat_is_reached_where_it_came_from(gateway: Gateway) -> None:
    phone = desk(gateway, port=33_123, behind=("192.168.1.20", 5060))
    async with gateway.client("alice") as alice, registered(phone), Voice(DESK, 700) as voice:
        await alice.start_call("1001")
        call = await phone.incoming()
        assert call.invite is not None and call.invite.start_line == "INVITE sip:1001@192.168.1.20:5060 SIP/2.0"
        voice.accept(call.invite.body)
        call.reply(200, voice.sdp())
        await call.expect("ACK")
        await alice.expect("call_answered", callee_id="1001")
        await alice.hang_up("1001")
        await call.hung_up()


async def test_a_stun_keepalive_tells_the_phone_its_address(gateway: Gateway) -> None:
    async with registered(desk(gateway, port=33_124)) as phone:
        transaction = os.urandom(12)
        answer = await phone.exchange(struct.pack("!HHI", 1, 0, 0x2112_A442) + transaction)
        kind, length, cookie = struct.unpack("!HHI", answer[:8])
        assert (kind, length, cookie, answer[8:20]) == (0x0101, 12, 0x2112_A442, transaction)
        port, host = struct.unpack("!HI", answer[26:32])
        assert socket.inet_ntoa(struct.pack("!I", host ^ cookie)) == DESK and port ^ 0x2112 == 33_124


async def test_a_flow_lives_by_its_keepalive_and_ends_with_its_connection(gateway: Gateway) -> None:
    phone = desk(gateway, is_stream=True, behind=("192.168.1.20", 5060))
    contact = f'{phone.contact};reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
    async with gateway.client("alice") as alice, phone:
        granted = await phone.register(contact, fields=["Supported: path, outbound"])
        assert granted.status == 200 and granted.header("Require") == "outbound"
        assert await phone.exchange(b"\r\n\r\n") == b"\r\n"
        await alice.start_call("1001")
        await (await phone.incoming()).refuse(486)
        await alice.expect("call_rejected", reason="busy")
        await phone.disconnect()
        await asyncio.to_thread(gateway.assert_idle, 5, BINDINGS)
        await alice.start_call("1001")
        await alice.expect("call_rejected", reason="unavailable")
        await phone.connect()
        await phone.register(contact, fields=["Supported: path, outbound"])
        assert gateway.metrics()["switchhook_registrations"] == 1
        await alice.start_call("1001")
        await (await phone.incoming()).refuse(486)
        await alice.expect("call_rejected", reason="busy")


async def test_a_silent_connection_is_probed_before_a_nat_forgets_it(gateway: Gateway) -> None:
    async with registered(desk(gateway, is_stream=True)) as phone:
        async with asyncio.timeout(5):
            while (left := next_probe(Connection(gateway.sip, phone.address))) is None:  # Something is still to be acknowledged.
                await asyncio.sleep(0.05)
        assert left <= 100


# MARK: Restarts


@pytest.mark.parametrize(
    ("address", "end"), [("127.0.5.3", Gateway.stop), ("127.0.5.4", Gateway.kill)], ids=["stop", "kill"]
)
async def test_what_is_registered_outlives_the_process(
    start_gateway: StartGateway, tmp_path: Path, address: str, end: Callable[[Gateway], None]
) -> None:
    gateway = start_gateway(address, **settings(address, tmp_path / "gateway.sqlite"))
    async with (
        desk(gateway) as phone,
        desk(gateway, "1002", OTHER, is_stream=True, behind=("192.168.1.21", 5060)) as stream,
    ):
        await phone.register()
        await stream.register()
        assert gateway.metrics()["switchhook_registrations"] == 2
        end(gateway)
        gateway.start()
        async with gateway.client("alice") as alice:
            await alice.start_call("1001")
            await (await phone.incoming()).refuse(486)
            await alice.expect("call_rejected", reason="busy")
            # The connection was the only way to it.
            assert gateway.metrics()["switchhook_registrations"] == 1
            await alice.start_call("1002")
            await alice.expect("call_rejected", reason="unavailable")
        refusal = await phone.send_register(expires=0)
        assert refusal.status == 401 and Challenge(refusal).is_stale  # Its password is none the worse.
        assert (await phone.register(expires=0)).status == 200


# MARK: Whom phones reach, and who reaches them


async def test_a_users_phone_rings_with_the_users_apps(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        async with registered(desk(gateway, "1002")) as phone, Voice(DESK, 700) as voice:
            await alice.start_call("bob")
            await bob.expect("incoming_call", caller_id="alice")
            call = await phone.incoming()
            assert call.invite is not None
            voice.accept(call.invite.body)
            call.reply(200, voice.sdp())
            await call.expect("ACK")
            await bob.expect("call_cancelled", reason="answered_elsewhere")
            await alice.expect("call_answered", callee_id="bob")
            await alice.hang_up("bob")
            await call.hung_up()


async def test_a_phone_that_calls_its_own_user_does_not_ring_itself(gateway: Gateway) -> None:
    async with gateway.client("bob") as bob:
        async with registered(desk(gateway, "1002")) as phone, registered(desk(gateway, "1002", OTHER)) as second:
            async with Voice(DESK, 700) as voice:
                call = await phone.dial("bob", voice.sdp())
                await call.expect(180)
                await bob.expect("incoming_call", caller_id="bob")
                rings = await second.incoming()
                rings.reply(180)
                await call.cancel()
                await bob.expect("call_cancelled")
                await rings.cancelled()


async def test_phones_call_phones_and_trunks(gateway: Gateway) -> None:
    async with (
        registered(desk(gateway)) as phone,
        registered(desk(gateway, "1002", OTHER)) as other,
        Phone(TRUNK, gateway.sip) as trunk,
        Voice(DESK, 440) as near,
        Voice(OTHER, 700) as far,
    ):
        call = await phone.dial("1002", near.sdp())
        rings = await other.incoming()
        assert rings.invite is not None and "1001@" in rings.invite.header("From")
        rings.reply(180)
        await call.expect(180)
        far.accept(rings.invite.body)
        rings.reply(200, far.sdp())
        await rings.expect("ACK")
        near.accept((await call.expect(200)).body)
        call.ack()
        await asyncio.gather(near.hears(700), far.hears(440))
        await call.hang_up()
        await rings.hung_up()
        call = await phone.dial("9123", near.sdp())
        outgoing = await trunk.incoming()
        assert outgoing.invite is not None and outgoing.invite.start_line.startswith("INVITE sip:9123@")
        await outgoing.refuse(486)
        await call.expect(486)
        stranger = trunk.call("1001", near.sdp())  # A trunk's caller reaches a phone.
        await (await phone.incoming()).refuse(486)
        await stranger.expect(486)


async def test_a_running_gateway_takes_what_the_command_adds(gateway: Gateway) -> None:
    secret = {"SWITCHHOOK_PHONE_PASSWORD": PASSWORD}
    assert await asyncio.to_thread(gateway.command, "phone", "add", "1009", **secret) == ""
    async with gateway.client("alice") as alice:
        async with desk(gateway, "1009") as phone:
            assert (await phone.register()).status == 200
            assert "1009" in await asyncio.to_thread(gateway.command, "phone", "list")
            assert await asyncio.to_thread(gateway.command, "phone", "remove", "1009") == ""
            assert gateway.metrics()["switchhook_registrations"] == 0
            assert (await phone.register()).status == 401
        await alice.start_call("1009")
        await alice.expect("call_rejected", reason="not_found")
