"""RFC 3264, and RFC 3261 §13.2.1: what an offer is answered with, and what an answer may be."""

from ..clause import ANSWERS, Clause, Reactions
from ..scenario import Step, hear, say, sdp
from .calls_in import CALL, DOWN, UP
from .calls_out import ANSWERED, INVITED, STARTED
from .calls_out import UP as UP_OUT

VIDEO = "m=video 40000 RTP/AVP 96\na=rtpmap:96 VP8/90000"
AUDIO = "m=audio 41000 RTP/AVP 0"
HOLDS: Reactions = {"call_answered": "hold"}
HELD = ["incoming_call", "call_held", "call_resumed", "call_hanged_up hung_up"]
ENDED = [*ANSWERED, "call_hanged_up hung_up"]


def reinvite(offer: str, *answer: str) -> list[Step]:
    """A re-INVITE of the phone, and what its answer holds."""
    return [say("INVITE", offer), hear(100), hear(200, body=answer), say("ACK")]


def hold(name: str, offer: str, answer: str) -> Clause:
    """The phone holds the call and takes it back."""
    return Clause(
        name,
        [*UP, *reinvite(offer, answer), *reinvite(sdp(0, version=3), "a=sendrecv"), *DOWN],
        HELD,
        ANSWERS,
    )


def offer(name: str, offer: str, *answer: str) -> Clause:
    """An INVITE with that offer gets that answer."""
    flow: list[Step] = [say("INVITE", offer), hear(100), hear(180), hear(200, body=answer), say("ACK"), *DOWN]
    return Clause(name, flow, CALL, ANSWERS)


def refused(name: str, offer: str) -> Clause:
    """An INVITE with that offer is refused, and says why."""
    return Clause(name, [say("INVITE", offer), hear(100), hear(488, Warning="399 .*"), say("ACK")])


def unusable(name: str, *answer: str) -> Clause:
    """The callee takes the call with an answer that nothing can be done with."""
    flow: list[Step] = [*INVITED, say(200, *answer), hear("ACK"), hear("BYE"), say(200)]
    return Clause(name, flow, [*STARTED, "call_failed media"])


CLAUSES = [
    # The phone offers
    offer("rfc3264_6_1_answer_keeps_to_the_formats_of_the_offer", sdp(18, 8), "m=audio [0-9]+ RTP/AVP 8 101"),
    offer("rfc3264_6_1_recvonly_is_answered_sendonly", sdp(direction="recvonly"), "a=sendonly"),
    offer("rfc3264_6_video_is_refused_by_port_0", sdp(more=VIDEO), "m=audio [1-9].*m=video 0 RTP/AVP 96"),
    offer("rfc3264_6_second_audio_is_refused_by_port_0", sdp(more=AUDIO), "m=audio [1-9].*m=audio 0 "),
    refused("rfc3264_6_no_codec_in_common_488", sdp(18)),
    refused("rfc3264_5_1_nothing_but_video_488", sdp().split("m=audio")[0] + VIDEO),
    refused("rfc3264_5_1_audio_with_port_0_488", sdp(port=0)),
    # The phone offers again
    hold("rfc3264_8_4_sendonly_is_answered_recvonly", sdp(version=2, direction="sendonly"), "a=recvonly"),
    hold("rfc3264_8_4_inactive_is_answered_inactive", sdp(version=2, direction="inactive"), "a=inactive"),
    hold("rfc3264_8_4_address_0_0_0_0_holds", sdp(version=2, address="0.0.0.0"), "a=(recvonly|inactive|sendrecv)"),
    Clause(
        "rfc3264_8_2_added_video_is_refused_by_port_0",
        [*UP, *reinvite(sdp(0, version=2, more=VIDEO), "m=audio [1-9].*m=video 0 "), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3264_8_3_2_codec_changes",
        [*UP, *reinvite(sdp(8, version=2), "m=audio [1-9][0-9]* RTP/AVP 8 101"), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3264_8_3_1_phone_moves_its_port",
        [*UP, *reinvite(sdp(version=2, port=30002), "m=audio [1-9]"), *DOWN],
        CALL,
        ANSWERS,
    ),
    Clause(
        "rfc3264_8_version_goes_up_by_one_where_the_description_changes",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            hear(200, body="o=- [0-9]+ 1 IN"),
            say("ACK"),
            *reinvite(sdp(), "o=- [0-9]+ 1 IN"),
            *reinvite(sdp(version=2, direction="sendonly"), "o=- [0-9]+ 2 IN"),
            *reinvite(sdp(version=3), "o=- [0-9]+ 3 IN"),
            *DOWN,
        ],
        HELD,
        ANSWERS,
    ),
    # The gateway offers
    unusable("rfc3264_6_answer_of_port_0_ack_and_bye", sdp(0, port=0)),
    unusable("rfc3264_6_answer_without_a_codec_of_the_offer_ack_and_bye", sdp(18)),
    unusable("rfc3261_13_2_1_no_answer_at_all_ack_and_bye"),
    Clause(
        "rfc3261_13_2_1_answer_in_a_183_is_early_media",
        [hear("INVITE"), say(183, sdp(0)), say(200, sdp(0)), hear("ACK"), say("BYE"), hear(200)],
        ENDED,
    ),
    Clause(
        "rfc3264_6_1_answer_of_sendonly_is_a_hold",
        [*INVITED, say(200, sdp(0, direction="sendonly")), hear("ACK"), say("BYE"), hear(200)],
        [*ANSWERED, "call_held", "call_hanged_up hung_up"],
    ),
    Clause(
        "rfc3264_8_4_hold_is_offered_sendonly",
        [
            *UP_OUT,
            hear("INVITE", body=("a=sendonly", "o=- [0-9]+ 2 IN")),
            say(200, sdp(0, version=2, direction="recvonly")),
            hear("ACK"),
            hear("INVITE", body=("a=sendrecv", "o=- [0-9]+ 3 IN")),
            say(200, sdp(0, version=3)),
            hear("ACK"),
            say("BYE"),
            hear(200),
        ],
        ENDED,
        {"call_answered": ("hold", "resume")},
    ),
    Clause(
        "rfc3264_8_4_hold_may_be_answered_inactive",
        [
            *UP_OUT,
            hear("INVITE", body="a=sendonly"),
            say(200, sdp(0, version=2, direction="inactive")),
            hear("ACK"),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_held", "call_hanged_up hung_up"],
        HOLDS,
    ),
    Clause(
        "rfc3264_8_4_both_hold_inactive",
        [
            *UP_OUT,
            hear("INVITE", body="a=sendonly"),
            say(200, sdp(0, version=2, direction="recvonly")),
            hear("ACK"),
            *reinvite(sdp(0, version=3, direction="sendonly"), "a=inactive"),
            say("BYE"),
            hear(200),
        ],
        [*ANSWERED, "call_held", "call_hanged_up hung_up"],
        HOLDS,
    ),
]
