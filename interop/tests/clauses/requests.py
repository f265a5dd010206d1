"""RFC 3261 §8 and §11: what a request has to be, and what it is answered with otherwise."""

from ..clause import ANSWERS, Clause
from ..scenario import hear, say, sdp

CLAUSES = [
    Clause(
        "rfc3261_8_2_1_unknown_method_405",
        [say("PUBLISH"), hear(405, Allow=".*INVITE.*BYE.*")],
    ),
    Clause(
        "rfc3261_8_2_2_1_unknown_scheme_416",
        [say("INVITE", sdp(), uri="nobody-knows:this"), hear(416), say("ACK")],
    ),
    Clause(
        "rfc3261_8_2_2_1_foreign_domain_404",
        [say("INVITE", sdp(), uri="sip:app@elsewhere.example"), hear(100), hear(404), say("ACK")],
    ),
    Clause(
        "rfc3261_19_1_6_tel_uri_is_a_number",
        [
            say("INVITE", sdp(), uri="tel:+1-555-0100"),
            hear(100),
            hear(180),
            hear(200),
            say("ACK"),
            say("BYE"),
            hear(200),
        ],
        ["incoming_call", "call_hanged_up hung_up"],
        ANSWERS,
    ),
    Clause(
        "rfc3261_8_2_2_2_merged_request_482",
        [
            say("INVITE", sdp()),
            hear(100),
            hear(180),
            say("INVITE", sdp(), cseq=1, branch="z9hG4bK-[pid]-other", To="<sip:app@[remote_ip]>"),
            hear(482, Via=".*-other.*"),
            say("ACK"),
            say("CANCEL", cseq=1, branch="z9hG4bK-[pid]-1"),
            hear(200),
            hear(487, "INVITE", Via=".*z9hG4bK-[0-9]+-1.*"),
            say("ACK", cseq=1, branch="z9hG4bK-[pid]-1"),
        ],
        ["incoming_call", "call_cancelled cancelled"],
    ),
    Clause(
        "rfc3261_8_2_2_3_require_420_unsupported",
        [say("INVITE", sdp(), Require="magic, more"), hear(420, Unsupported="magic, more"), say("ACK")],
    ),
    Clause(
        "rfc3261_8_2_3_unknown_body_415_accept",
        [
            say("INVITE", "hello", Content_Type="text/plain"),
            hear(415, Accept=".*application/sdp.*"),
            say("ACK"),
        ],
    ),
    Clause(
        "rfc3261_8_2_3_unknown_encoding_415_accept_encoding",
        [
            say("INVITE", sdp(), Content_Encoding="gzip"),
            hear(415, Accept_Encoding="identity"),
            say("ACK"),
        ],
    ),
    Clause(
        "rfc3261_8_2_6_1_trying_has_timestamp_and_no_tag",
        [
            say("INVITE", sdp(), Timestamp="54.7"),
            hear(100, Timestamp="54.7.*", To="<[^>]*>"),
            hear(180, To="<[^>]*>;tag=.+"),
            say("CANCEL"),
            hear(200),
            hear(487, "INVITE"),
            say("ACK"),
        ],
        ["incoming_call", "call_cancelled cancelled"],
    ),
    Clause(
        "rfc3261_8_2_6_2_every_via_comes_back_in_order",
        [
            say(
                "OPTIONS",
                Via="SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-near\n"
                "SIP/2.0/UDP far.example;branch=z9hG4bK-far",
            ),
            hear(200, text="branch=z9hG4bK-near.*branch=z9hG4bK-far"),
        ],
    ),
    Clause(
        "rfc3261_11_2_options_tells_what_is_taken",
        [
            say("OPTIONS", uri="sip:[remote_ip]"),
            hear(200, Allow=".*INVITE.*", Accept=".*application/sdp.*", To=".*;tag=.+"),
        ],
    ),
    Clause(
        "rfc3261_16_3_max_forwards_0_483",
        [say("INVITE", sdp(), Max_Forwards="0"), hear(483), say("ACK")],
    ),
]
