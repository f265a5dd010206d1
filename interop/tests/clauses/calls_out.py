"""RFC 3261 §8 to §15 and §22 where the app calls: the gateway is the caller."""

from ..clause import Clause, Reactions
from ..scenario import Step, Wait, hear, say, sdp

INVITED: list[Step] = [hear("INVITE", body="a=sendrecv"), say(180)]
UP: list[Step] = [*INVITED, say(200, sdp(0)), hear("ACK")]
HUNG_UP: list[Step] = [hear("BYE"), say(200)]
STARTED = ["call_started", "call_ringing"]
ANSWERED = [*STARTED, "call_answered"]
HANGS_UP: Reactions = {"call_answered": "hang_up"}


def refused(status: int, told: str) -> Clause:
    """A final response, its ACK, and what the app makes of it."""
    names = {486: "busy", 603: "declined", 404: "not_found", 480: "unavailable", 403: "forbidden", 488: "media"}
    return Clause(
        f"rfc3261_8_1_3_2_refused_{status}_{names.get(status, 'failed')}",
        [*INVITED, say(status), hear("ACK")],
        [*STARTED, f"{told} {status}"],
    )


CLAUSES = [
    Clause(
        "rfc3261_8_1_1_invite_has_what_it_must_have",
        [
            hear(
                "INVITE",
                starts="sip:6001@127.0.4.1 SIP/2.0",
                Via="SIP/2.0/UDP 127.0.4.254:5060;branch=z9hG4bK.+",
                Max_Forwards="70",
                From=".*<sip:.+@127.0.4.254>;tag=.+",
                To="<sip:6001@127.0.4.1>",
                Call_ID=".+",
                CSeq="1 INVITE",
                Contact="<sip:.+@127.0.4.254:5060>",
                Allow=".*INVITE.*ACK.*CANCEL.*BYE.*",
                Content_Type="application/sdp",
            ),
            say(486),
            hear("ACK"),
        ],
        ["call_started", "call_failed busy 486"],
    ),
    # Responses
    refused(486, "call_failed busy"),
    refused(603, "call_rejected declined"),
    refused(404, "call_failed not_found"),
    refused(480, "call_failed unavailable"),
    refused(403, "call_failed forbidden"),
    refused(488, "call_failed media"),
    refused(499, "call_failed failed"),
    refused(699, "call_failed failed"),
    Clause(
        "rfc3261_8_1_3_2_unknown_1xx_is_progress",
        [hear("INVITE"), say(189), say(200, sdp(0)), hear("ACK"), *HUNG_UP],
        ["call_started", "call_answered"],
        HANGS_UP,
    ),
    Clause(
        "rfc3261_8_1_3_3_response_with_two_vias_is_dropped",
        [
            hear("INVITE"),
            say(180),
            say(486, Via="SIP/2.0/UDP elsewhere.example;branch=z9hG4bKx\n[$via_INVITE]"),
            say(200, sdp(0)),
            hear("ACK"),
            *HUNG_UP,
        ],
        ANSWERED,
        HANGS_UP,
    ),
    # CANCEL
    Clause(
        "rfc3261_9_1_cancel_waits_for_a_1xx",
        [
            hear("INVITE"),
            Wait(40),  # Whatever was sent meanwhile would be heard.
            say(100),
            hear("CANCEL", CSeq="1 CANCEL"),
            say(200),
            say(487, to="INVITE"),
            hear("ACK"),
        ],
        ["call_started"],
        {"call_started": "cancel_invite"},
    ),
    Clause(
        "rfc3261_9_1_cancel_crosses_the_200_ack_and_bye",
        [
            *INVITED,
            hear("CANCEL"),
            say(200),
            say(200, sdp(0), to="INVITE"),
            hear("ACK"),
            *HUNG_UP,
        ],
        STARTED,
        {"call_ringing": "cancel"},
    ),
    # Dialogs
    Clause(
        "rfc3261_12_1_2_route_set_is_record_route_reversed",
        [
            *INVITED,
            say(200, sdp(0), Record_Route="<sip:one.example;lr>, <sip:[local_ip]:[local_port];lr;last>"),
            hear("ACK", text="Route: <sip:[^>]*;last>[^<]*<sip:one.example;lr>", starts="sip:2001@"),
            hear("BYE", text="Route: <sip:[^>]*;last>[^<]*<sip:one.example;lr>", starts="sip:2001@"),
            say(200),
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3261_12_2_1_1_strict_route_has_its_uri_in_the_request_line",
        [
            *INVITED,
            say(200, sdp(0), Record_Route="<sip:strict@[local_ip]:[local_port]>"),
            hear("ACK", starts="sip:strict@", Route="<sip:2001@.*>"),
            hear("BYE", starts="sip:strict@", Route="<sip:2001@.*>"),
            say(200),
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3261_12_2_1_2_2xx_to_reinvite_moves_the_remote_target",
        [
            *UP,
            hear("INVITE", body="a=sendonly"),
            say(200, sdp(0, version=2, direction="recvonly"), Contact="<sip:moved@[local_ip]:[local_port]>"),
            hear("ACK", starts="sip:moved@"),
            hear("INVITE", body="a=sendrecv", starts="sip:moved@"),
            say(200, sdp(0, version=3), Contact="<sip:moved@[local_ip]:[local_port]>"),
            hear("ACK"),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_hanged_up hung_up"],
        {"call_answered": ("hold", "resume")},
    ),
    # The answer
    Clause(
        "rfc3261_13_2_2_4_forked_2xx_is_acked_and_ended",
        [
            *INVITED,
            say(200, sdp(0)),
            hear("ACK"),
            say(200, sdp(0), to="INVITE", tag="fork"),
            hear("ACK", To=".*;tag=fork"),
            hear("BYE", To=".*;tag=fork"),
            say(200),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_hanged_up hung_up"],
    ),
    Clause(
        "rfc3261_13_2_2_4_another_fork_than_the_first_that_rang_answers",
        [
            hear("INVITE"),
            say(180, tag="one"),
            say(180, tag="two"),
            say(200, sdp(0), tag="two"),
            hear("ACK", To=".*;tag=two"),
            hear("BYE", To=".*;tag=two"),
            say(200),
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3261_13_2_2_4_ack_for_each_2xx_that_comes_again",
        [*INVITED, say(200, sdp(0)), hear("ACK"), say(200, sdp(0), to="INVITE"), hear("ACK"), say("BYE"), hear(200)],
        [*ANSWERED, "call_hanged_up hung_up"],
        sees_repetitions=True,
    ),
    # Re-INVITE
    Clause(
        "rfc3261_14_1_crossed_reinvites_491",
        [
            *UP,
            hear("INVITE", body="a=sendonly"),
            say("INVITE", sdp(0, version=2)),
            hear(491),
            say("ACK"),
            say(491, to="INVITE"),
            hear("ACK"),
            Wait(2000),  # The owner of the Call-ID waits 2.1 s at least: the other side goes first.
            hear("INVITE", body="a=sendonly"),
            say(200, sdp(0, version=2, direction="recvonly")),
            hear("ACK"),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_hanged_up hung_up"],
        {"call_answered": "hold"},
    ),
    Clause(
        "rfc3261_14_1_reinvite_408_ends_the_dialog",
        [*UP, hear("INVITE"), say(408), hear("ACK"), hear("BYE"), say(481)],
        [*ANSWERED, "call_hanged_up connection_lost"],
        {"call_answered": "hold"},
    ),
    Clause(
        "rfc3261_14_2_invite_in_early_dialog_491",
        [*INVITED, say("INVITE", sdp(0)), hear(491), say("ACK"), say(486, to="INVITE"), hear("ACK")],
        [*STARTED, "call_failed busy 486"],
    ),
    # BYE
    Clause(
        "rfc3261_15_1_1_bye",
        [*UP, hear("BYE", CSeq="2 BYE", From=".*;tag=.+", To=".*;tag=.+"), say(200)],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3261_15_1_2_bye_by_the_callee",
        [*UP, say("BYE"), hear(200)],
        [*ANSWERED, "call_hanged_up hung_up"],
    ),
    Clause(
        "rfc3261_15_1_2_bye_crosses_bye",
        [*UP, hear("BYE"), say("BYE"), hear(200), say(200, to="BYE")],
        ANSWERED,
        HANGS_UP,
    ),
    # Credentials
    Clause(
        "rfc3261_22_2_challenge_is_answered",
        [
            hear("INVITE", Authorization=None),
            say(401, WWW_Authenticate='Digest realm="r", nonce="n", algorithm=MD5, qop="auth"'),
            hear("ACK"),
            hear(
                "INVITE",
                CSeq="2 INVITE",
                Authorization='Digest .*username="gateway".*',
                text='realm="r".*nonce="n".*',
            ),
            say(180),
            say(200, sdp(0)),
            hear("ACK"),
            hear("BYE", Authorization='Digest .*username="gateway".*nc=00000002.*'),
            say(200),
        ],
        ANSWERED,
        HANGS_UP,
    ),
    Clause(
        "rfc3261_22_3_proxy_challenge_with_a_stale_nonce_is_answered_twice",
        [
            hear("INVITE", Proxy_Authorization=None),
            say(407, Proxy_Authenticate='Digest realm="r", nonce="old", qop="auth"'),
            hear("ACK"),
            hear("INVITE", CSeq="2 INVITE", Proxy_Authorization='.*nonce="old".*'),
            say(407, Proxy_Authenticate='Digest realm="r", nonce="new", qop="auth", stale=true'),
            hear("ACK"),
            hear("INVITE", CSeq="3 INVITE", Proxy_Authorization='.*nonce="new".*'),
            say(486),
            hear("ACK"),
        ],
        ["call_started", "call_failed busy 486"],
    ),
    Clause(
        "rfc3261_22_1_wrong_credentials_are_not_tried_for_ever",
        [
            hear("INVITE"),
            say(401, WWW_Authenticate='Digest realm="r", nonce="one"'),
            hear("ACK"),
            hear("INVITE", Authorization='.*nonce="one".*'),
            say(401, WWW_Authenticate='Digest realm="r", nonce="two"'),
            hear("ACK"),
        ],
        ["call_started", "call_failed failed 401"],
    ),
]
