"""The steps that many tests share, each one checked on the way."""

import asyncio
from typing import Any

from client.call_client import CallClient

# Session descriptions of nobody, with all that a peer reads: for tests in which no media flows.
_SDP = """v=0
o=- {session} 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 40000 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 127.0.0.1
a=mid:0
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtpmap:0 PCMU/8000
a=setup:{setup}
a=ice-ufrag:{ufrag}
a=ice-pwd:nobodyneedstoguessthis00
a=fingerprint:sha-256 {fingerprint}
a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host
a=end-of-candidates
"""


def _description(kind: str, session: int, setup: str, ufrag: str) -> dict[str, str]:
    fingerprint = ":".join(["5A"] * 32)
    sdp = _SDP.format(session=session, setup=setup, ufrag=ufrag, fingerprint=fingerprint)
    return {"type": kind, "sdp": sdp.replace("\n", "\r\n")}


OFFER = _description("offer", 1001, "actpass", "Offr")
ANSWER = _description("answer", 1002, "active", "Answ")


async def ring(caller: CallClient, callee: CallClient, caller_id: int | str, callee_id: int | str) -> str:
    """A call up to its ringing; gives its id, as the callee knows it."""
    await caller.start_call(callee_id)
    return (await callee.expect("incoming_call", caller_id=caller_id))["call_id"]


async def pick_up(caller: CallClient, callee: CallClient, caller_id: int | str, callee_id: int | str) -> str:
    """A call up to its answer, before any SDP."""
    call_id = await ring(caller, callee, caller_id, callee_id)
    await callee.answer_call(call_id, caller_id)
    await caller.expect("call_answered", callee_id=callee_id, call_id=call_id)
    return call_id


async def exchange(
    caller: CallClient,
    callee: CallClient,
    caller_id: int | str,
    callee_id: int | str,
    offer: Any = OFFER,
    answer: Any = ANSWER,
) -> None:
    """The offer and the answer of a call that was picked up."""
    await caller.offer(callee_id, offer)
    await callee.expect("call_offer", offer=offer, caller_id=caller_id)
    await callee.answer(caller_id, answer)
    await caller.expect("call_answer", answer=answer, callee_id=callee_id)


async def establish(caller: CallClient, callee: CallClient, caller_id: int | str, callee_id: int | str) -> str:
    """A whole call up to the point where media flows; gives its id."""
    call_id = await pick_up(caller, callee, caller_id, callee_id)
    await exchange(caller, callee, caller_id, callee_id)
    return call_id


async def barriers(*clients: CallClient) -> None:
    """None of them has anything more to hear."""
    await asyncio.gather(*(client.barrier() for client in clients))
