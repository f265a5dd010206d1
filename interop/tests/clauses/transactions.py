"""RFC 3261 §17 and §18 and RFC 6026: what is sent again, what is absorbed, and what is made of a packet."""

from ..clause import ANSWERS, Clause
from ..scenario import PHONE, hear, say, sdp
from .calls_in import CALL, CANCELLED, DOWN, UP
from .calls_out import ANSWERED, HANGS_UP, HUNG_UP, INVITED, STARTED

CLAUSES = [
    Clause(
        "rfc3261_17_1_1_2_timer_a_sends_the_invite_again",
        [hear("INVITE"), hear("INVITE"), hear("INVITE"), say(180), say(486, to="INVITE"), hear("ACK")],
        [*STARTED, "call_failed busy 486"],
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_17_1_1_3_ack_of_a_refusal_has_its_branch_and_comes_again",
        [
            *INVITED,
            say(486),
            hear("ACK", CSeq="1 ACK", To=".*;tag=.+"),
            say(486, to="INVITE"),
            hear("ACK", CSeq="1 ACK"),
        ],
        [*STARTED, "call_failed busy 486"],
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_17_1_2_2_timer_e_sends_the_bye_again",
        [*INVITED, say(200, sdp(0)), hear("ACK"), hear("BYE"), hear("BYE"), hear("BYE"), say(200)],
        ANSWERED,
        HANGS_UP,
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_17_2_1_invite_again_gets_the_last_1xx_again",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            say("INVITE", sdp(), cseq=1, branch="z9hG4bK-[pid]-1", To="<sip:app@[remote_ip]:[remote_port]>"),
            hear(180),
            say("CANCEL"),
            hear(200),
            hear(487, "INVITE"),
            say("ACK"),
        ],
        CANCELLED,
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_17_2_1_timer_g_sends_a_refusal_again_until_its_ack",
        [say("INVITE", sdp()), hear(100), hear(180), hear(603), hear(603), hear(603), say("ACK")],
        ["incoming_call"],
        {"incoming_call": "reject"},
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_17_2_2_bye_again_gets_the_same_200",
        [*UP, say("BYE", cseq=2, branch="z9hG4bK-b"), hear(200), say("BYE", cseq=2, branch="z9hG4bK-b"), hear(200)],
        CALL,
        ANSWERS,
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_17_2_3_branch_without_the_cookie",
        [
            say("INVITE", sdp(), branch="1"),
            hear(100),
            hear(180),
            say("CANCEL"),
            hear(200),
            hear(487, "INVITE"),
            say("ACK"),
        ],
        CANCELLED,
    ),
    Clause(
        "rfc3261_18_2_1_received_names_where_it_came_from",
        [
            say("OPTIONS", Via="SIP/2.0/UDP elsewhere.example:[local_port];branch=z9hG4bK-r"),
            hear(200, Via=".*received=127.0.4.1.*"),
        ],
    ),
    Clause(
        "rfc3581_4_rport_is_filled_in",
        [
            say("OPTIONS", Via="SIP/2.0/UDP elsewhere.example:1;rport;branch=z9hG4bK-r"),
            hear(200, Via=".*rport=5060.*", text="received=127.0.4.1"),
        ],
    ),
    Clause(
        "rfc3261_18_3_body_shorter_than_content_length_400",
        [say("INVITE", sdp(), Content_Length="9999"), hear(400), say("ACK")],
    ),
    Clause(
        "rfc3261_18_3_bytes_beyond_content_length_are_dropped",
        [say("OPTIONS", "what is not counted", Content_Length="0", Content_Type=None), hear(200)],
    ),
    Clause(
        "rfc3261_7_3_3_compact_forms",
        [
            say(
                "OPTIONS",
                Via=None,
                From=None,
                To=None,
                Call_ID=None,
                Content_Length=None,
                v="SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[pid]-1",
                f="<sip:2001@[local_ip]>;tag=compact",
                t="<sip:[remote_ip]>",
                i="[call_id]",
                l="0",
            ),
            hear(200, From=".*;tag=compact"),
        ],
    ),
    Clause(
        "rfc3261_7_3_1_names_in_any_case_and_space_before_the_colon",
        [
            say("OPTIONS", Max_Forwards=None, From=None, **{"MAX-forwards ": "70", "fROM \t": f"{PHONE};tag=odd"}),
            hear(200),
        ],
    ),
    Clause(
        "rfc6026_8_7_invite_again_after_its_2xx_is_absorbed",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            hear(200),
            say("ACK"),
            say("INVITE", sdp(), cseq=1, branch="z9hG4bK-[pid]-1", To="<sip:app@[remote_ip]:[remote_port]>"),
            say("OPTIONS"),
            hear(200),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc6026_7_2_retransmitted_2xx_is_acked_and_told_once",
        [
            *INVITED,
            say(200, sdp(0)),
            hear("ACK"),
            say(200, sdp(0), to="INVITE"),
            hear("ACK"),
            say(200, sdp(0), to="INVITE"),
            hear("ACK"),
            *HUNG_UP,
        ],
        ANSWERED,
        HANGS_UP,
        sees_repetitions=True,
    ),
    Clause(
        "rfc6026_8_4_2xx_of_an_ended_call_is_acked_and_ended",
        [
            *INVITED,
            hear("CANCEL"),
            say(200),
            say(200, sdp(0), to="INVITE"),
            hear("ACK"),
            hear("BYE"),
            say(200),
            say(200, sdp(0), to="INVITE"),
            hear("ACK"),
        ],
        STARTED,
        {"call_ringing": "cancel"},
        sees_repetitions=True,
    ),
]
