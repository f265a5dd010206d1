"""Sockets that get lost and people who let it ring: every call ends on both sides, each side hears it once."""

import pytest

from .conftest import StartGateway
from .flows import barriers, establish, pick_up, ring
from .gateway import Gateway


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    """Nothing runs out while a test lasts."""
    return start_gateway()


@pytest.fixture(scope="module")
def hasty(start_gateway: StartGateway) -> Gateway:
    """Nobody has more than a second."""
    return start_gateway(timers={"ring": "1s", "negotiation": "1s"})


async def test_ringing_that_nobody_hears_times_out(hasty: Gateway) -> None:
    async with hasty.client("alice") as alice, hasty.client("bob") as bob:
        call_id = await ring(alice, bob, "alice", "bob")
        await alice.expect("call_rejected", callee_id="bob", reason="timeout")
        await bob.expect("call_cancelled", caller_id="alice", call_id=call_id, reason="timeout")
        await barriers(alice, bob)


@pytest.mark.parametrize("offered", [False, True], ids=["no offer", "no answer"])
async def test_a_negotiation_that_stops_ends_the_call(hasty: Gateway, offered: bool) -> None:
    async with hasty.client("alice") as alice, hasty.client("bob") as bob:
        call_id = await pick_up(alice, bob, "alice", "bob")
        if offered:
            await alice.offer("bob", {"type": "offer", "sdp": "v=0\r\n"})
            await bob.expect("call_offer")
        await alice.expect("call_hanged_up", call_id=call_id, reason="media")
        await bob.expect("call_hanged_up", call_id=call_id, reason="media")
        await barriers(alice, bob)


async def test_a_callee_who_is_gone_while_it_rings(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await ring(alice, bob, "alice", "bob")
        await bob.drop()
        await alice.expect("call_rejected", callee_id="bob", reason="unavailable")
        await alice.barrier()


async def test_one_of_two_devices_that_is_gone_leaves_the_other_ringing(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as tablet, gateway.client("bob") as phone:
        call_id = await ring(alice, phone, "alice", "bob")
        await tablet.expect("incoming_call", call_id=call_id)
        await phone.drop()
        await tablet.answer_call(call_id, "alice")
        await alice.expect("call_answered", callee_id="bob")
        await alice.hang_up("bob")
        await tablet.expect("call_hanged_up", hanged_up_by="alice")
        await barriers(alice, tablet)


async def test_a_caller_who_is_gone_while_it_rings(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await ring(alice, bob, "alice", "bob")
        await alice.drop()
        await bob.expect("call_cancelled", caller_id="alice", call_id=call_id, reason="connection_lost")
        await bob.barrier()


async def test_a_callee_who_is_gone_while_media_is_negotiated(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        await bob.drop()
        await alice.expect("call_hanged_up", hanged_up_by="bob", reason="connection_lost")
        await alice.barrier()


async def test_a_party_who_is_gone_for_good(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await establish(alice, bob, "alice", "bob")
        await alice.drop()
        await bob.expect("call_hanged_up", hanged_up_by="alice", call_id=call_id, reason="connection_lost")
        await bob.barrier()


async def test_both_parties_gone_for_good_leave_nothing(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await establish(alice, bob, "alice", "bob")
        await alice.drop()
        await bob.drop()
        gateway.assert_idle(within=5)
