"""What a phone of the tests hears, judged by frequency."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy

DEADLINE = 20.0
TOLERANCE = 15.0  # Hz.
AUDIBLE = 0.01  # Of full scale, as root mean square: -40 dB.
WINDOW = 0.2  # Seconds of sound that are judged at once.


class Ear(ABC):
    """Whoever hears something, and can say of each moment which frequency."""

    tolerance = TOLERANCE  # Hz.
    log_path: Path  # Of all that it says, the SIP that it sends and gets too.

    async def logged(self, text: str) -> str:
        """Waits until its log has this text; gives what the log has before it."""
        async with asyncio.timeout(DEADLINE):
            while True:
                before, found, _ = self.log_path.read_text(errors="replace").partition(text)
                if found:
                    return before
                await asyncio.sleep(0.05)

    @abstractmethod
    def listen(self) -> AsyncIterator[float]:
        """The frequency in Hz of each window of sound from now on; 0 where that is nothing, or silence."""

    async def hears(self, tone: float, for_seconds: float = 1.0) -> None:
        """Waits until this tone is heard, and goes on being heard."""
        await self._waits(lambda heard: abs(heard - tone) <= self.tolerance, f"{tone:g} Hz", for_seconds)

    async def hears_nothing(self, for_seconds: float = 1.0) -> None:
        """Waits until there is silence, and goes on being silence."""
        await self._waits(lambda heard: heard == 0, "silence", for_seconds)

    @asynccontextmanager
    async def hears_without_gap(self, tone: float, longest: float = 1.0) -> AsyncIterator[None]:
        """While this is entered, the tone is never away for longer than `longest` seconds."""
        gaps: list[float] = []

        async def watch() -> None:
            last = time.monotonic()
            async for heard in self.listen():
                now = time.monotonic()
                gaps.append(now - last)
                if abs(heard - tone) <= self.tolerance:
                    last = now

        watching = asyncio.create_task(watch())
        try:
            yield
            await self.hears(tone, for_seconds=0.5)
        finally:
            watching.cancel()
        assert gaps and max(gaps) <= longest, f"{tone:g} Hz was away for {max(gaps, default=0):.1f} s"

    async def _waits(self, is_right: Callable[[float], bool], wanted: str, for_seconds: float) -> None:
        since: float | None = None
        deadline = time.monotonic() + DEADLINE
        async for heard in self.listen():
            now = time.monotonic()
            if not is_right(heard):
                assert now < deadline, f"the phone hears {heard:g} Hz, not {wanted}"
                since = None
            elif since is None:
                since = now
            elif now - since >= for_seconds:
                return


def frequency(samples: Any, rate: int) -> float:
    """The strongest frequency in Hz; 0 where there is silence."""
    level = samples.astype(float) / 32_768
    if len(level) == 0 or float(numpy.sqrt(numpy.mean(level**2))) < AUDIBLE:
        return 0.0
    spectrum = numpy.abs(numpy.fft.rfft(level * numpy.hanning(len(level))))
    return float(numpy.argmax(spectrum)) * rate / len(level)
