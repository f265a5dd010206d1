"""The softphone page in real browsers, app to app: two people with a tone each, through the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from .browser import DEADLINE, Chromium, Softphone
from .conftest import StartGateway
from .gateway import Gateway

ALICES, BOBS = 440.0, 880.0
pytestmark = pytest.mark.deadline(180)


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway()


def page_url(gateway: Gateway) -> str:
    return "http://{}:{}".format(*gateway.client_listener)


@asynccontextmanager
async def two_phones(
    gateway: Gateway, folder: Path, script: str = ""
) -> AsyncIterator[tuple[Softphone, Softphone]]:
    async with (
        Chromium(folder, ALICES) as alices,
        Chromium(folder, BOBS) as bobs,
        alices.softphone(page_url(gateway), gateway.token("alice"), script=script) as alice,
        bobs.softphone(page_url(gateway), gateway.token("bob"), script=script) as bob,
    ):
        yield alice, bob


async def talk(alice: Softphone, bob: Softphone) -> None:
    """Alice calls Bob, who answers; each hears the other's tone."""
    await alice.dial("bob")
    await bob.is_called_by("Alice")
    await alice.waits_for("Ringing: bob")
    await bob.press("Answer")
    await asyncio.gather(alice.waits_for("In call with bob"), bob.waits_for("In call with Alice"))
    await asyncio.gather(alice.hears(BOBS), bob.hears(ALICES))


async def assert_ended(*phones: Softphone) -> None:
    for phone in phones:
        await expect(phone.number).to_be_visible()
        assert set(await phone.peer_states()) <= {"closed"}
        await phone.hears_nothing(0.5)


