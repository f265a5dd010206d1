"""The flows of all clauses once more, with every tenth datagram lost on its way in and out of the phone.

No flow can be kept to then, so what is proved is what comes after it: whatever got lost, nothing of a call is left in
the gateway, which goes on. Not among the usual tests; ROUNDS says how often (once by default):

    ROUNDS=10 interop/tests/run tests/clauses_with_loss.py
"""

import os
from pathlib import Path

import pytest

from .clause import LEFT, Clause, start_for_clauses
from .clauses import CLAUSES
from .conftest import StartGateway
from .gateway import Gateway

LOST = 10.0  # Percent.
HEARS_WITHIN = "2s"
GONE_WITHIN = 10.0  # The gateway repeats itself for 3.2 s, and may only then begin with its BYE.
LIMIT = "6s"  # For a call of two phones that have both vanished.


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_for_clauses(start_gateway, timers={"call": LIMIT})


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
@pytest.mark.parametrize("round", range(int(os.environ.get("ROUNDS", "1"))))
async def test_nothing_is_left(gateway: Gateway, tmp_path: Path, clause: Clause, round: int) -> None:
    phones = clause.phones(tmp_path, lost=LOST, receive_within=HEARS_WITHIN)
    try:
        await clause.run(phones, gateway)
    finally:
        for phone in phones:
            phone.stop()
    gateway.assert_idle(GONE_WITHIN, LEFT)
