"""RFC 3261 §9 to §15 where the phone calls: the gateway is the callee."""

from ..clause import ANSWERS, Clause
from ..scenario import Step, Wait, hear, say, sdp

UP: list[Step] = [say("INVITE", sdp()), hear(100), hear(180), hear(200), say("ACK")]
DOWN: list[Step] = [say("BYE"), hear(200)]
CALL = ["incoming_call", "call_hanged_up hung_up"]
CANCELLED = ["incoming_call", "call_cancelled cancelled"]

CLAUSES = [
    # CANCEL
    Clause(
        "rfc3261_9_2_cancel_before_answer_487",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            say("CANCEL"),
            hear(200, To=".*;tag=.+"),
            hear(487, "INVITE", To=".*;tag=.+"),
            say("ACK"),
        ],
        CANCELLED,
    ),
    Clause(
        "rfc3261_9_2_cancel_after_200_changes_nothing",
        [say("INVITE", sdp()), hear(100), hear(180), hear(200), say("CANCEL"), hear(200), say("ACK"), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3326_2_cancel_tells_why",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            say("CANCEL", Reason='SIP;cause=200;text="Call completed elsewhere"'),
            hear(200),
            hear(487, "INVITE"),
            say("ACK"),
        ],
        ["incoming_call", "call_cancelled answered_elsewhere"],
    ),
    Clause("rfc3261_9_2_cancel_of_nothing_481", [say("CANCEL"), hear(481)]),
    # Dialogs
    Clause(
        "rfc3261_12_1_1_record_route_is_copied_and_followed",
        [
            say("INVITE", sdp(), Record_Route="<sip:[local_ip]:[local_port];lr;a>, <sip:[local_ip]:[local_port];lr;b>"),
            hear(100),
            hear(180),
            hear(200, text="Record-Route: <sip:[^>]*;a>[^<]*<sip:[^>]*;b>"),
            say("ACK"),
            hear("BYE", text="Route: <sip:[^>]*;a>[^<]*<sip:[^>]*;b>", starts="sip:2001@"),
            say(200),
        ],
        ["incoming_call"],
        {"incoming_call": ("answer", "hang_up")},
    ),
    Clause(
        "rfc3261_12_2_1_1_strict_route_has_its_uri_in_the_request_line",
        [
            say("INVITE", sdp(), Record_Route="<sip:strict@[local_ip]:[local_port]>"),
            hear(100),
            hear(180),
            hear(200),
            say("ACK"),
            hear("BYE", starts="sip:strict@", Route="<sip:2001@.*>"),
            say(200),
        ],
        ["incoming_call"],
        {"incoming_call": ("answer", "hang_up")},
    ),
    Clause(
        "rfc3261_12_2_2_lower_cseq_500",
        [*UP, say("OPTIONS", cseq=7), hear(200), say("OPTIONS", cseq=6), hear(500), say("BYE", cseq=8), hear(200)],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3261_12_2_2_unknown_dialog_481",
        [say("OPTIONS", To="<sip:app@[remote_ip]>;tag=nobodys"), hear(481)],
    ),
    Clause(
        "rfc3261_12_2_2_foreign_tag_481",
        [*UP, say("BYE", tag="another"), hear(481), say("BYE"), hear(200)],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3261_12_2_2_unknown_method_in_dialog_405",
        [*UP, say("PUBLISH"), hear(405, Allow=".*BYE.*"), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3261_12_2_2_reinvite_moves_the_remote_target",
        [
            *UP,
            say("INVITE", sdp(version=2, direction="sendonly"), Contact="<sip:moved@[local_ip]:[local_port]>"),
            hear(100),
            hear(200, body="a=recvonly"),
            say("ACK"),
            hear("BYE", starts="sip:moved@"),
            say(200),
        ],
        ["incoming_call", "call_held"],
        ANSWERS | {"call_held": "hang_up"},
    ),
    # The answer
    Clause(
        "rfc3261_13_3_1_3_rejected_603",
        [say("INVITE", sdp()), hear(100), hear(180), hear(603), say("ACK")],
        ["incoming_call"],
        {"incoming_call": "reject"},
    ),
    Clause(
        "rfc3261_13_3_1_3_busy_486",
        [say("INVITE", sdp()), hear(100), hear(180), hear(486), say("ACK")],
        ["incoming_call"],
        {"incoming_call": "busy"},
    ),
    Clause(
        "rfc3261_13_3_1_3_nobody_of_that_name_404",
        [say("INVITE", sdp(), uri="sip:nobody@[remote_ip]"), hear(100), hear(404), say("ACK")],
    ),
    Clause(
        "rfc3261_13_3_1_3_user_is_away_480",
        [say("INVITE", sdp(), uri="sip:away@[remote_ip]"), hear(100), hear(480), say("ACK")],
    ),
    Clause(
        "rfc3261_13_3_1_4_2xx_is_repeated_until_its_ack",
        [say("INVITE", sdp()), hear(100), hear(180), hear(200), hear(200), hear(200), say("ACK"), *DOWN],
        CALL,
        ANSWERS,
        sees_repetitions=True,
    ),
    Clause(
        "rfc3261_13_3_1_4_no_ack_at_all_bye",
        [say("INVITE", sdp()), hear(100), hear(180), hear(200), hear("BYE"), say(200)],
        ["incoming_call", "call_hanged_up connection_lost"],
        ANSWERS,
    ),
    # Late offers
    Clause(
        "rfc3261_13_2_1_no_offer_is_made_one_in_the_200",
        [
            say("INVITE"),
            hear(100),
            hear(180, lacks="m=audio"),
            hear(200, body="m=audio [0-9]+ RTP/AVP 0 8 101"),
            say("ACK", sdp(0)),
            *DOWN,
        ],
        ["incoming_call", "call_offer", "call_hanged_up hung_up"],
        ANSWERS,
    ),
    Clause(
        "rfc3261_13_2_1_ack_without_the_answer_bye",
        [say("INVITE"), hear(100), hear(180), hear(200), say("ACK"), hear("BYE"), say(200)],
        ["incoming_call", "call_hanged_up media"],
        ANSWERS,
    ),
    # Re-INVITE
    Clause(
        "rfc3261_14_1_crossed_reinvites_491",
        [
            *UP,
            hear("INVITE", body="a=sendonly"),
            say("INVITE", sdp(version=2)),
            hear(491),
            say("ACK"),
            say(491, to="INVITE"),
            hear("ACK"),
            hear("INVITE", body="a=sendonly"),
            say(200, sdp(version=2, direction="recvonly")),
            hear("ACK"),
            *DOWN,
        ],
        CALL,
        {"incoming_call": ("answer", "hold")},
    ),
    Clause(
        "rfc3261_14_1_refused_reinvite_changes_nothing",
        [
            *UP,
            hear("INVITE", body="a=sendonly"),
            say(488),
            hear("ACK"),
            say("OPTIONS"),
            hear(200),
            *DOWN,
        ],
        ["incoming_call", "error wrong_state", "call_hanged_up hung_up"],
        {"incoming_call": ("answer", "hold")},
    ),
    Clause(
        "rfc3261_14_2_second_invite_before_the_answer_500_retry_after",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            say("INVITE", sdp(version=2)),
            hear(500, Retry_After="[0-9]|10"),
            say("ACK"),
            say("CANCEL", cseq=1, branch="z9hG4bK-[pid]-1"),
            hear(200),
            hear(487, Via=".*z9hG4bK-[0-9]+-1.*", CSeq="1 INVITE"),
            say("ACK", cseq=1, branch="z9hG4bK-[pid]-1"),
        ],
        CANCELLED,
    ),
    Clause(
        "rfc3261_14_2_reinvite_without_offer_gets_one",
        [
            *UP,
            say("INVITE"),
            hear(100),
            hear(200, body="m=audio [0-9]+ RTP/AVP 0 8 101"),
            say("ACK", sdp(version=2)),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3261_14_2_unacceptable_reinvite_488_and_the_call_goes_on",
        [
            *UP,
            say("INVITE", sdp(18, version=2)),
            hear(100),
            hear(488, Warning="399 .*"),
            say("ACK"),
            *DOWN,
        ],
        CALL,
        ANSWERS,
    ),
    # BYE
    Clause(
        "rfc3261_15_callee_waits_for_the_ack_with_its_bye",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            hear(200),
            Wait(100),
            say("ACK"),
            hear("BYE"),
            say(200),
        ],
        ["incoming_call"],
        {"incoming_call": ("answer", "hang_up")},
    ),
    Clause(
        "rfc3261_15_1_2_bye_of_nothing_481",
        [say("BYE", To="<sip:app@[remote_ip]>;tag=nobodys"), hear(481)],
    ),
    Clause(
        "rfc3261_15_1_2_bye_ends_the_pending_invite_487",
        [say("INVITE", sdp()), hear(100), hear(180), say("BYE"), hear(200), hear(487, "INVITE"), say("ACK")],
        CANCELLED,
    ),
    Clause(
        "rfc3261_15_1_2_bye_crosses_reinvite",
        [
            *UP,
            hear("INVITE", body="a=sendonly"),
            say("BYE"),
            hear(200),
            say(481, to="INVITE"),
            hear("ACK"),
        ],
        CALL,
        {"incoming_call": ("answer", "hold")},
    ),
    Clause(
        "rfc3261_15_1_2_bye_crosses_bye",
        [*UP, hear("BYE"), say("BYE"), hear(200), say(200, to="BYE")],
        ["incoming_call"],
        {"incoming_call": ("answer", "hang_up")},
    ),
    Clause(
        "rfc3261_12_2_1_2_reinvite_481_ends_the_dialog",
        [*UP, hear("INVITE"), say(481), hear("ACK"), hear("BYE"), say(481)],
        ["incoming_call", "call_hanged_up connection_lost"],
        {"incoming_call": ("answer", "hold")},
    ),
]
