"""RFC 3515, 3892 and 4488: REFER, and the NOTIFYs that tell what became of it."""

from ..clause import ANSWERS, TWIN, Clause
from ..scenario import REPLACES, Step, Wait, hear, say, sdp
from .calls_in import CALL, DOWN, UP
from .calls_out import ANSWERED, HUNG_UP

ALLOW = "INVITE, ACK, BYE, CANCEL, REFER, NOTIFY"
TARGET = "<sip:7001@[remote_ip]>"
SUBSCRIBED = "active;expires=1[78][0-9]"
OVER = "terminated;reason=noresource"
FRAGMENT = "message/sipfrag;version=2.0"

# A phone refers us: an app talks to it.
REFERS: list[Step] = [
    *UP,
    say("REFER", Refer_To=TARGET),
    hear(202),
    hear("NOTIFY", body="^SIP/2.0 100 "),
    say(200),
]
TOLD_BUSY: list[Step] = [hear("NOTIFY", body="^SIP/2.0 486 ", Subscription_State=OVER), say(200)]
TRANSFERRED = ["incoming_call", "call_transferred 7001"]
HANGS_UP = ANSWERS | {"call_transferred": "hang_up"}
# The phone that we call for it.
BUSY: list[Step] = [hear("INVITE"), say(486), hear("ACK")]
TAKES: list[Step] = [hear("INVITE"), say(200, sdp(0)), hear("ACK")]

# We refer a phone: an app talks to it, and transfers it to another number of the same trunk.
UP_OUT: list[Step] = [hear("INVITE"), say(180), say(200, sdp(0), Allow=ALLOW), hear("ACK")]
REFERRED: list[Step] = [*UP_OUT, hear("REFER", Refer_To="<sip:6002@127.0.4.1>")]
GOES_ON: list[Step] = [say("OPTIONS"), hear(200), say("BYE"), hear(200)]
ORDERS = {"call_answered": "transfer 6002"}
FAILED = [*ANSWERED, "error transfer_failed", "call_hanged_up hung_up"]


def refused(name: str, status: int, *targets: str, fields: int = 1) -> Clause:
    """A REFER that gets its status and no NOTIFY; the call goes on."""
    refer = say("REFER", Refer_To="\n".join(targets) if fields else None)
    return Clause(name, [*UP, refer, hear(status), *DOWN], CALL, ANSWERS)


def notify(fragment: str, state: str, event: str = "refer", kind: str = FRAGMENT) -> Step:
    """A NOTIFY of the phone."""
    return say("NOTIFY", f"{fragment}\n", Event=event, Subscription_State=state, Content_Type=kind)


def done_here(name: str, status: int, told: list[str], flow: list[Step], other: list[Step]) -> Clause:
    """A phone that calls is asked to call another one, does not want to, and hears `flow`: the gateway calls that."""
    up = [say("INVITE", sdp(), Allow=ALLOW), *UP[1:], hear("REFER", Refer_To="<sip:7001@127.0.4.3>"), say(status)]
    orders = {"incoming_call": ("answer", "transfer 7001"), "error": "hang_up"}
    return Clause(name, up + flow, ["incoming_call", *told], orders, address=TWIN, other=other)


def refused_notice(name: str, status: int, notice: Step, **headers: str) -> Clause:
    """A NOTIFY that we refuse changes nothing of what we wait for."""
    flow = [
        *REFERRED,
        say(202),
        notice,
        hear(status, **headers),
        notify("SIP/2.0 486 Busy Here", OVER),
        hear(200),
        *GOES_ON,
    ]
    return Clause(name, flow, FAILED, ORDERS)


