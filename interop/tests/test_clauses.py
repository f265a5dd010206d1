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
from .scenario import Wait, hear, say, sdp
from .sipp import Sipp

GONE_WITHIN = 5.0
HEARS_WITHIN = "10s"

RINGS = [say("INVITE", sdp()), hear(100), hear(180)]
CANCELS = [say("CANCEL"), hear(200), hear(487, "INVITE"), say("ACK")]
CANCELLED = ["incoming_call", "call_cancelled cancelled"]
WRONG = [
    Clause("another_status", [say("OPTIONS"), hear(404)]),
    Clause("another_method", [*RINGS, hear("OPTIONS")], ["incoming_call"]),
    Clause("another_value", [say("OPTIONS"), hear(200, CSeq="2 OPTIONS")]),
    Clause("no_such_header", [say("OPTIONS"), hear(200, Subject=".*")]),
    Clause("a_header_too_many", [say("OPTIONS"), hear(200, Allow=None)]),
    Clause("another_body", [say("INVITE"), hear(100), hear(180, body="m=video")], ["incoming_call"]),
    Clause("words_that_must_not_be_there", [say("OPTIONS"), hear(200, lacks="Server: ")]),
    Clause(
        "another_dialog",
        [say("OPTIONS", dialog="second"), hear(200, dialog="second"), say("OPTIONS"), hear(200, dialog="second")],
    ),
    Clause(
        "another_flow_of_the_second_phone",
        [say("INVITE", sdp(), uri="sip:7001@[remote_ip]"), hear(100), hear(486), say("ACK")],
        other=[hear("INVITE"), say(486), hear("BYE")],
    ),
    Clause("a_message_that_never_comes", [say("OPTIONS"), hear(200), hear("BYE")]),
    Clause("a_message_in_silence", [say("INVITE", sdp()), hear(100), Wait(300), *CANCELS], CANCELLED),
    Clause("told_less", [*RINGS, *CANCELS], [*CANCELLED, "call_hanged_up hung_up"], told_within=0.3),
    Clause("told_more", [*RINGS, *CANCELS], CANCELLED[:1]),
    Clause("told_otherwise", [*RINGS, *CANCELS], ["incoming_call", "call_cancelled timeout"]),
]


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_for_clauses(start_gateway)


@pytest.fixture
def phones(request: pytest.FixtureRequest, tmp_path: Path, logs: list[Path]) -> Iterator[list[Sipp]]:
    clause: Clause = request.getfixturevalue("clause")
    phones = clause.phones(tmp_path, is_strict=True, receive_within=HEARS_WITHIN)
    logs += [phone.log_path for phone in phones]
    yield phones
    for phone in phones:
        phone.stop()
        logs.remove(phone.log_path)


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.id)
async def test_clause(gateway: Gateway, phones: list[Sipp], clause: Clause) -> None:
    await clause.prove(phones, gateway)
    gateway.assert_idle(GONE_WITHIN, LEFT)


@pytest.mark.parametrize("clause", WRONG, ids=lambda clause: clause.name)
async def test_what_is_wrong_is_noticed(gateway: Gateway, tmp_path: Path, clause: Clause) -> None:
    phones = clause.phones(tmp_path, is_strict=True, receive_within="500ms")
    try:
        with pytest.raises(AssertionError):
            await clause.prove(phones, gateway)
    finally:
        for phone in phones:
            phone.stop()
    gateway.assert_idle(GONE_WITHIN, LEFT)
