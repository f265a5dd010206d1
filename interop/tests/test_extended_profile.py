"""Clients made for the gateway: the extended profile, also against one that knows the user's page alone."""

import pytest

from .conftest import StartGateway
from .flows import ANSWER, OFFER, barriers, exchange
from .gateway import Gateway

ICE_SERVERS = [{"urls": ["stun:stun.example.org:3478"]}]


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(client={"ice_servers": ICE_SERVERS})


async def test_a_call_between_two_extended_clients(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, gateway.extended_client("bob") as bob:
        assert alice.session["user_id"] == "alice"
        assert alice.session["ice_servers"] == ICE_SERVERS
        await alice.start_call("bob", request_id="r1")
        started = await alice.expect("call_started", callee_id="bob", request_id="r1")
        call_id = started["call_id"]
        await bob.expect("incoming_call", call_id=call_id, caller_id="alice", caller_username="Alice")
        await alice.expect("call_ringing", call_id=call_id, callee_id="bob", early_media=False)
        await bob.answer_call(call_id, "alice", request_id=2)
        await bob.expect("ok", request_id=2)
        await alice.expect("call_answered", call_id=call_id)
        await exchange(alice, bob, "alice", "bob")
        await bob.hang_up("alice", call_id=call_id)
        await alice.expect("call_hanged_up", call_id=call_id, hanged_up_by="bob")
        await barriers(alice, bob)


async def test_early_offer_and_answer(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, gateway.extended_client("bob") as bob:
        call_id = await alice.call("bob", offer=OFFER)
        await bob.expect("incoming_call", call_id=call_id, offer=OFFER)
        await alice.expect("call_ringing")
        await bob.answer_call(call_id, "alice", answer=ANSWER)
        due = {(await alice.receive()).type, (await alice.receive()).type}
        assert due == {"call_answered", "call_answer"}  # In either order.
        await alice.hang_up("bob", call_id=call_id)
        await bob.expect("call_hanged_up")
        await barriers(alice, bob)


async def test_an_extended_caller_and_a_callee_of_the_users_page(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, gateway.client("bob") as bob:
        call_id = await alice.call("bob")
        await bob.expect("incoming_call", call_id=call_id)
        await alice.expect("call_ringing", call_id=call_id)
        await bob.answer_call(call_id, "alice")
        await alice.expect("call_answered", call_id=call_id)
        await exchange(alice, bob, "alice", "bob")
        await bob.hang_up("alice", call_id=call_id)
        await alice.expect("call_hanged_up", hanged_up_by="bob")
        await barriers(alice, bob)


async def test_a_person_rejects_and_everything_else_fails(gateway: Gateway) -> None:
    async with gateway.extended_client("alice") as alice, gateway.extended_client("bob") as bob:
        call_id = await alice.call("bob")
        await bob.expect("incoming_call", call_id=call_id)
        await alice.expect("call_ringing")
        await bob.reject_call(call_id, "alice")
        await alice.expect("call_rejected", call_id=call_id, reason="declined")
        call_id = await alice.call("nobody at all")
        await alice.expect("call_failed", call_id=call_id, callee_id="nobody at all", reason="not_found")
        await barriers(alice, bob)
