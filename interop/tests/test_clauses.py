"""Clause by clause, sipp as a phone that says and hears exactly what the RFC has, in both roles.

Each clause is a row of a table in `clauses`; after it no call and no dialog is left, and after the last nothing at all.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .clause import LEFT, Clause, start_for_clauses
from .clauses import CLAUSES
from .conftest import StartGateway
from .gateway import Gateway
from .sipp import Sipp

GONE_WITHIN = 5.0
HEARS_WITHIN = "10s"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_for_clauses(start_gateway)


@pytest.fixture
def phone(request: pytest.FixtureRequest, tmp_path: Path, logs: list[Path]) -> Iterator[Sipp]:
    clause: Clause = request.getfixturevalue("clause")
    phone = clause.phone(tmp_path, is_strict=True, receive_within=HEARS_WITHIN)
    logs.append(phone.log_path)
    yield phone
    phone.stop()
    logs.remove(phone.log_path)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
async def test_clause(gateway: Gateway, phone: Sipp, clause: Clause) -> None:
    await clause.prove(phone, gateway)
    gateway.assert_idle(GONE_WITHIN, LEFT)
