"""sipp as a phone in both roles, over UDP and TCP, at 50 calls a second, also with datagrams that get lost.

No call fails, and 64 * T1 after the last one nothing of it is left in the gateway (`start_gateway` sees to that).
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import StartGateway
from .crowd import Crowd
from .gateway import Gateway
from .sipp import Outcome, Sipp

CALLS = 1000
RATE = 50
USERS = 100
LOSS = 2.0  # Percent.
DONE_WITHIN = 120.0  # 20 s of calling, and what retransmissions after losses take.
TRY_TIMEOUT = "20s"  # The usual 3 s hold three copies of an INVITE: at 2 % loss, one call in 125,000 loses them all.
CALLEE, CALLER = "127.0.2.1", "127.0.2.2"

NETWORKS = [
    pytest.param("udp", 0.0, id="udp"),
    pytest.param("tcp", 0.0, id="tcp"),
    pytest.param("udp", LOSS, id="lossy-udp"),
]
StartPhone = Callable[..., Sipp]


@pytest.fixture(scope="module")
def gateways(start_gateway: StartGateway) -> dict[str, Gateway]:
    """One gateway for each transport toward the phone."""
    return {
        transport: start_gateway(
            log={"level": "info"},
            trunks=[
                {
                    "name": "callee",
                    "uri": f"sip:{CALLEE}:5060;transport={transport}",
                    "accept_from": [f"{CALLEE}/32"],
                    "probe": "0s",
                    "try_timeout": TRY_TIMEOUT,
                },
                {
                    "name": "caller",
                    "uri": f"sip:{CALLER}:5060;transport={transport}",
                    "accept_from": [f"{CALLER}/32"],
                    "probe": "0s",
                },
            ],
            dialplan=[{"match": r"^6\d+$", "trunk": "callee", "allow_trunks": ["caller"]}],
        )
        for transport in ("udp", "tcp")
    }


@pytest.fixture
def phone(tmp_path: Path, logs: list[Path]) -> Iterator[StartPhone]:
    phones: list[Sipp] = []

    def make(scenario: str, address: str, transport: str, **more: Any) -> Sipp:
        phones.append(Sipp(tmp_path, scenario, address, transport, CALLS, **more))
        logs.append(phones[-1].log_path)
        return phones[-1]

    yield make
    for phone in phones:
        phone.stop()
        logs.remove(phone.log_path)


def assert_perfect(outcome: Outcome, loss: float) -> None:
    assert (outcome.status, outcome.successful, outcome.failed) == (0, CALLS, 0), outcome
    assert (outcome.dropped > 0) == (loss > 0), outcome


@pytest.mark.deadline(240)
@pytest.mark.parametrize("who_ends", ["app-ends", "phone-ends"])
@pytest.mark.parametrize(("transport", "loss"), NETWORKS)
async def test_apps_call_a_phone(
    gateways: dict[str, Gateway], phone: StartPhone, transport: str, loss: float, who_ends: str
) -> None:
    gateway = gateways[transport]
    callee = phone(f"called-{who_ends}", CALLEE, transport, lost=loss)
    callee.answer()
    async with Crowd(gateway, USERS) as crowd:
        numbers = [f"6{index:06}" for index in range(CALLS)]
        await crowd.place_calls(numbers, RATE, hang_up=who_ends == "app-ends")
        await crowd.finish(CALLS, DONE_WITHIN)
        assert_perfect(await callee.wait(DONE_WITHIN), loss)
        assert (crowd.done, crowd.failures) == (CALLS, [])


@pytest.mark.deadline(240)
@pytest.mark.parametrize("who_ends", ["app-ends", "phone-ends"])
@pytest.mark.parametrize(("transport", "loss"), NETWORKS)
async def test_a_phone_calls_apps(
    gateways: dict[str, Gateway], phone: StartPhone, transport: str, loss: float, who_ends: str
) -> None:
    gateway = gateways[transport]
    async with Crowd(gateway, USERS) as crowd:
        crowd.take_calls(hang_up=who_ends == "app-ends")
        caller = phone(f"calls-{who_ends}", CALLER, transport, lost=loss)
        caller.call(gateway.sip, crowd.names, RATE)
        await crowd.finish(CALLS, DONE_WITHIN)
        assert_perfect(await caller.wait(DONE_WITHIN), loss)
        assert (crowd.done, crowd.failures) == (CALLS, [])


@pytest.mark.deadline(240)
@pytest.mark.parametrize(("transport", "loss"), NETWORKS)
async def test_a_phone_calls_a_phone(
    gateways: dict[str, Gateway], phone: StartPhone, transport: str, loss: float
) -> None:
    callee = phone("called-with-offer", CALLEE, transport, lost=loss)
    callee.answer()
    caller = phone("calls-phone-ends", CALLER, transport, lost=loss)
    caller.call(gateways[transport].sip, ["6001", "6002", "6003"], RATE)
    assert_perfect(await caller.wait(DONE_WITHIN), loss)
    assert_perfect(await callee.wait(DONE_WITHIN), loss)
