"""Every flow of the user's page between two clients that know nothing else."""

import pytest

from .conftest import StartGateway
from .flows import ANSWER, OFFER, barriers, establish, exchange, pick_up, ring
from .gateway import Gateway

BEYOND = 9007199254740993


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway()


async def test_a_whole_call_that_the_caller_ends(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await alice.start_call("bob")
        call = await bob.expect("incoming_call", caller_id="alice", caller_username="Alice")
        await bob.answer_call(call["call_id"], "alice")
        await alice.expect("call_answered", callee_id="bob")
        await exchange(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up", hanged_up_by="alice", reason="hung_up", call_id=call["call_id"])
        await barriers(alice, bob)


async def test_a_whole_call_that_the_callee_ends(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await establish(alice, bob, "alice", "bob")
        await bob.hang_up("alice", call_id=call_id)
        await alice.expect("call_hanged_up", hanged_up_by="bob", reason="hung_up")
        await barriers(alice, bob)


async def test_number_ids_stay_numbers_beyond_what_a_double_holds(gateway: Gateway) -> None:
    async with gateway.client(7) as seven, gateway.client(BEYOND) as beyond:
        call_id = await establish(seven, beyond, 7, BEYOND)
        await seven.ice_candidate(BEYOND, {"candidate": "", "sdpMid": "0"})
        message = await beyond.expect("ice_candidate", sender_id=7)
        assert '"sender_id":7' in message.raw.replace(" ", "")
        await beyond.hang_up(7, call_id=call_id)
        await seven.expect("call_hanged_up", hanged_up_by=BEYOND)
        await barriers(seven, beyond)


@pytest.mark.parametrize(("user", "dialled"), [(7, "7"), ("42", 42)])
async def test_a_number_and_its_string_reach_the_same_user(
    gateway: Gateway, user: int | str, dialled: int | str
) -> None:
    async with gateway.client("alice") as alice, gateway.client(user) as callee:
        call_id = await establish(alice, callee, "alice", dialled)  # The caller hears what was dialled.
        await callee.hang_up("alice", call_id=call_id)
        await alice.expect("call_hanged_up", hanged_up_by=dialled)
        await barriers(alice, callee)


@pytest.mark.parametrize(("more", "reason"), [({}, "declined"), ({"reason": "busy"}, "busy")])
async def test_reject(gateway: Gateway, more: dict[str, str], reason: str) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await ring(alice, bob, "alice", "bob")
        await bob.reject_call(call_id, "alice", **more)
        await alice.expect("call_rejected", callee_id="bob", reason=reason)
        await barriers(alice, bob)


@pytest.mark.parametrize("more", [{}, {"call_id": None}])
async def test_cancel_without_a_call_id(gateway: Gateway, more: dict[str, None]) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await ring(alice, bob, "alice", "bob")
        await alice.cancel_call("bob", **more)
        await bob.expect("call_cancelled", caller_id="alice", call_id=call_id, reason="cancelled")
        await barriers(alice, bob)


async def test_a_hang_up_while_it_rings_cancels(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await ring(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_cancelled", caller_id="alice", reason="cancelled")
        await barriers(alice, bob)


async def test_a_callees_hang_up_while_it_rings_rejects(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await ring(alice, bob, "alice", "bob")
        await bob.hang_up("alice", call_id=call_id)
        await alice.expect("call_rejected", callee_id="bob", reason="declined")
        await barriers(alice, bob)


async def test_a_cancel_that_crosses_the_answer_ends_the_answered_call(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        await alice.cancel_call("bob")
        await bob.expect("call_hanged_up", hanged_up_by="alice")
        await barriers(alice, bob)


async def test_candidates_go_both_ways_while_the_descriptions_do(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        await alice.offer("bob", OFFER)
        candidate = {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
        await alice.ice_candidate("bob", candidate)
        await bob.expect("call_offer", offer=OFFER)
        await bob.expect("ice_candidate", candidate=candidate, sender_id="alice")
        await bob.ice_candidate("alice", candidate)
        await bob.answer("alice", ANSWER)
        await bob.ice_candidate("alice", {"candidate": ""})
        await alice.expect("ice_candidate", candidate=candidate, sender_id="bob")
        await alice.expect("call_answer", answer=ANSWER)
        await alice.expect("ice_candidate", candidate={"candidate": ""}, sender_id="bob")
        await alice.ice_candidate("bob", None)
        await bob.expect("ice_candidate", candidate=None, sender_id="alice")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")
        await barriers(alice, bob)


async def test_descriptions_and_candidates_pass_to_the_byte(gateway: Gateway) -> None:
    sdp = '"v=0\\r\\n\\u0061=\\u00e9 é 🎧 \\ud83c\\udfa7 \\/ /"'
    offer = '{ "type" :"offer",\t"sdp": ' + sdp + ', "n": 1.50E+2, "x":[ ] , "x":{}}'
    answer = '{"sdp":"\\"}]{[","type":"answer" , "big":123456789012345678901234567890}'
    candidate = '{"candidate":"candidate:\\t\\u2028"  ,\n "sdpMid":null}'
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        await alice.send_text('{"offer" : ' + offer + ' , "action":"\\u006fffer","callee_id":"b\\u006fb"}')
        assert offer in (await bob.expect("call_offer", caller_id="alice")).raw
        await bob.send_text('{"action":"answer","caller_id":"alice","answer":' + answer + "}")
        assert answer in (await alice.expect("call_answer", callee_id="bob")).raw
        await alice.send_text('\n{"action":"ice_candidate","peer_id":"bob","candidate":\n' + candidate + "\n}\n")
        assert candidate in (await bob.expect("ice_candidate", sender_id="alice")).raw
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")


async def test_unknown_fields_are_ignored(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await alice.send_text('{"action":"start_call","callee_id":"bob","colour":{"deep":[[[]]]},"\\u0000":1}')
        call = await bob.expect("incoming_call")
        await bob.send_text('{"action":"reject_call","call_id":"%s","caller_id":"alice","z":-0}' % call["call_id"])
        await alice.expect("call_rejected", reason="declined")


async def test_one_user_in_two_calls_at_once(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob, gateway.client(7) as seven:
        await establish(alice, bob, "alice", "bob")
        call_id = await establish(seven, alice, 7, "alice")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up", hanged_up_by="alice")
        await barriers(alice, bob, seven)
        await alice.hang_up(7, call_id=call_id)
        await seven.expect("call_hanged_up", hanged_up_by="alice")


async def test_two_users_who_call_each_other_have_two_calls(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        from_alice = await ring(alice, bob, "alice", "bob")
        from_bob = await ring(bob, alice, "bob", "alice")
        assert from_alice != from_bob
        await alice.hang_up("bob", request_id="which")
        await alice.expect_error("ambiguous_call", request_id="which")
        await alice.answer_call(from_bob, "bob")
        await bob.expect("call_answered", callee_id="alice", call_id=from_bob)
        await alice.cancel_call("bob", call_id=from_alice)
        await bob.expect("call_cancelled", caller_id="alice", call_id=from_alice)
        await exchange(bob, alice, "bob", "alice")  # Only one call is left in which it can be due.
        await alice.hang_up("bob", call_id=from_bob)
        await bob.expect("call_hanged_up", hanged_up_by="alice", call_id=from_bob)


@pytest.mark.parametrize(
    ("callee", "reason"), [("offline", "unavailable"), ("nobody at all", "not_found"), (123456789, "not_found")]
)
async def test_a_call_to_nobody(gateway: Gateway, callee: int | str, reason: str) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call(callee)
        await alice.expect("call_rejected", callee_id=callee, reason=reason)
        await alice.barrier()


async def test_a_user_who_was_here_before_is_unavailable(gateway: Gateway) -> None:
    async with gateway.client("no entry anywhere"):
        pass
    async with gateway.client("alice") as alice:
        await alice.start_call("no entry anywhere")
        await alice.expect("call_rejected", callee_id="no entry anywhere", reason="unavailable")


async def test_a_call_to_oneself_with_one_device(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice:
        await alice.start_call("alice")
        await alice.expect("call_rejected", callee_id="alice", reason="unavailable")
        await alice.barrier()
