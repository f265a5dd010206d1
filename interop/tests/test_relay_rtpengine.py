"""The calls of apps and scripted phones once more, with the media of both carried by rtpengine."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.media_peer import MediaPeer

from .conftest import StartGateway
from .gateway import Gateway
from .media_flows import (
    FAST,
    PLAIN,
    app_calls,
    both_hear,
    phone_calls,
    phone_calls_phone,
    start_anchored,
    take,
)
from .phone import Phone
from .rtpengine import RTPEngine
from .voice import Voice

# Whoever carries the media, these calls are the same; here they run with this module's gateways.
from .test_relay_phones import (  # noqa: F401
    test_a_baseline_app_is_asked_nothing_when_the_phone_holds,
    test_a_fast_trunk_answers_before_the_apps_media,
    test_a_phone_calls_a_phone,
    test_a_phone_calls_an_app,
    test_a_phone_holds_and_resumes,
    test_a_phone_that_speaks_from_another_port_is_heard_and_spoken_to_there,
    test_a_reinvite_moves_the_phone,
    test_a_reinvite_without_sdp_is_answered_with_our_offer,
    test_a_safe_trunk_answers_once_the_apps_media_is_up,
    test_a_trunk_with_srtp_is_offered_it_whoever_calls,
    test_an_app_calls_a_phone,
    test_an_invite_without_sdp_is_answered_with_our_offer,
    test_an_offer_without_a_codec_of_ours_is_refused,
    test_digits_go_both_ways,
    test_video_and_unknown_media_are_refused,
)

DIGITS = 2224  # Where a gateway takes what rtpengine tells it of digits.

Pair = tuple[RTPEngine, RTPEngine]


def run_pair(folder: Path, logs: list[Path], number: int, gateway: str) -> Iterator[Pair]:
    """Two instances for the gateway at that address; both must have no call left when they are done."""
    lowest = 20_000 + 2_000 * number
    pair = (
        RTPEngine(folder, f"127.0.4.{number}", range(lowest, lowest + 2_000), (gateway, DIGITS)),
        RTPEngine(folder, f"127.0.4.{number + 1}", range(lowest + 2_000, lowest + 4_000), (gateway, DIGITS)),
    )
    logs += [engine.log_path for engine in pair]
    try:
        for engine in pair:
            engine.start()
        yield pair
    finally:
        for engine in pair:
            engine.stop()
            logs.remove(engine.log_path)


def start(start_gateway: StartGateway, address: str, pair: Pair, **settings: object) -> Gateway:
    control = [f"{host}:{port}" for host, port in (engine.control for engine in pair)]
    rtpengine = {"control": control, "dtmf_listen": f"{address}:{DIGITS}", **settings}
    return start_anchored(start_gateway, address, {"mode": "rtpengine", "rtpengine": rtpengine})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, logs: list[Path]) -> Iterator[Pair]:
    yield from run_pair(tmp_path_factory.mktemp("rtpengine"), logs, 1, "127.0.3.11")


@pytest.fixture(scope="module")
def gateway(pair: Pair, start_gateway: StartGateway) -> Gateway:
    return start(start_gateway, "127.0.3.11", pair)


@pytest.fixture(scope="module")
def impatient(pair: Pair, start_gateway: StartGateway) -> Gateway:
    """Its media timeout is shorter than a hold may be; the instances are shared, as those of two gateways may be."""
    return start(start_gateway, "127.0.3.12", pair, timeout="5s")


@pytest.fixture(autouse=True)
def phones_adopt_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """To rtpengine a codec has one payload type on each side, so a phone that is called has to take the one it is offered."""
    monkeypatch.setattr(Voice, "adopts_types", True)


@pytest.fixture(autouse=True)
def one_type_of_opus(request: pytest.FixtureRequest) -> None:
    """Where the two legs have other types for Opus, rtpengine codes anew: phone to phone and digits are not had so."""
    beyond = ("test_a_phone_calls_a_phone", "test_digits_go_both_ways")
    if request.node.originalname in beyond and request.node.callspec.params["codec"] == "opus":
        pytest.skip("rtpengine does not carry this between two payload types of Opus")


@pytest.fixture(autouse=True)
def no_call_stays(one_type_of_opus: None, pair: Pair, gateway: Gateway) -> Iterator[None]:
    """After each test rtpengine holds no call, and the gateway knows of none."""
    yield
    for engine in pair:
        engine.assert_idle()
    deadline = time.monotonic() + 5
    while in_use := gateway.metrics()["switchhook_relay_ports_in_use"]:
        assert time.monotonic() < deadline, f"{in_use:g} ports are still in use"
        time.sleep(0.05)


# MARK: What rtpengine itself says


async def test_rtpengine_carries_the_packets_of_both_legs(gateway: Gateway, pair: Pair) -> None:
    before = gateway.metrics()["switchhook_relay_packets_total"]
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        relayed = pair[0].relayed
        call = await app_calls(alice, peer, phone, voice, "101")
        await both_hear(peer, 440, voice)
        legs = pair[0].calls()
        assert len(legs) == 2 and pair[1].calls() == []
        for leg in legs:
            assert all(count > 10 for count in pair[0].packets(leg).values()), pair[0].packets(leg)
        # Both sides of each leg have the same codec: nothing is encoded anew.
        assert [len(pair[0].codecs(leg)) for leg in legs] == [1, 1]
        metrics = gateway.metrics()
        assert metrics["switchhook_relay_legs"] == 2 and metrics["switchhook_relay_ports_in_use"] == 2
        await alice.hang_up("101")
        await call.hung_up()
    assert pair[0].relayed >= relayed + 4 * 25
    assert gateway.metrics()["switchhook_relay_packets_total"] > before


async def test_a_leg_between_two_phones_takes_no_app(gateway: Gateway, pair: Pair) -> None:
    async with (
        Phone(PLAIN, gateway.sip) as caller,
        Phone(FAST, gateway.sip) as callee,
        Voice(PLAIN, 440, "G722") as near,
        Voice(FAST, 700, "G722") as far,
    ):
        call, taken = await phone_calls_phone(caller, near, callee, far, "301")
        assert [pair[0].codecs(leg) for leg in pair[0].calls()] == [{"G722/8000"}] * 2
        await call.hang_up()
        await taken.hung_up()


# MARK: One of two is gone


async def test_when_an_instance_is_gone_the_next_call_goes_to_the_other(
    start_gateway: StartGateway, tmp_path: Path, logs: list[Path]
) -> None:
    for first, second in run_pair(tmp_path, logs, 3, "127.0.3.13"):
        gateway = start(start_gateway, "127.0.3.13", (first, second))
        await call_by(gateway, first)
        first.kill()
        await call_by(gateway, second)
        await call_by(gateway, second)
        gateway.assert_idle()


async def call_by(gateway: Gateway, engine: RTPEngine) -> None:
    """A phone calls an app, and both legs lie at that instance."""
    async with (
        gateway.client("alice") as alice,
        MediaPeer(440) as peer,
        Phone(PLAIN, gateway.sip) as phone,
        Voice(PLAIN, 700) as voice,
    ):
        call = await phone_calls(phone, voice, alice, peer)
        await both_hear(peer, 440, voice)
        assert len(engine.calls()) == 2
        await call.hang_up()
        await alice.expect("call_hanged_up", reason="hung_up")
    engine.assert_idle()
