"""Places or takes a call from a terminal, with a tone for a voice; prints what happens."""

import argparse
import asyncio
import contextlib

from websockets import ConnectionClosed, InvalidHandshake

from .call_client import CallClient, ProtocolViolation, ServerMessage
from .media_peer import MediaPeer

FOREVER = 24 * 3600.0
ENDINGS = ("call_hanged_up", "call_rejected", "call_cancelled")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="call", description=__doc__)
    parser.add_argument("--url", default="ws://127.0.0.1:8080/ws/call/", help="the gateway (default: %(default)s)")
    parser.add_argument("--token", required=True, help="an access token, e.g. of `switchhook token`")
    parser.add_argument("--to", help="whom to call: a user's id or a number; without it, the next call is answered")
    parser.add_argument("--tone", type=float, default=440, help="the tone to send, in Hz (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=FOREVER, help="hang up after so long")
    return parser.parse_args()


async def take(client: CallClient, *types: str) -> ServerMessage | None:
    """Prints messages until one of these types comes; None where the call ended before."""
    while True:
        message = await client.receive(FOREVER)
        print(message.raw[:200])
        if message.type in types:
            return message
        if message.type in ENDINGS or message.type == "error":
            return None


async def place(client: CallClient, peer: MediaPeer, callee: str) -> str | None:
    """Calls; gives the peer's id once media is agreed."""
    await client.start_call(callee)
    if await take(client, "call_answered") is None:
        return None
    await client.offer(callee, await peer.offer())
    answer = await take(client, "call_answer")
    if answer is None:
        return None
    await peer.accept(answer["answer"])
    return callee


async def take_next(client: CallClient, peer: MediaPeer) -> int | str | None:
    """Waits for a call and answers it; gives the peer's id once media is agreed."""
    print("waiting for a call")
    call = await take(client, "incoming_call")
    if call is None:
        return None
    await client.answer_call(call["call_id"], call["caller_id"])
    offer = await take(client, "call_offer")
    if offer is None:
        return None
    await client.answer(offer["caller_id"], await peer.answer(offer["offer"]))
    return offer["caller_id"]


async def show_sound(peer: MediaPeer) -> None:
    """Prints the tone that is heard, each time it is another one."""
    before: float | None = None
    while True:
        await asyncio.sleep(0.5)
        if peer.heard != before:
            before = peer.heard
            print("silence" if before is None else f"hearing {before:.0f} Hz")


async def talk(client: CallClient, peer: MediaPeer, peer_id: int | str, seconds: float) -> None:
    """Until the other side hangs up, the time is over, or the terminal says stop: then it hangs up itself."""
    sound = asyncio.create_task(show_sound(peer))
    ended = False
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await take(client, *ENDINGS)
                ended = True
    finally:
        sound.cancel()
        if not ended:
            await client.hang_up(peer_id)


async def run(options: argparse.Namespace) -> None:
    client = CallClient(options.url, options.token)
    await client.connect()
    try:
        async with MediaPeer(options.tone) as peer:
            peer_id = await (place(client, peer, options.to) if options.to else take_next(client, peer))
            if peer_id is not None:
                await talk(client, peer, peer_id, options.seconds)
    finally:
        await client.close()


def main() -> None:
    try:
        asyncio.run(run(arguments()))
    except KeyboardInterrupt:
        pass
    except (ProtocolViolation, ConnectionClosed, InvalidHandshake, OSError) as error:
        raise SystemExit(f"call: {error}") from None


if __name__ == "__main__":
    main()
