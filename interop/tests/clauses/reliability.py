"""RFC 3262: provisional responses that are acknowledged."""

from ..clause import ANSWERS, Clause
from ..scenario import Step, hear, say, sdp
from .calls_in import CALL, CANCELLED, DOWN
from .calls_out import ANSWERED, HANGS_UP, HUNG_UP, STARTED

INVITE = say("INVITE", sdp(), Require="100rel")
RINGS = hear(180, RSeq="[0-9]+", Require=".*100rel.*")
PRACK = say("PRACK", RAck="[$rseq] 1 INVITE")
CANCELS: list[Step] = [say("CANCEL"), hear(200), hear(487, "INVITE"), say("ACK")]
BUSY: list[Step] = [say(486, to="INVITE"), hear("ACK")]
BUSY_TOLD = [*STARTED, "call_failed busy 486"]


def rings(number: int, status: int = 180, body: str = "") -> Step:
    """A provisional response of the phone's, its `number`th reliable one."""
    return say(status, body, to="INVITE", Require="100rel", RSeq=str(number))


def prack(number: int) -> list[Step]:
    return [hear("PRACK", RAck=f"{number} 1 INVITE"), say(200)]


CLAUSES = [
    Clause("rfc3262_3_required_it_rings_reliably", [INVITE, hear(100), RINGS, PRACK, hear(200), *CANCELS], CANCELLED),
    Clause(
        "rfc3262_3_supported_alone_it_rings_as_ever",
        [say("INVITE", sdp(), Supported="100rel"), hear(100), hear(180, lacks="RSeq"), *CANCELS],
        CANCELLED,
    ),
    Clause(
        "rfc3262_3_lost_1xx_is_repeated_until_its_prack",
        [INVITE, hear(100), RINGS, RINGS, RINGS, PRACK, hear(200), *CANCELS],
        CANCELLED,
        sees_repetitions=True,
    ),
    Clause(
        "rfc3262_3_no_prack_504",
        [INVITE, hear(100), RINGS, hear(504), say("ACK")],
        ["incoming_call", "call_cancelled cancelled"],
    ),
    Clause(
        "rfc3262_3_prack_of_nothing_481",
        [INVITE, hear(100), RINGS, say("PRACK", RAck="1 2 INVITE"), hear(481), PRACK, hear(200), *CANCELS],
        CANCELLED,
    ),
    Clause(
        "rfc3262_3_prack_without_rack_481",
        [INVITE, hear(100), RINGS, say("PRACK"), hear(481), PRACK, hear(200), *CANCELS],
        CANCELLED,
    ),
    Clause(
        "rfc3262_3_prack_after_the_2xx_is_still_taken",
        [INVITE, hear(100), RINGS, hear(200), PRACK, hear(200), say("ACK"), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3262_4_reliable_1xx_gets_its_prack",
        [
            hear("INVITE", Supported=".*100rel.*"),
            rings(1),
            hear("PRACK", RAck="1 1 INVITE", CSeq="2 PRACK", To=".*;tag=.+", starts="sip:2001@"),
            say(200),
            say(200, sdp(0), to="INVITE"),
            hear("ACK", CSeq="1 ACK"),
            *HUNG_UP,
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3262_4_1xx_that_comes_again_gets_no_other_prack",
        [hear("INVITE"), rings(1), *prack(1), rings(1), rings(1), *BUSY],
        BUSY_TOLD,
    ),
    Clause(
        "rfc3262_4_1xx_before_its_turn_waits_to_come_again",
        [hear("INVITE"), rings(7), *prack(7), rings(9), rings(8), *prack(8), rings(9), *prack(9), *BUSY],
        BUSY_TOLD,
    ),
    Clause(
        "rfc3262_4_prack_is_sent_again",
        [hear("INVITE"), rings(1), *prack(1)[:1], *prack(1)[:1], *prack(1), *BUSY],
        BUSY_TOLD,
        sees_repetitions=True,
    ),
    Clause(
        "rfc3262_4_each_fork_has_numbers_of_its_own",
        [
            hear("INVITE"),
            rings(5),
            hear("PRACK", RAck="5 1 INVITE"),
            say(200),
            say(180, to="INVITE", tag="fork", Require="100rel", RSeq="900"),
            hear("PRACK", RAck="900 1 INVITE", To=".*;tag=fork"),
            say(200),
            *BUSY,
        ],
        BUSY_TOLD,
    ),
    Clause(
        "rfc3262_5_answer_in_a_reliable_1xx_needs_none_in_the_2xx",
        [hear("INVITE"), rings(1, 183, sdp(0)), *prack(1), say(200, to="INVITE"), hear("ACK"), *HUNG_UP],
        ANSWERED,
        HANGS_UP,
    ),
]
