"""WebRTC media for the tests: a track that makes a tone, and a meter that finds the tone that is heard.

The two parties of a call send different tones, so that an echo can't pass for a connection.
"""

import asyncio
import fractions
import time

import numpy
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame
from av.audio.resampler import AudioResampler

SAMPLE_RATE = 48_000
FRAME_SAMPLES = SAMPLE_RATE // 50  # 20 ms, what every telephone codec packs into one packet.
WINDOW_SAMPLES = SAMPLE_RATE // 2  # Half a second of sound gives a resolution of 2 Hz.


class ToneTrack(MediaStreamTrack):
    """A sine of `frequency` Hz at half scale, paced in real time."""

    kind = "audio"

    def __init__(self, frequency: float) -> None:
        super().__init__()
        self.frequency = frequency
        self._position = 0
        self._started: float | None = None

    async def recv(self) -> AudioFrame:
        if self._started is None:
            self._started = time.monotonic()
        due = self._started + self._position / SAMPLE_RATE
        await asyncio.sleep(max(0.0, due - time.monotonic()))

        times = (self._position + numpy.arange(FRAME_SAMPLES)) / SAMPLE_RATE
        samples = (numpy.sin(2 * numpy.pi * self.frequency * times) * 16_000).astype(numpy.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._position
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._position += FRAME_SAMPLES
        return frame


class ToneMeter:
    """Listens to a remote track and tells its loudest frequency."""

    def __init__(self) -> None:
        self._samples = numpy.zeros(0, dtype=numpy.float64)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, track: MediaStreamTrack) -> None:
        self._task = asyncio.create_task(self._listen(track))

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def hears(self, frequency: float, *, tolerance: float = 5.0, timeout: float = 15.0) -> float:
        """Waits until the loudest frequency of half a second is `frequency`; raises `TimeoutError` if it never is."""
        async with asyncio.timeout(timeout):
            while True:
                peak = self.peak()
                if peak is not None and abs(peak - frequency) <= tolerance:
                    return peak
                self._news.clear()
                await self._news.wait()

    def forget(self) -> None:
        """Only what comes from now on counts."""
        self._samples = self._samples[:0]

    def peak(self) -> float | None:
        """The loudest frequency of the last half second in Hz; None for silence or where less was heard."""
        if len(self._samples) < WINDOW_SAMPLES:
            return None
        window = self._samples[-WINDOW_SAMPLES:] * numpy.hanning(WINDOW_SAMPLES)
        if numpy.abs(window).max() < 500:  # Out of 32,767: comfort noise, not a tone.
            return None
        return float(numpy.abs(numpy.fft.rfft(window)).argmax()) * SAMPLE_RATE / WINDOW_SAMPLES

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        try:
            while True:
                for frame in resampler.resample(await track.recv()):
                    samples = frame.to_ndarray().reshape(-1).astype(numpy.float64)
                    self._samples = numpy.concatenate((self._samples, samples))[-WINDOW_SAMPLES:]
                    self._news.set()
        except MediaStreamError:
            pass  # The peer connection was closed.
