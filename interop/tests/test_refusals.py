"""What the gateway does not accept: one `error`, or a closed door, and no call is the worse for it."""

import json

import pytest
import websockets

from client import tokens

from .conftest import StartGateway
from .flows import OFFER, barriers, establish, exchange, pick_up, ring
from .gateway import SECRET, Gateway

LIMIT = 65_536  # limits.message_bytes, the default.


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway()


BAD_FRAMES = [
    ("", "bad_json"),
    ("hello", "bad_json"),
    ("{", "bad_json"),
    ('{"action":"start_call","callee_id":"bob"} x', "bad_json"),
    ('{"action":"start_call","callee_id":"bob",}', "bad_json"),
    ("{'action':'start_call'}", "bad_json"),
    ('{"action":"start_call","callee_id":01}', "bad_json"),
    ("[" * 30_000, "bad_json"),
    ('{"action":"start_call","callee_id":"\\ud800"}', "bad_message"),
    ("null", "bad_message"),
    ('["start_call"]', "bad_message"),
    ("{}", "bad_message"),
    ('{"action":7}', "bad_message"),
    ('{"action":"start_call"}', "bad_message"),
    ('{"action":"start_call","callee_id":null}', "bad_message"),
    ('{"action":"start_call","callee_id":""}', "bad_message"),
    ('{"action":"start_call","callee_id":true}', "bad_message"),
    ('{"action":"start_call","callee_id":["bob"]}', "bad_message"),
    ('{"action":"start_call","callee_id":{"id":"bob"}}', "bad_message"),
    ('{"action":"answer_call","call_id":[5],"caller_id":"bob"}', "bad_message"),
    ('{"action":"hang_up","action":"hang_up","peer_id":"bob"}', "bad_message"),
    ('{"action":"hang_up"}', "bad_message"),
    ('{"action":"offer","callee_id":"bob"}', "bad_message"),
    ('{"action":"answer","caller_id":"bob"}', "bad_message"),
    ('{"action":"ice_candidate","peer_id":"bob"}', "bad_message"),
    ('{"action":"make_coffee","callee_id":"bob"}', "unknown_action"),
    ('{"action":"START_CALL","callee_id":"bob"}', "unknown_action"),
    (b'{"action":"start_call","callee_id":"bob"}', "bad_message"),
    (b"\x00\xff", "bad_message"),
    ('{"action":"start_call","callee_id":"' + "b" * LIMIT + '"}', "message_too_big"),
]


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES, ids=lambda value: repr(value[:40]))
async def test_a_bad_message_gets_one_error_and_the_call_goes_on(
    gateway: Gateway, frame: str | bytes, code: str
) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        await pick_up(alice, bob, "alice", "bob")
        await alice.send_text(frame)
        await alice.expect_error(code)
        await barriers(alice, bob)
        await exchange(alice, bob, "alice", "bob")
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")


@pytest.mark.parametrize("request_id", ["r-1", 12, 9007199254740993, -1.5], ids=repr)
async def test_an_error_echoes_the_action_and_the_request_id(gateway: Gateway, request_id: object) -> None:
    async with gateway.client("alice") as alice:
        await alice.send_text(json.dumps({"action": "sing", "request_id": request_id}))
        await alice.expect_error("unknown_action", action="sing", request_id=request_id)


async def test_a_message_far_over_the_limit_closes_the_socket(gateway: Gateway) -> None:
    client = gateway.client("alice")
    await client.connect()
    await client.send_text(" " * (LIMIT * 16 + 1))
    assert await client.wait_closed() == 1009
    await client.close()


async def test_invalid_utf8_closes_the_socket(gateway: Gateway) -> None:
    client = gateway.client("alice")
    await client.connect()
    await client._connected.send(b'{"action":"\xc3\x28"}', text=True)
    assert await client.wait_closed() == 1007
    await client.close()


async def test_what_names_no_call_of_mine_changes_nothing(gateway: Gateway) -> None:
    async with (
        gateway.client("alice") as alice,
        gateway.client("bob") as bob,
        gateway.client("mallory") as mallory,
    ):
        call_id = await establish(alice, bob, "alice", "bob")
        await mallory.hang_up("alice", call_id=call_id)
        await mallory.expect_error("not_your_call")
        await mallory.answer_call(call_id, "alice")
        await mallory.expect_error("not_your_call")
        await alice.hang_up("mallory", call_id=call_id)  # Her call, but not with that peer.
        await alice.expect_error("not_your_call")
        await alice.hang_up("mallory")
        await alice.expect_error("unknown_call")
        await alice.hang_up("bob", call_id="made-up")
        await alice.expect_error("unknown_call")
        await alice.hang_up("bob", call_id=12345)
        await alice.expect_error("unknown_call")
        await mallory.offer("bob", OFFER)
        await mallory.expect_error("unknown_call")
        await barriers(alice, bob, mallory)
        await alice.hang_up("bob")
        await bob.expect("call_hanged_up")


async def test_the_caller_can_not_answer_for_the_callee(gateway: Gateway) -> None:
    async with gateway.client("alice") as alice, gateway.client("bob") as bob:
        call_id = await ring(alice, bob, "alice", "bob")
        await alice.answer_call(call_id, "bob")
        assert (await alice.expect("error"))["code"] in ("not_your_call", "wrong_state")
        await barriers(alice, bob)
        await alice.cancel_call("bob")
        await bob.expect("call_cancelled")


def bad_tokens() -> dict[str, str]:
    good = tokens.mint(SECRET, "alice")
    return {
        "none": "",
        "malformed": "a.b.c",
        "expired": tokens.mint(SECRET, "alice", ttl=-60),
        "no expiry": tokens.mint(SECRET, "alice", exp=None),
        "another secret": tokens.mint("another secret that is long enough, too", "alice"),
        "a refresh token": tokens.mint(SECRET, "alice", token_type="refresh"),
        "no user": tokens.mint(SECRET, None),
        "a user that is no id": tokens.mint(SECRET, ["alice"]),
        "cut": good[:-3],
        "algorithm none": "eyJhbGciOiJub25lIn0." + good.split(".")[1] + ".",
    }


@pytest.mark.parametrize("token", bad_tokens().values(), ids=bad_tokens().keys())
async def test_a_bad_token_is_refused_with_no_hint_why(gateway: Gateway, token: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"{gateway.url}?token={token}")
    with pytest.raises(websockets.InvalidStatus) as reference:
        await websockets.connect(gateway.url)
    assert refused.value.response.status_code == 401
    assert refused.value.response.body == reference.value.response.body


async def test_tokens_never_reach_the_log(gateway: Gateway) -> None:
    token = gateway.token("alice", jti="only here")
    async with gateway.client("alice"), websockets.connect(f"{gateway.url}?token={token}"):
        pass
    signature = token.rsplit(".", 1)[1]
    assert signature not in gateway.log_path.read_text()
