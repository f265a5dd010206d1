"""Two real WebRTC peers find each other through the gateway's signalling, and hear each other."""

import asyncio

import pytest

from client.media_peer import MediaPeer, split_candidates

from .conftest import StartGateway
from .flows import barriers, pick_up
from .gateway import Gateway


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway()


async def test_two_apps_hear_each_others_tone(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        gateway.client("bob") as bob,
        MediaPeer(440) as alices,
        MediaPeer(880) as bobs,
    ):
        await pick_up(alice, bob, "alice", "bob")
        await alice.offer("bob", await alices.offer())
        offer = await bob.expect("call_offer")
        await bob.answer("alice", await bobs.answer(offer["offer"]))
        answer = await alice.expect("call_answer")
        await alices.accept(answer["answer"])
        await asyncio.gather(alices.hears(880), bobs.hears(440))
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")
        await barriers(alice, bob)


async def test_two_apps_that_trickle_their_candidates_hear_each_other(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        gateway.client("bob") as bob,
        MediaPeer(440) as alices,
        MediaPeer(880) as bobs,
    ):
        await pick_up(alice, bob, "alice", "bob")
        offer, candidates = await alices.trickled_offer()
        await alice.offer("bob", offer)
        for candidate in candidates:
            await alice.ice_candidate("bob", candidate)

        received = await bob.expect("call_offer")
        answer, candidates = split_candidates(await bobs.answer(received["offer"]))
        await bob.answer("alice", answer)
        await alices.accept((await alice.expect("call_answer"))["answer"])
        for candidate in candidates:
            await bob.ice_candidate("alice", candidate)
            await alices.add_candidate((await alice.expect("ice_candidate", sender_id="bob"))["candidate"])
        while True:
            candidate = (await bob.expect("ice_candidate", sender_id="alice"))["candidate"]
            await bobs.add_candidate(candidate)
            if not candidate["candidate"]:
                break

        await asyncio.gather(alices.hears(880), bobs.hears(440))
        await bob.hang_up("alice")
        await alice.expect("call_hanged_up")
        await barriers(alice, bob)
