"""Chromium with the softphone page: pages that speak a tone each, read as a screen reader reads them."""

import asyncio
import math
import struct
import time
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, async_playwright, expect

CHROMIUM = "/usr/bin/chromium"
DEADLINE = 20.0  # Seconds: a browser on a small machine, with others beside it, takes its time.
TOLERANCE = 15.0  # Hz; the page's own resolution is 6 Hz.
AUDIBLE = -45.0  # dB of full scale; a tone's file is at -9 dB.

# Keeps every peer connection of the page, so that a test can see that they are closed and what they are made of.
_RECORD_PEERS = """
  globalThis.peers = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...parts) { super(...parts); globalThis.peers.push(this); }
  };
"""


def write_tone(path: Path, frequency: float, seconds: float = 4.0, rate: int = 48_000) -> Path:
    """A WAV file with a whole number of periods, so that Chromium, which plays it over and over, makes no clicks."""
    seconds = round(frequency * seconds) / frequency
    samples = (
        int(11_500 * math.sin(2 * math.pi * frequency * number / rate)) for number in range(round(seconds * rate))
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


class Chromium:
    """One browser process with a microphone that plays one tone; every page of it is heard with that tone.

    `async with Chromium(tmp_path, tone=440) as chromium: async with chromium.softphone(url, token) as phone: ...`
    """

    def __init__(self, folder: Path, tone: float = 440.0, mobile: bool = False) -> None:
        self.tone = tone
        self._tone_file = write_tone(folder / f"tone-{tone:g}.wav", tone)
        self._mobile = mobile
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(
            executable_path=CHROMIUM,
            headless=True,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={self._tone_file}",
                "--autoplay-policy=no-user-gesture-required",
                "--disable-features=WebRtcHideLocalIpsWithMdns",
            ],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    @asynccontextmanager
    async def page(self, url: str, script: str = "") -> AsyncIterator[Page]:
        """A page in a profile of its own, with a script of the test's before its own.

        A script error in it, or a breach of its content security policy, fails the test.
        """
        assert self._browser is not None
        context: BrowserContext = await self._browser.new_context(
            viewport={"width": 390, "height": 780}, device_scale_factor=2 if self._mobile else 1, has_touch=self._mobile
        )
        context.set_default_timeout(DEADLINE * 1000)
        await context.grant_permissions(["microphone"])
        await context.add_init_script(_RECORD_PEERS + script)
        page = await context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(f"{error}"))
        page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
        try:
            await page.goto(url)
            yield page
            assert not faults, f"the page complains: {faults}"
        finally:
            await context.close()

    @asynccontextmanager
    async def softphone(
        self, url: str, token: str, raw: bool = True, script: str = ""
    ) -> AsyncIterator["Softphone"]:
        """The softphone of the bearer of that token, connected; `url` is the gateway's, e.g. http://127.0.0.1:8080."""
        async with self.page(f"{url}/?token={quote(token)}{'&raw=1' if raw else ''}", script) as page:
            phone = Softphone(page)
            await phone.waits_for("Ready")
            yield phone


class Softphone:
    """One softphone page, used by what a screen reader says of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = page.get_by_role("textbox", name="dial")
        self.state = page.get_by_role("status")

    def button(self, name: str) -> Locator:
        """A button by its accessible name: Call, Hang up, Answer, Reject, Mute, Hold, or a digit."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def dial(self, number: str) -> None:
        """Dials by keyboard."""
        await self.number.fill(number)
        await self.number.press("Enter")

    async def press(self, name: str) -> None:
        await self.button(name).click()

    async def is_called_by(self, name: str) -> None:
        """Waits until the page rings, and says who calls."""
        await expect(self.page.get_by_role("alert")).to_have_text(f"Incoming call from {name}", timeout=DEADLINE * 1000)

    async def waits_for(self, state: str) -> None:
        """Waits until the announced state holds this text: Ready, Calling, Ringing, In call, Call ended, on hold, ..."""
        await expect(self.state).to_contain_text(state, timeout=DEADLINE * 1000)

    async def heard(self) -> tuple[float, float]:
        """What the page hears: the strongest frequency in Hz, 0 where there is silence, and the level in dB."""
        frequency, level = await self.page.evaluate(
            "() => { const { frequency, level } = document.getElementById('heard').dataset;"
            " return [Number(frequency), Number(level)]; }"
        )
        return frequency, level

    async def hears(self, tone: float, for_seconds: float = 1.0) -> None:
        """Waits until the page hears this tone, and goes on hearing it."""
        since: float | None = None
        deadline = time.monotonic() + DEADLINE
        while since is None or time.monotonic() - since < for_seconds:
            frequency, level = await self.heard()
            if abs(frequency - tone) > TOLERANCE or level < AUDIBLE:
                assert time.monotonic() < deadline, f"heard {frequency:g} Hz at {level:g} dB, not {tone:g} Hz"
                since = None
            elif since is None:
                since = time.monotonic()
            await asyncio.sleep(0.1)

    async def hears_nothing(self, for_seconds: float = 1.0) -> None:
        """Waits until there is silence, and goes on being silence."""
        since: float | None = None
        deadline = time.monotonic() + DEADLINE
        while since is None or time.monotonic() - since < for_seconds:
            frequency, level = await self.heard()
            if frequency > 0:
                assert time.monotonic() < deadline, f"heard {frequency:g} Hz at {level:g} dB, not silence"
                since = None
            elif since is None:
                since = time.monotonic()
            await asyncio.sleep(0.1)

    async def peer_states(self) -> list[str]:
        """The state of every peer connection that the page ever made."""
        return await self.page.evaluate("() => peers.map((peer) => peer.connectionState)")

    async def ice_ufrags(self) -> list[str]:
        """The ICE user fragment of each peer connection: an ICE restart changes it."""
        return await self.page.evaluate(
            "() => peers.map((peer) => /a=ice-ufrag:(\\S+)/.exec(peer.localDescription?.sdp)?.[1])"
        )
