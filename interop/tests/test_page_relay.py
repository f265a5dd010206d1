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

from .asterisk import Asterisk
from .browser import Chromium, Softphone
from .conftest import StartGateway
from .gateway import Gateway, binary

ALICES = 660.0
pytestmark = pytest.mark.deadline(180)


@pytest.fixture(scope="module")
def gateway(asterisk: Asterisk, start_gateway: StartGateway) -> Gateway:
    return start_gateway(
        "127.0.0.1",
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
