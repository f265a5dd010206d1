"""Texts: `send_message` and `message_received` between apps, SIP MESSAGE (RFC 3428) to and from phones."""

import secrets

import pytest

from .conftest import StartGateway
from .gateway import Gateway
from .phone import Phone

PHONE = "127.0.2.71"
TEXT = "Grüße, \"bald\"\n<da>"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        sip={"timers": {"t1": "50ms"}},  # A text's transaction lasts 64 of them.
        trunks=[{"name": "phone", "uri": f"sip:{PHONE};transport=udp", "accept_from": [f"{PHONE}/32"]}],
        dialplan=[{"match": r"^2\d\d\d$", "trunk": "phone"}],
    )


def texting(phone: Phone, user: str, text: str, kind: str = "text/plain") -> None:
    """Sends a MESSAGE of the phone."""
    host, port = phone.address
    body = text.encode()
    lines = [
        f"MESSAGE sip:{user}@{phone.gateway[0]} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 70",
        f"From: <sip:{phone.number}@{host}>;tag={secrets.token_hex(4)}",
        f"To: <sip:{user}@{phone.gateway[0]}>",
        f"Call-ID: {secrets.token_hex(8)}@{host}",
        "CSeq: 1 MESSAGE",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
    ]
    phone.send("\r\n".join(lines) + "\r\n\r\n" + text)


async def test_apps_text_each_other(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, gateway.extended_client("bob") as bob, gateway.client("bob"):
        await alice.send_message("bob", TEXT, request_id=1)
        await bob.expect("message_received", sender_id="alice", text=TEXT)
        await alice.expect("ok", request_id=1)
        await bob.send_message("alice", "ok")
        await alice.expect("message_received", sender_id="bob", text="ok")


async def test_an_app_texts_a_phone(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, Phone(PHONE, gateway.sip) as phone:
        await alice.send_message("2001", TEXT, request_id=1)
        request = await phone.stray("MESSAGE")
        assert request.body == TEXT and request.header("Content-Type").startswith("text/plain")
        phone.answer(request, 200)
        await alice.expect("ok", request_id=1)
        await alice.send_message("2001", "again", request_id=2)
        phone.answer(await phone.stray("MESSAGE"), 404)
        await alice.expect_error("wrong_state", action="send_message", request_id=2)


async def test_a_phone_texts_an_app(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, Phone(PHONE, gateway.sip) as phone:
        texting(phone, "alice", TEXT)
        await alice.expect("message_received", sender_id="2001", text=TEXT)
        assert (await phone.stray(200)).header("CSeq") == "1 MESSAGE"


@pytest.mark.parametrize(
    ("user", "kind", "status"),
    [("offline", "text/plain", 480), ("nobody", "text/plain", 404), ("2002", "text/plain", 403), ("bob", "text/html", 415)],
)
async def test_a_phones_text_is_refused(gateway: Gateway, user: str, kind: str, status: int) -> None:
    async with Phone(PHONE, gateway.sip) as phone:
        texting(phone, user, "hello", kind)
        await phone.stray(status)


async def test_an_app_of_the_users_page_takes_no_texts(gateway: Gateway) -> None:
    async with gateway.client("bob"), gateway.extended_client("alice") as alice, Phone(PHONE, gateway.sip) as phone:
        texting(phone, "bob", "hello")
        await phone.stray(480)
        await alice.send_message("bob", "hello", request_id=1)
        await alice.expect_error("wrong_state", request_id=1)
