"""One user, several devices: all ring, one takes the call, the others hear why they stop."""

import pytest

from .conftest import StartGateway
from .flows import barriers, exchange
from .gateway import Gateway


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway()


async def test_the_first_answer_wins_and_a_late_one_is_told_so(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as phone, gateway.client("bob") as tablet:
        await alice.start_call("bob")
        call_id = (await phone.expect("incoming_call", caller_id="alice"))["call_id"]
        await tablet.expect("incoming_call", caller_id="alice", call_id=call_id)
        await phone.answer_call(call_id, "alice")
        await alice.expect("call_answered", callee_id="bob")
        await tablet.expect("call_cancelled", caller_id="alice", call_id=call_id, reason="answered_elsewhere")
        await tablet.answer_call(call_id, "alice")
        await tablet.expect_error("already_answered")
        await exchange(alice, phone, "alice", "bob")
        await alice.hang_up("bob")
        await phone.expect("call_hanged_up", hanged_up_by="alice")
        await barriers(alice, phone, tablet)


async def test_one_device_rejects_for_the_user(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as phone, gateway.client("bob") as tablet:
        await alice.start_call("bob")
        call_id = (await phone.expect("incoming_call"))["call_id"]
        await tablet.expect("incoming_call", call_id=call_id)
        await tablet.reject_call(call_id, "alice")
        await alice.expect("call_rejected", callee_id="bob", reason="declined")
        await phone.expect("call_cancelled", caller_id="alice", call_id=call_id, reason="declined_elsewhere")
        await barriers(alice, phone, tablet)


async def test_a_cancel_reaches_every_device(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as phone, gateway.client("bob") as tablet:
        await alice.start_call("bob")
        await phone.expect("incoming_call")
        await tablet.expect("incoming_call")
        await alice.cancel_call("bob")
        await phone.expect("call_cancelled", reason="cancelled")
        await tablet.expect("call_cancelled", reason="cancelled")
        await barriers(alice, phone, tablet)


async def test_a_device_that_connects_while_it_rings_rings(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as phone:
        await alice.start_call("bob")
        call_id = (await phone.expect("incoming_call"))["call_id"]
        async with gateway.client("bob") as tablet:
            await tablet.expect("incoming_call", caller_id="alice", caller_username="Alice", call_id=call_id)
            await tablet.answer_call(call_id, "alice")
            await alice.expect("call_answered", callee_id="bob")
            await phone.expect("call_cancelled", reason="answered_elsewhere")
            await exchange(alice, tablet, "alice", "bob")
            await tablet.hang_up("alice", call_id=call_id)
            await alice.expect("call_hanged_up", hanged_up_by="bob")
            await barriers(alice, phone, tablet)


async def test_the_callers_other_devices_hear_nothing(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("alice") as other, gateway.client("bob") as bob:
        await alice.start_call("bob")
        call_id = (await bob.expect("incoming_call"))["call_id"]
        await bob.answer_call(call_id, "alice")
        await alice.expect("call_answered")
        await exchange(alice, bob, "alice", "bob")
        await bob.hang_up("alice", call_id=call_id)
        await alice.expect("call_hanged_up")
        await barriers(alice, other, bob)


async def test_a_call_to_oneself_rings_ones_other_devices(gateway: Gateway) -> None:
    async with gateway.client("alice") as desk, gateway.client("alice") as phone:
        await desk.start_call("alice")
        call_id = (await phone.expect("incoming_call", caller_id="alice"))["call_id"]
        await phone.reject_call(call_id, "alice")
        await desk.expect("call_rejected", callee_id="alice", reason="declined")
        await barriers(desk, phone)
