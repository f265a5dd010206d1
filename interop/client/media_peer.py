"""A whole WebRTC peer that sends a tone and knows what it hears."""

import re
from types import TracebackType
from typing import Any, Self

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from aiortc.sdp import candidate_from_sdp

from .media import ToneMeter, ToneTrack


class MediaPeer:
    """Sends a tone of `frequency` Hz; speaks the protocol's `offer`, `answer` and `candidate` objects.

    With a `codec` it has none but that one, as `PCMU` or `opus`.
    """

    def __init__(self, frequency: float, codec: str | None = None) -> None:
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.addTrack(ToneTrack(frequency))
        if codec is not None:
            (transceiver,) = self._connection.getTransceivers()
            known = RTCRtpSender.getCapabilities("audio").codecs
            transceiver.setCodecPreferences([each for each in known if each.mimeType == f"audio/{codec}"])
        self._meter = ToneMeter()
        self._connection.on("track", self._listen)

    async def offer(self) -> dict[str, str]:
        """An offer that holds every candidate, as aiortc gathers them first."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return self._local()

    async def trickled_offer(self) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """An offer as a browser makes it, and the candidates which that sends after it."""
        return split_candidates(await self.offer())

    async def answer(self, offer: dict[str, str]) -> dict[str, str]:
        await self.accept(offer)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        return self._local()

    async def accept(self, description: dict[str, str]) -> None:
        """Takes the other side's offer or answer."""
        await self._connection.setRemoteDescription(RTCSessionDescription(description["sdp"], description["type"]))

    async def add_candidate(self, candidate: dict[str, Any] | None) -> None:
        """Takes one of the other side's candidates; null or an empty one says that there are no more."""
        if candidate is None or not candidate["candidate"]:
            await self._connection.addIceCandidate(None)
            return
        parsed = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
        parsed.sdpMid = candidate.get("sdpMid")
        parsed.sdpMLineIndex = candidate.get("sdpMLineIndex")
        await self._connection.addIceCandidate(parsed)

    async def hears(self, frequency: float, timeout: float = 15.0) -> float:
        """Waits until the other side's tone is `frequency` Hz; raises `TimeoutError` if it never is."""
        return await self._meter.hears(frequency, timeout=timeout)

    async def still_hears(self, frequency: float, timeout: float = 15.0) -> float:
        """The same, of what comes from now on alone."""
        self._meter.forget()
        return await self.hears(frequency, timeout)

    @property
    def heard(self) -> float | None:
        """The loudest frequency of the last half second, if there was sound."""
        return self._meter.peak()

    async def close(self) -> None:
        await self._meter.stop()
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _listen(self, track: MediaStreamTrack) -> None:
        self._meter.start(track)

    def _local(self) -> dict[str, str]:
        description = self._connection.localDescription
        return {"type": description.type, "sdp": description.sdp}


def split_candidates(description: dict[str, str]) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Takes the candidates out of a description: port 9 and 0.0.0.0 are left, as in a browser's first SDP."""
    sdp = description["sdp"]
    mid = re.search(r"a=mid:(\S+)", sdp)
    candidates: list[dict[str, Any]] = [
        {"candidate": line, "sdpMid": mid.group(1) if mid else "0", "sdpMLineIndex": 0}
        for line in re.findall(r"a=(candidate:[^\r\n]+)", sdp)
    ]
    candidates.append({"candidate": "", "sdpMid": mid.group(1) if mid else "0", "sdpMLineIndex": 0})
    bare = re.sub(r"a=(candidate:[^\r\n]+|end-of-candidates)\r\n", "", sdp)
    bare = re.sub(r"c=IN IP4 \S+", "c=IN IP4 0.0.0.0", bare)
    bare = re.sub(r"m=audio \d+", "m=audio 9", bare)
    return {"type": description["type"], "sdp": bare}, candidates
