"""The softphone page in a real browser and plain phones: the gateway carries the media (relay)."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from .asterisk import Asterisk
from .browser import Chromium, Softphone
from .conftest import StartGateway
from .gateway import Gateway, binary

ALICES, BOBS = 660.0, 880.0
pytestmark = pytest.mark.deadline(180)


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        "127.0.0.1",
        # The end of a call is remembered for 64 times that long: so long the gateway is not idle.
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": ["127.0.0.1", "10.88.0.1"]}},
        trunks=[
            {"name": "asterisk", "uri": "sip:127.0.0.1:5070;transport=udp", "accept_from": ["127.0.0.1/32"]},
        ],
        dialplan=[{"match": r"^6\d\d$", "trunk": "asterisk"}],
    )


@asynccontextmanager
async def softphone(gateway: Gateway, folder: Path) -> AsyncIterator[Softphone]:
    url = "http://{}:{}".format(*gateway.client_listener)
    async with (
        Chromium(folder, ALICES) as chromium,
        chromium.softphone(url, gateway.token("alice")) as alice,
    ):
        yield alice


async def test_a_page_calls_asterisk_holds_resumes_and_hangs_up(
    gateway: Gateway, asterisk: Asterisk, tmp_path: Path
) -> None:
    async with softphone(gateway, tmp_path) as alice:
        await alice.dial("600")
        await alice.waits_for("In call with 600")
        await alice.hears(ALICES)
        await alice.press("Hold")
        await alice.hears_nothing()
        await alice.press("Hold")
        await alice.hears(ALICES)
        await alice.press("Hang up")
        await alice.waits_for("Call ended")
        await asterisk.no_channels()


async def test_a_page_hears_asterisk_before_it_answers(gateway: Gateway, asterisk: Asterisk, tmp_path: Path) -> None:
    async with softphone(gateway, tmp_path) as alice:
        await alice.dial("604")
        await alice.hears(440, for_seconds=0.5)
        await alice.waits_for("In call with 604")
        await alice.hears(ALICES)
        await alice.press("Hang up")
        await asterisk.no_channels()


async def test_asterisk_calls_a_page_and_hangs_up(gateway: Gateway, asterisk: Asterisk, tmp_path: Path) -> None:
    async with softphone(gateway, tmp_path) as alice:
        await asterisk.originate("8alice", "Milliwatt")
        await alice.press("Answer")
        await alice.hears(1004)
        asterisk.cli("channel request hangup all")
        await alice.waits_for("Call ended")
        await asterisk.no_channels()


async def test_a_new_path_in_mid_call_keeps_the_call(gateway: Gateway, asterisk: Asterisk, tmp_path: Path) -> None:
    async with softphone(gateway, tmp_path) as alice:
        await alice.dial("600")
        await alice.hears(ALICES)
        before = await alice.ice_ufrags()
        # What a browser tells when its network changes.
        await alice.page.evaluate("() => dispatchEvent(new Event('online'))")
        async with asyncio.timeout(20):
            while await alice.ice_ufrags() == before:
                await asyncio.sleep(0.1)
        await alice.hears(ALICES, for_seconds=2)
        await alice.press("Hang up")
        await asterisk.no_channels()


@asynccontextmanager
async def two_softphones(gateway: Gateway, folder: Path) -> AsyncIterator[tuple[Softphone, Softphone]]:
    url = "http://{}:{}".format(*gateway.client_listener)
    async with (
        softphone(gateway, folder) as alice,
        Chromium(folder, BOBS) as chromium,
        chromium.softphone(url, gateway.token("bob")) as bob,
    ):
        yield alice, bob


async def test_a_page_hands_a_number_over_to_a_page_and_a_page_to_a_number(
    gateway: Gateway, asterisk: Asterisk, tmp_path: Path
) -> None:
    async with two_softphones(gateway, tmp_path) as (alice, bob):
        await alice.dial("600")
        await alice.hears(ALICES)
        await alice.press("Transfer")
        await alice.dial("bob")
        await bob.is_called_by("600")
        await bob.press("Reject")
        await expect(alice.page.get_by_role("alert")).to_contain_text("Nobody came")
        await alice.hears(ALICES)
        await alice.press("Transfer")
        await alice.dial("bob")
        await bob.press("Answer")
        await alice.waits_for("Call ended: 600, handed over")
        await bob.waits_for("In call with 600")
        await bob.hears(BOBS)
        await bob.press("Hang up")
        await asterisk.no_channels()
        # The pages talk to each other, until one of them is led to the relay.
        await alice.dial("bob")
        await bob.press("Answer")
        await asyncio.gather(alice.hears(BOBS), bob.hears(ALICES))
        await alice.press("Transfer")
        await alice.dial("600")
        await alice.waits_for("Call ended: bob, handed over")
        await bob.waits_for("In call with 600")
        await bob.hears(BOBS)
        await bob.press("Hang up")
        await asterisk.no_channels()


async def test_a_page_joins_the_two_that_it_talks_to(gateway: Gateway, asterisk: Asterisk, tmp_path: Path) -> None:
    async with two_softphones(gateway, tmp_path) as (alice, bob):
        await alice.dial("601")
        await alice.hears(1004)
        await bob.dial("alice")
        await alice.press("Answer")
        await bob.hears(ALICES)
        await alice.press("Join with 601")
        await alice.waits_for("handed over")
        await bob.waits_for("In call with 601")
        await bob.hears(1004)
        await bob.press("Hang up")
        await asterisk.no_channels()


async def test_the_demo_prints_a_link_with_which_600_echoes(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        binary(),
        "demo",
        *("--client-port", "8090", "--admin-port", "9095", "--sip-port", "5090"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    assert demo.stdout is not None
    try:
        link = None
        while link is None:
            line = (await asyncio.wait_for(demo.stdout.readline(), 30)).decode()
            assert line, "the demo ended"
            link = re.search(r"http://127\.0\.0\.1:8090/\?token=\S+", line)
        async with Chromium(tmp_path, ALICES) as chromium, chromium.page(f"{link[0]}&raw=1") as page:
            alice = Softphone(page)
            await alice.waits_for("Ready")
            await alice.dial("600")
            await alice.hears(ALICES)
            await alice.press("Hang up")
            await alice.waits_for("Call ended")
            await alice.dial("601")
            await alice.hears(440)
            await alice.press("Hang up")
            await alice.waits_for("Call ended")
            await alice.dial("602")
            await alice.waits_for("busy")
    finally:
        demo.send_signal(signal.SIGINT)
        await asyncio.wait_for(demo.wait(), 20)
    assert demo.returncode == 0
