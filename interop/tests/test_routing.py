"""Whom a call rings, and in which order: trunks that stand in for each other, groups, numbers; with the gateway's relay."""

import asyncio

import pytest

from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import FAST, LAN, PLAIN, SECURE, app_takes, both_hear, take
from .phone import Phone
from .voice import Voice

ADDRESS = "127.0.3.31"
RING_TIME = 2.0  # Seconds.
MAX_DURATION = 1.5  # Seconds: of calls by the row `national`.


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    """`7xx` goes to one trunk, or to the next where that one fails; `5000` is a group that rings in turn, `5001` at once.

    Numbers of the country go to the first trunk in their national form; bob may call none of them.
    """
    return start_gateway(
        ADDRESS,
        sip={"timers": {"t1": "200ms"}},
        media={"mode": "relay", "relay": {"address": [ADDRESS, LAN], "webrtc_port": 16_372}},
        trunks=[
            {
                "name": "caller",
                "uri": f"sip:{PLAIN}:5060",
                "accept_from": [f"{PLAIN}/32"],
                "inbound": [
                    {"match": r"^500\d$", "to": "$0"},
                    {"match": r"^\+4930555(\d\d\d\d)$", "to": "$1"},
                ],
            },
            {
                "name": "first",
                "uri": f"sip:{SECURE}:5060",
                "from_user": "030555",
                "caller_id": [{"match": r"^20\d\d$", "rewrite": "030555$0"}],
            },
            {"name": "second", "uri": f"sip:{FAST}:5060"},
        ],
        groups=[
            {
                "name": "in turn",
                "numbers": ["5000"],
                "members": ["201", "301"],
                "ring": "in_turn",
                "ring_time": f"{RING_TIME:g}s",
            },
            {"name": "at once", "numbers": ["5001"], "members": ["201", "bob", "alice"]},
        ],
        users=[
            {"id": "alice", "username": "Alice", "aliases": ["2001"]},
            {"id": "bob", "username": "Bob", "may_call": []},
        ],
        normalize=[{"match": r"^00([1-9]\d+)$", "rewrite": "+$1"}, {"match": r"^0([1-9]\d+)$", "rewrite": "+49$1"}],
        dialplan=[
            {
                "name": "national",
                "match": r"^\+49(\d+)$",
                "trunk": "first",
                "rewrite": "0$1",
                "max_duration": f"{MAX_DURATION * 1000:g}ms",
            },
            {"match": r"^7\d\d$", "trunk": ["first", "second"]},
            {"match": r"^2\d\d$", "trunk": "first"},
            {"match": r"^3\d\d$", "trunk": "second"},
        ],
    )


async def test_a_trunk_that_fails_is_stood_in_for_by_the_next(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(SECURE, gateway.sip) as first,
        Phone(FAST, gateway.sip) as second,
        Voice(FAST, 700) as voice,
    ):
        await alice.start_call("700")
        failing = await first.incoming()
        failing.reply(503)
        await failing.expect("ACK")
        call = await take(second, voice)
        await alice.expect("call_answered", callee_id="700")
        await alice.offer("700", await peer.offer())
        await peer.accept((await alice.expect("call_answer", callee_id="700"))["answer"])
        await both_hear(peer, 440, voice)
        await alice.hang_up("700")
        await call.hung_up()


async def test_a_callee_who_is_busy_at_one_trunk_is_not_called_by_the_next(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(SECURE, gateway.sip) as first, Phone(FAST, gateway.sip):
        await alice.start_call("700")
        busy = await first.incoming()
        busy.reply(486)
        await busy.expect("ACK")
        await alice.expect("call_rejected", callee_id="700", reason="busy")
        await alice.barrier()


async def test_a_group_in_turn_is_heard_one_after_the_other_also_before_it_answers(gateway: Gateway) -> None:
    async with (
        Phone(PLAIN, gateway.sip) as caller,
        Phone(SECURE, gateway.sip) as first,
        Phone(FAST, gateway.sip) as second,
        Voice(PLAIN, 440) as near,
        Voice(SECURE, 700) as early,
        Voice(FAST, 1000) as far,
    ):
        call = caller.call("5000", near.sdp())
        ringing = await first.incoming()
        assert ringing.invite is not None
        early.accept(ringing.invite.body)
        ringing.reply(183, early.sdp())
        near.accept((await call.expect(183)).body)
        await near.hears(700)
        # Its time is up.
        cancel = await ringing.expect("CANCEL")
        assert cancel.header("Reason") == 'Q.850;cause=19;text="No answer from user"'
        ringing.reply(200)
        ringing.reply(487, to=ringing.invite)
        await ringing.expect("ACK")
        taken = await take(second, far)
        await call.expect(200)
        call.ack()
        await asyncio.gather(near.hears(1000), far.hears(440))
        await call.hang_up()
        await taken.hung_up()


async def test_in_a_group_at_once_one_may_reject_and_another_takes_the_call(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        gateway.client("bob") as bob,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as caller,
        Phone(SECURE, gateway.sip) as first,
        Voice(PLAIN, 700) as voice,
    ):
        call = caller.call("5001", voice.sdp())
        refusing = await first.incoming()
        refusing.reply(603)
        await refusing.expect("ACK")
        incoming = await bob.expect("incoming_call")
        await bob.reject_call(incoming["call_id"], incoming["caller_id"])
        await bob.barrier()
        await app_takes(alice, peer)
        voice.accept((await call.expect(200)).body)
        call.ack()
        await both_hear(peer, 440, voice)
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")


async def test_a_number_goes_out_in_one_form_with_the_callers_own_and_for_so_long(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, Phone(SECURE, gateway.sip) as phone, Voice(SECURE, 700) as voice:
        await alice.start_call("(040) 123-45")
        call = await phone.incoming()
        assert call.invite is not None
        assert call.invite.start_line == f"INVITE sip:04012345@{SECURE} SIP/2.0"
        assert f"<sip:0305552001@{ADDRESS}>" in call.invite.header("From")
        voice.accept(call.invite.body)
        call.reply(200, voice.sdp())
        await call.expect("ACK")
        await alice.expect("call_answered", callee_id="(040) 123-45")
        await call.hung_up()
        await alice.expect("call_hanged_up", reason="time_limit")


async def test_a_user_calls_nobody_outside_who_may_not(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await bob.start_call("+4940 123-45")
        await bob.expect("call_rejected", callee_id="+4940 123-45", reason="forbidden")
        await bob.start_call("2001")
        incoming = await alice.expect("incoming_call", caller_id="bob")
        await alice.reject_call(incoming["call_id"], "bob")
        await bob.expect("call_rejected", callee_id="2001", reason="declined")


async def test_a_trunks_number_reaches_its_user_who_sees_who_calls_in_the_form_to_call_back(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        Phone(PLAIN, gateway.sip, number="017012345") as caller,
        Voice(PLAIN, 700) as voice,
    ):
        call = caller.call("0305552001", voice.sdp())
        incoming = await alice.expect("incoming_call", caller_id="+4917012345")
        await alice.reject_call(incoming["call_id"], incoming["caller_id"])
        await call.expect(603)
        await caller.call("2001", voice.sdp()).expect(404)