CLAUSES = [
    # A phone's
    Clause("rfc3515_2_1_refer_is_allowed", [say("OPTIONS"), hear(200, Allow=".*REFER.*NOTIFY.*")]),
    Clause("rfc3515_2_4_2_refer_is_accepted_202", [*REFERS, *TOLD_BUSY, *DOWN], CALL, ANSWERS, other=BUSY),
    refused("rfc3515_2_4_1_no_refer_to_400", 400, fields=0),
    refused("rfc3515_2_4_1_two_refer_to_400", 400, TARGET, "<sip:7002@[remote_ip]>"),
    refused("rfc3515_2_4_1_refer_to_that_cannot_be_read_400", 400, "<sip:7001@[remote_ip]"),
    refused("rfc3515_2_4_2_target_that_is_no_sip_uri_416", 416, "<mailto:carol@example.org>"),
    refused("rfc3515_2_4_2_target_that_nobody_has_404", 404, "<sip:nobody@[remote_ip]>"),
    refused("rfc3515_5_2_target_that_the_phone_may_not_call_403", 403, "<sip:6002@[remote_ip]>"),
    Clause(
        "rfc3515_2_4_4_notify_at_once",
        [
            *UP,
            say("REFER", Refer_To=TARGET),
            hear(202),
            hear(
                "NOTIFY",
                body="^SIP/2.0 100 Trying",
                starts="sip:2001@",
                Event="refer",
                Subscription_State=SUBSCRIBED,
                Content_Type=FRAGMENT,
                Contact="<sip:.+>",
            ),
            say(200),
            *TOLD_BUSY,
            *DOWN,
        ],
        CALL,
        ANSWERS,
        other=BUSY,
    ),
    Clause(
        "rfc3515_2_4_5_ringing_is_told_and_then_the_answer_and_bye",
        [
            *REFERS,
            hear("NOTIFY", body="^SIP/2.0 180 ", Subscription_State="active;expires=.*"),
            say(200),
            hear("NOTIFY", body="^SIP/2.0 200 ", Subscription_State=OVER),
            say(200),
            *HUNG_UP,
        ],
        TRANSFERRED,
        HANGS_UP,
        other=[hear("INVITE"), say(180), Wait(100), *TAKES[1:], *HUNG_UP],
    ),
    Clause(
        "rfc3515_2_4_5_refused_notify_is_the_last",
        [*REFERS[:-1], say(481), Wait(100), *DOWN],
        CALL,
        ANSWERS,
        other=BUSY,
    ),
    Clause(
        "rfc3515_2_4_6_second_refer_has_its_number_as_id",
        [
            *UP,
            say("REFER", Refer_To="<sip:away@[remote_ip]>"),
            hear(202),
            hear("NOTIFY", Event="refer"),
            say(200),
            hear("NOTIFY", body="^SIP/2.0 480 ", Event="refer"),
            say(200),
            say("REFER", Refer_To=TARGET),
            hear(202),
            hear("NOTIFY", body="^SIP/2.0 100 ", Event="refer;id=3"),
            say(200),
            hear("NOTIFY", body="^SIP/2.0 200 ", Event="refer;id=3"),
            say(200),
            *HUNG_UP,
        ],
        TRANSFERRED,
        HANGS_UP,
        other=[*TAKES, *HUNG_UP],
    ),
    Clause(
        "rfc4488_4_refer_sub_false_no_notify",
        [*UP, say("REFER", Refer_To=TARGET, Refer_Sub="false"), hear(202, Refer_Sub="false"), *HUNG_UP],
        TRANSFERRED,
        HANGS_UP,
        other=[*TAKES, *HUNG_UP],
    ),
    Clause(
        "rfc3892_2_2_referred_by_is_passed_on",
        [
            *UP,
            say("REFER", Refer_To=TARGET, Referred_By="<sip:2001@127.0.4.1>"),
            hear(202),
            hear("NOTIFY"),
            say(200),
            *TOLD_BUSY,
            *DOWN,
        ],
        CALL,
        ANSWERS,
        other=[hear("INVITE", Referred_By="<sip:2001@127.0.4.1>", From=".*app.*"), *BUSY[1:]],
    ),
    Clause(
        "rfc3891_6_1_refer_to_with_replaces_joins_the_phones_two_calls",
        [
            *UP,
            say("INVITE", sdp(), uri="sip:7001@[remote_ip]", dialog="to@other"),
            hear(100, dialog="to@other"),
            hear(200, dialog="to@other"),
            say("ACK", dialog="to@other"),
            say(
                "REFER",
                Refer_To="<sip:7001@[remote_ip]?Replaces=to%40other%2f%2F%2F[call_id]"
                "%3Bto-tag%3D[$tag_1]%3Bfrom-tag%3D[pid]p[call_number]>",
            ),
            hear(202),
            hear("NOTIFY", body="^SIP/2.0 100 "),
            say(200),
            hear("BYE", dialog="to@other"),
            say(200, dialog="to@other"),
            hear("NOTIFY", body="^SIP/2.0 200 ", Subscription_State=OVER),
            say(200),
            *HUNG_UP,
        ],
        TRANSFERRED,
        HANGS_UP,
        other=[*TAKES, *HUNG_UP],
    ),
    Clause(
        "rfc3891_6_1_replaces_of_a_foreign_dialog_is_sent_on",
        [
            *UP,
            say("REFER", Refer_To="<sip:7001@[remote_ip]?Replaces=12%40far%3Bto-tag%3Da%3Bfrom-tag%3Db%3Bearly-only>"),
            hear(202),
            hear("NOTIFY", body="^SIP/2.0 100 "),
            say(200),
            hear("NOTIFY", body="^SIP/2.0 481 ", Subscription_State=OVER),
            say(200),
            *DOWN,
        ],
        CALL,
        ANSWERS,
        other=[
            hear("INVITE", Replaces="12@far;to-tag=a;from-tag=b;early-only", Require="replaces"),
            say(481),
            hear("ACK"),
        ],
    ),
    Clause(
        "rfc3891_4_replaces_of_a_foreign_dialog_is_answered",
        [
            *UP,
            say("REFER", Refer_To="<sip:7001@[remote_ip]?Replaces=12%3Bto-tag%3Da%3Bfrom-tag%3Db>"),
            hear(202),
            hear("NOTIFY", body="^SIP/2.0 100 "),
            say(200),
            hear("NOTIFY", body="^SIP/2.0 200 ", Subscription_State=OVER),
            say(200),
            *HUNG_UP,
        ],
        TRANSFERRED,
        HANGS_UP,
        other=[hear("INVITE", Replaces="12;to-tag=a;from-tag=b"), *TAKES[1:], *HUNG_UP],
    ),
    refused(
        "rfc3891_6_1_replaces_that_cannot_be_read_400",
        400,
        "<sip:7001@[remote_ip]?Replaces=12%3Bto-tag%3Da>",
    ),
    refused(
        "rfc3891_6_1_replaces_of_the_very_same_call_481",
        481,
        "<sip:7001@[remote_ip]?Replaces=" + REPLACES.replace(";", "%3B").replace("=", "%3D") + ">",
    ),
    # Ours
    Clause(
        "rfc3515_2_4_5_notify_of_the_answer_and_bye",
        [
            *UP_OUT,
            hear(
                "REFER",
                starts="sip:2001@",
                Refer_To="<sip:6002@127.0.4.1>",
                Referred_By="<sip:.+@127.0.4.254>",
                Contact="<sip:.+@127.0.4.254:5060>",
            ),
            say(202),
            notify("SIP/2.0 100 Trying", "active;expires=60"),
            hear(200),
            notify("SIP/2.0 180 Ringing", "active;expires=60"),
            hear(200),
            notify("SIP/2.0 200 OK", OVER),
            hear(200),
            *HUNG_UP,
        ],
        [*ANSWERED, "call_hanged_up transferred"],
        ORDERS,
    ),
    Clause(
        "rfc3515_2_4_5_notify_of_a_refusal_and_the_call_stays",
        [
            *REFERRED,
            say(202),
            notify("SIP/2.0 486 Busy Here", OVER),
            hear(200),
            *GOES_ON,
        ],
        FAILED,
        ORDERS,
    ),
    done_here(
        "rfc3515_2_4_2_refused_603_and_done_by_us",
        603,
        ["call_hanged_up transferred"],
        HUNG_UP,
        [*TAKES, say("BYE"), hear(200)],
    ),
    done_here(
        "rfc3515_2_4_2_refused_405_and_the_call_stays",
        405,
        ["error transfer_failed"],
        HUNG_UP,
        BUSY,
    ),
    Clause("rfc3515_2_4_2_no_response_at_all_and_the_call_stays", [*REFERRED, Wait(3300), *GOES_ON], FAILED, ORDERS),
    Clause(
        "rfc3515_2_4_4_bye_may_come_in_place_of_the_last_notify",
        [*REFERRED, say(202), say("BYE"), hear(200)],
        [*ANSWERED, "call_hanged_up transferred"],
        ORDERS,
    ),
    Clause(
        "rfc3261_11_2_phone_that_does_not_allow_refer_is_not_asked",
        [*UP_OUT[:2], say(200, sdp(0), Allow="INVITE, ACK, BYE, CANCEL"), hear("ACK"), *HUNG_UP],
        [*ANSWERED, "call_hanged_up transferred"],
        {"call_answered": "transfer 7001"},
        other=[*TAKES, say("BYE"), hear(200)],
    ),
    Clause(
        "rfc6665_4_1_3_notify_without_a_subscription_481",
        [*UP_OUT, notify("SIP/2.0 200 OK", OVER), hear(481), say("BYE"), hear(200)],
        [*ANSWERED, "call_hanged_up hung_up"],
    ),
    refused_notice("rfc3515_2_4_6_notify_with_a_foreign_id_481", 481, notify("SIP/2.0 200 OK", OVER, "refer;id=99")),
    refused_notice(
        "rfc6665_8_3_2_notify_of_another_event_489",
        489,
        notify("SIP/2.0 200 OK", OVER, "presence"),
        Allow_Events="refer",
    ),
    refused_notice(
        "rfc3515_2_4_5_notify_with_another_body_415",
        415,
        notify("SIP/2.0 200 OK", OVER, kind="text/plain"),
        Accept="message/sipfrag",
    ),
]