async def test_two_pages_hear_each_other_and_a_hang_up_closes_both(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        assert "token" not in alice.page.url
        await talk(alice, bob)
        assert await alice.peer_states() == ["connected"]
        await alice.press("Hang up")
        await alice.waits_for("Call ended: bob")
        await bob.waits_for("Call ended: Alice")
        await assert_ended(alice, bob)
        # And the other way round, on the same pages.
        await bob.dial("alice")
        await alice.is_called_by("Bob")
        await alice.press("Answer")
        await asyncio.gather(alice.hears(BOBS), bob.hears(ALICES))
        await alice.press("Hang up")
        await bob.waits_for("Call ended: alice")
        await assert_ended(alice, bob)


async def test_the_page_is_used_by_keyboard_alone(gateway: Gateway, tmp_path: Path) -> None:
    async def reach(phone: Softphone, name: str) -> None:
        for _ in range(30):
            await phone.page.keyboard.press("Tab")
            if await phone.button(name).evaluate("(button) => button === document.activeElement"):
                return
        raise AssertionError(f"Tab does not reach the button {name}")

    async with two_phones(gateway, tmp_path) as (alice, bob):
        await alice.number.focus()
        await alice.page.keyboard.type("bob")
        await alice.page.keyboard.press("Enter")
        await bob.is_called_by("Alice")
        await reach(bob, "Answer")
        await bob.page.keyboard.press("Space")
        await bob.hears(ALICES)
        # The focus waits at the call, and not at the button that ends it.
        await reach(alice, "Mute")
        await alice.page.keyboard.press("Enter")
        await expect(alice.button("Mute")).to_have_attribute("aria-pressed", "true")
        await bob.hears_nothing()
        await alice.page.keyboard.press("Enter")
        await bob.hears(ALICES)
        await reach(alice, "Hang up")
        await alice.page.keyboard.press("Enter")
        await bob.waits_for("Call ended")
        # Dialling again needs no mouse either: the focus is back in the number field.
        await expect(alice.number).to_be_focused()
        await assert_ended(alice, bob)


async def test_a_rejected_call_ends_at_the_caller(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        await alice.dial("bob")
        await bob.is_called_by("Alice")
        await bob.press("Reject")
        await alice.waits_for("Call ended: bob, declined")
        await bob.waits_for("Declined: Alice")
        await assert_ended(alice, bob)


async def test_a_cancelled_call_stops_ringing(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        await alice.dial("bob")
        await bob.is_called_by("Alice")
        await alice.press("Hang up")
        await bob.waits_for("Missed call from Alice")
        await expect(bob.button("Answer")).to_be_hidden()
        await assert_ended(alice, bob)


async def test_a_caller_who_hangs_up_at_once_leaves_nothing_behind(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        # In one task of the page: the call has no id yet, and the microphone has not been opened.
        await alice.number.fill("bob")
        await alice.page.evaluate(
            "() => { document.getElementById('dial').requestSubmit(); document.getElementById('hang-up').click(); }"
        )
        await alice.waits_for("Call ended")
        await assert_ended(alice, bob)
        await talk(alice, bob)
        await bob.press("Hang up")
        await alice.waits_for("Call ended")


@pytest.mark.parametrize(("number", "reason"), [("offline", "not available"), ("nobody-at-all", "no such number")])
async def test_a_number_that_cannot_be_reached_says_why(
    gateway: Gateway, tmp_path: Path, number: str, reason: str
) -> None:
    async with (
        Chromium(tmp_path, ALICES) as chromium,
        chromium.softphone(page_url(gateway), gateway.token("alice")) as alice,
    ):
        await alice.dial(number)
        await alice.waits_for(reason)
        await assert_ended(alice)


async def test_hold_silences_both_sides_and_resume_brings_them_back(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        await talk(alice, bob)
        await alice.press("Hold")
        await alice.waits_for("bob is on hold")
        await bob.waits_for("Alice has put you on hold")
        await asyncio.gather(alice.hears_nothing(), bob.hears_nothing())
        await alice.press("Hold")
        await asyncio.gather(alice.waits_for("In call with bob"), bob.waits_for("In call with Alice"))
        await asyncio.gather(alice.hears(BOBS), bob.hears(ALICES))
        await alice.press("Hang up")
        await bob.waits_for("Call ended")


async def test_the_keypad_sends_digits_in_a_call(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        await alice.press("1")
        await expect(alice.number).to_have_value("1")
        await alice.number.fill("")
        await talk(alice, bob)
        await alice.press("Mute")
        await bob.hears_nothing()
        await alice.press("5")
        await expect(alice.page.get_by_text("Sent: 5")).to_be_visible()
        # The receiving browser plays the digit that came as an RTP event: 770 Hz with 1336 Hz.
        for _ in range(200):
            frequency, _ = await bob.heard()
            if min(abs(frequency - 770), abs(frequency - 1336)) < 25:
                break
            await alice.press("5")
            await asyncio.sleep(0.05)
        else:
            raise AssertionError("Bob never heard a digit")
        await alice.press("Hang up")
        await bob.waits_for("Call ended")


# The callee's page lets the caller's offer go first; without that wait the two offers cross, and one must give way.
AT_ONCE = """
  const usual = globalThis.setTimeout;
  globalThis.setTimeout = (action, after, ...rest) => usual(action, after === 1500 ? 0 : after, ...rest);
"""


@pytest.mark.parametrize("script", ["", AT_ONCE], ids=["in-turn", "at-once"])
async def test_a_changed_network_finds_a_new_path_and_the_call_goes_on(
    gateway: Gateway, tmp_path: Path, script: str
) -> None:
    async with two_phones(gateway, tmp_path, script) as (alice, bob):
        await talk(alice, bob)
        before = await alice.ice_ufrags() + await bob.ice_ufrags()
        online = "() => { dispatchEvent(new Event('online')); }"
        await asyncio.gather(alice.page.evaluate(online), bob.page.evaluate(online))
        for _ in range(100):
            after = await alice.ice_ufrags() + await bob.ice_ufrags()
            if not set(before) & set(after):
                break
            await asyncio.sleep(0.1)
        assert not set(before) & set(after), "no ICE restart"
        await asyncio.gather(alice.hears(BOBS), bob.hears(ALICES))
        await asyncio.gather(alice.waits_for("In call with bob"), bob.waits_for("In call with Alice"))
        await alice.press("Hang up")
        await bob.waits_for("Call ended")
        await assert_ended(alice, bob)


class Cable:
    """A TCP relay in front of a gateway that can be cut, and plugged in again."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self.is_plugged_in = True
        self.port = 0

    async def __aenter__(self) -> "Cable":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        self.is_plugged_in = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_plugged_in:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)


async def test_a_page_whose_socket_is_cut_connects_again(gateway: Gateway, tmp_path: Path) -> None:
    async with (
        Cable(gateway.client_listener) as cable,
        Chromium(tmp_path, ALICES) as alices,
        Chromium(tmp_path, BOBS) as bobs,
        alices.softphone(f"http://127.0.0.1:{cable.port}", gateway.token("alice")) as alice,
        bobs.softphone(page_url(gateway), gateway.token("bob")) as bob,
    ):
        await talk(alice, bob)
        cable.cut()
        # Whether the call survives is the gateway's to say; that nobody is left in a dead one is the page's.
        await alice.waits_for("trying again")
        await asyncio.sleep(1)
        cable.is_plugged_in = True
        await expect(alice.state).not_to_contain_text("trying again", timeout=DEADLINE * 1000)
        if "In call" in (await bob.state.text_content() or ""):
            await asyncio.gather(alice.hears(BOBS), bob.hears(ALICES))
            await alice.press("Hang up")
            await bob.waits_for("Call ended")
        await assert_ended(alice, bob)
        await talk(alice, bob)
        await bob.press("Hang up")
        await alice.waits_for("Call ended")


async def test_leaving_the_page_ends_the_call(gateway: Gateway, tmp_path: Path) -> None:
    async with two_phones(gateway, tmp_path) as (alice, bob):
        await talk(alice, bob)
        await alice.page.goto("about:blank")
        await bob.waits_for("Call ended: Alice")
        await assert_ended(bob)


async def test_a_page_without_a_token_asks_for_one_and_keeps_it_for_this_tab(gateway: Gateway, tmp_path: Path) -> None:
    async with Chromium(tmp_path) as chromium, chromium.page(page_url(gateway) + "/") as page:
        phone = Softphone(page)
        await phone.waits_for("Not connected")
        await page.get_by_label("Access token").fill(gateway.token("alice"))
        await phone.press("Connect")
        await phone.waits_for("Ready")
        await page.reload()
        await phone.waits_for("Ready")


async def test_the_least_page_calls_the_softphone_and_is_called_by_it(gateway: Gateway, tmp_path: Path) -> None:
    async with (
        Chromium(tmp_path, ALICES) as alices,
        Chromium(tmp_path, BOBS) as bobs,
        alices.page(f"{page_url(gateway)}/minimal.html?token={gateway.token('alice')}") as least,
        bobs.softphone(page_url(gateway), gateway.token("bob")) as bob,
    ):
        await least.get_by_label("Number to dial").fill("bob")
        await least.get_by_role("button", name="Call").click()
        await bob.is_called_by("Alice")
        await bob.press("Answer")
        await bob.waits_for("In call")
        await bob.hears(ALICES)
        await bob.press("Hang up")
        await least.wait_for_function("() => peers.length === 1 && peers[0].connectionState === 'new'")
        await bob.dial("alice")
        await bob.waits_for("In call")
        await bob.hears(ALICES)
        await least.get_by_role("button", name="Hang up").click()
        await bob.waits_for("Call ended")
