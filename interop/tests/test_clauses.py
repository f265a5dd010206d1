"""Clause by clause, sipp as a phone that says and hears exactly what the RFC has, in both roles.

Each clause is a row of a table in `clauses`; after it no call and no dialog is left, and after the last nothing at all.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .clause import APP, PHONE, SIEVE, Clause
from .clauses import calls_in, calls_out, offers, registrations, requests, transactions
from .conftest import StartGateway
from .gateway import Gateway
from .sipp import Sipp

TABLES = (requests, calls_in, calls_out, transactions, offers, registrations)
CLAUSES = [clause for table in TABLES for clause in table.CLAUSES]
GONE_WITHIN = 5.0
LEFT = ("switchhook_calls_active", "switchhook_sip_dialogs")


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    """Numbers 6xxx are the phone's. T1 is short: what waits for 64 times that is not to take half a minute."""
    address = "127.0.4.254"
    return start_gateway(
        address,
        log={"level": "info"},
        sip={"timers": {"t1": "50ms", "t2": "400ms", "t4": "500ms"}, "domains": [address, SIEVE]},
        media={
            "mode": "relay",
            "codecs": ["PCMU", "PCMA"],
            "relay": {"address": address, "webrtc_port": 16_390, "ports": "16400-16999"},
        },
        users=[{"id": APP, "aliases": ["+15550100"]}, {"id": "away"}],
        phones=[{"extension": "3001", "password": "secret"}, {"extension": "3002", "password": "secret"}],
        trunks=[
            {
                "name": "phone",
                "uri": f"sip:{PHONE}",
                "accept_from": [f"{PHONE}/32"],
                "answer": "fast",
                "username": "gateway",
                "password": "secret",
            },
        ],
        dialplan=[{"match": r"^6\d\d\d$", "trunk": "phone"}],
    )


@pytest.fixture
def phone(request: pytest.FixtureRequest, tmp_path: Path, logs: list[Path]) -> Iterator[Sipp]:
    phone = request.getfixturevalue("clause").phone(tmp_path)
    logs.append(phone.log_path)
    yield phone
    phone.stop()
    logs.remove(phone.log_path)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
async def test_clause(gateway: Gateway, phone: Sipp, clause: Clause) -> None:
    async with gateway.extended_client(APP) as client:
        await clause.prove(phone, gateway.sip, client)
    gateway.assert_idle(GONE_WITHIN, LEFT)
