"""The softphone page in a real browser and phones without a PBX, Baresip and Linphone: the gateway relays the media."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest

from .baresip import Baresip
from .browser import Chromium, Softphone
from .conftest import StartGateway
from .gateway import Gateway
from .linphone import Linphone

Phone = Baresip | Linphone

ALICES, PHONES = 660.0, 900.0
LAN = "10.88.0.1"
PLAIN, SECURE = (LAN, 5080), (LAN, 5081)
SECURED = {Baresip: "SRTP is Enabled", Linphone: "Negotiated media encryption is LinphoneMediaEncryptionSRTP"}
pytestmark = pytest.mark.deadline(120)


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    address = "127.0.4.1"
    return start_gateway(
        address,
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": [address, LAN]}},
        trunks=[
            {"name": "phone", "uri": "sip:{}:{};transport=udp".format(*PLAIN), "accept_from": [f"{LAN}/32"]},
            {"name": "secure", "uri": "sip:{}:{};transport=udp".format(*SECURE), "media": {"srtp": True}},
        ],
        dialplan=[{"match": r"^7\d\d$", "trunk": "phone"}, {"match": r"^8\d\d$", "trunk": "secure"}],
    )


@pytest.fixture(params=[Baresip, Linphone], ids=["baresip", "linphone"])
def kind(request: pytest.FixtureRequest) -> type[Phone]:
    return request.param


@asynccontextmanager
async def page_and_phone(
    gateway: Gateway,
    folder: Path,
    logs: list[Path],
    kind: type[Phone],
    codec: str = "g711",
    is_secure: bool = False,
    answers: bool = True,
) -> AsyncIterator[tuple[Softphone, Phone]]:
    address, number = (SECURE, "801") if is_secure else (PLAIN, "701")
    phone = kind(folder, address, number, PHONES, codec, is_secure, answers)
    logs.append(phone.log_path)
    url = "http://{}:{}".format(*gateway.client_listener)
    async with (
        phone,
        Chromium(folder, ALICES) as chromium,
        chromium.softphone(url, gateway.token("alice")) as alice,
    ):
        yield alice, phone
    logs.remove(phone.log_path)


async def page_calls(alice: Softphone, phone: Phone, number: str = "701") -> None:
    await alice.dial(number)
    await alice.waits_for(f"In call with {number}")
    await phone.expect("CALL_ESTABLISHED")
    await both_hear(alice, phone)


async def phone_calls(gateway: Gateway, alice: Softphone, phone: Phone) -> None:
    await phone.dial(f"sip:alice@{gateway.address}")
    await phone.expect("CALL_RINGING")
    await alice.press("Answer")
    await phone.expect("CALL_ESTABLISHED")
    await alice.waits_for("In call")
    await both_hear(alice, phone)


async def both_hear(alice: Softphone, phone: Phone) -> None:
    await asyncio.gather(alice.hears(PHONES), phone.hears(ALICES))


@pytest.mark.parametrize("codec", ["g711", "g722", "opus"])
async def test_a_page_calls_a_phone_and_hangs_up(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], codec: str
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind, codec) as (alice, phone):
        await page_calls(alice, phone)
        await alice.press("Hang up")
        await alice.waits_for("Call ended")
        await phone.expect("CALL_CLOSED")


@pytest.mark.parametrize("codec", ["g711", "g722", "opus"])
async def test_a_phone_calls_a_page_and_hangs_up(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], codec: str
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind, codec) as (alice, phone):
        await phone_calls(gateway, alice, phone)
        await phone.hang_up()
        await alice.waits_for("Call ended")


async def test_a_phone_that_a_page_calls_answers_late_and_hangs_up(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone]
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind, answers=False) as (alice, phone):
        await alice.dial("701")
        await phone.expect("CALL_INCOMING")
        await alice.waits_for("Ringing")
        await phone.answer()
        await both_hear(alice, phone)
        await phone.hang_up()
        await alice.waits_for("Call ended")


async def test_a_page_that_a_phone_calls_hangs_up(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone]
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind) as (alice, phone):
        await phone_calls(gateway, alice, phone)
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")


@pytest.mark.parametrize("page_dials", [True, False], ids=["page-calls", "phone-calls"])
async def test_a_hold_silences_both_and_a_resume_brings_them_back(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], page_dials: bool
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind) as (alice, phone):
        await (page_calls(alice, phone) if page_dials else phone_calls(gateway, alice, phone))
        async with phone.heard_on_the_wire() if isinstance(phone, Baresip) else nullcontext():
            await both_hear(alice, phone)
            await alice.press("Hold")
            await alice.waits_for("on hold")
            await asyncio.gather(alice.hears_nothing(), phone.hears_nothing())
            await alice.press("Hold")
            await both_hear(alice, phone)
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")


@pytest.mark.parametrize("page_dials", [True, False], ids=["page-calls", "phone-calls"])
async def test_a_phone_holds_and_resumes(gateway: Gateway, tmp_path: Path, logs: list[Path], page_dials: bool) -> None:
    async with page_and_phone(gateway, tmp_path, logs, Linphone) as (alice, phone):
        assert isinstance(phone, Linphone)
        await (page_calls(alice, phone) if page_dials else phone_calls(gateway, alice, phone))
        await phone.hold()
        await phone.expect("CALL_PAUSED")
        await alice.waits_for("on hold")
        await asyncio.gather(alice.hears_nothing(), phone.hears_nothing())
        await phone.resume()
        await both_hear(alice, phone)
        await phone.hang_up()
        await alice.waits_for("Call ended")


@pytest.mark.parametrize("page_dials", [True, False], ids=["page-calls", "phone-calls"])
async def test_the_digits_of_the_page_arrive_at_the_phone(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], page_dials: bool
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind) as (alice, phone):
        await (page_calls(alice, phone) if page_dials else phone_calls(gateway, alice, phone))
        for key in ("5", "5", "0", "hash"):
            await alice.press(key)
        await phone.pressed("550#")
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")
        assert phone.digits == "550#"  # And none twice.


@pytest.mark.parametrize("page_dials", [True, False], ids=["page-calls", "phone-calls"])
async def test_a_new_path_of_the_page_leaves_no_gap_at_the_phone(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], page_dials: bool
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind) as (alice, phone):
        await (page_calls(alice, phone) if page_dials else phone_calls(gateway, alice, phone))
        before = await alice.ice_ufrags()
        async with phone.hears_without_gap(ALICES):
            # What a browser tells when its network changes.
            await alice.page.evaluate("() => { dispatchEvent(new Event('online')); }")
            async with asyncio.timeout(20):
                while await alice.ice_ufrags() == before:
                    await asyncio.sleep(0.1)
            await asyncio.gather(alice.hears(PHONES, for_seconds=2), phone.hears(ALICES, for_seconds=2))
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")


@pytest.mark.parametrize("page_dials", [True, False], ids=["page-calls", "phone-calls"])
async def test_a_phone_that_speaks_srtp_alone_is_heard_and_hears(
    gateway: Gateway, tmp_path: Path, logs: list[Path], kind: type[Phone], page_dials: bool
) -> None:
    async with page_and_phone(gateway, tmp_path, logs, kind, is_secure=True) as (alice, phone):
        await (page_calls(alice, phone, "801") if page_dials else phone_calls(gateway, alice, phone))
        assert SECURED[kind] in phone.log_path.read_text()
        await alice.press("Hang up")
        await phone.expect("CALL_CLOSED")
