"""RFC 3261 §10 and §22, RFC 7616, RFC 3327 and RFC 5626: phones that register here."""

from typing import Any

from ..clause import Clause
from ..scenario import Step, hear, say, sdp

REGISTRAR = "sip:[remote_ip]:[remote_port]"
NAME = "<sip:3001@[remote_ip]>"
HERE = "<sip:3001@[local_ip]:[local_port]>"
INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
CHALLENGE = 'Digest .*realm=".+".*nonce=".+".*qop="auth.*'


def register(status: int, granted: dict[str, str | None] | None = None, **headers: Any) -> list[Step]:
    """A REGISTER of phone 3001 that is challenged, and what it gets once it has its credentials."""
    fields = {"From": f"{NAME};tag=[pid]", "To": NAME, "Contact": HERE, "Expires": "120"} | headers
    return [
        say("REGISTER", uri=REGISTRAR, **fields),
        hear(401, WWW_Authenticate=CHALLENGE),
        say("REGISTER", uri=REGISTRAR, credentials="3001", **fields),
        hear(status, **(granted or {})),
    ]


def flow(number: int, user: str = "3001") -> str:
    """The Contact of a flow (RFC 5626 §4.2)."""
    return f"<sip:{user}@[local_ip]:[local_port];ob>;reg-id={number};{INSTANCE}"


def clause(name: str, flow: list[Step]) -> Clause:
    return Clause(name, flow, through_sieve=True)


GONE = register(200, {"Contact": None}, Contact="*", Expires="0")
OUTBOUND = {"Require": "outbound"}

CLAUSES = [
    clause(
        "rfc3261_10_3_register_is_challenged_and_granted",
        [*register(200, {"Contact": "<sip:3001@127.0.4.1:5060>;expires=120", "Date": ".+ GMT"}), *GONE],
    ),
    clause(
        "rfc3261_10_2_2_expires_0_removes_that_contact_alone",
        [
            *register(200, Contact="<sip:a@[local_ip]>, <sip:b@[local_ip]>"),
            *register(200, {"Contact": "<sip:b@127.0.4.1>;.*"}, Contact="<sip:a@[local_ip]>", Expires="0"),
            *GONE,
        ],
    ),
    clause("rfc3261_10_2_2_star_with_a_time_400", register(400, Contact="*", Expires="60")),
    clause("rfc3261_10_2_2_star_with_another_400", [*register(400, Contact=f"*, {HERE}", Expires="0")[:1], hear(400)]),
    clause(
        "rfc3261_10_2_3_no_contact_asks_what_there_is",
        [
            *register(200, {"Contact": None}, Contact=None),
            *register(200),
            *register(200, {"Contact": "<sip:3001@127.0.4.1:5060>;expires=1[12][0-9]"}, Contact=None),
            *GONE,
        ],
    ),
    clause("rfc3261_10_2_8_too_brief_423_min_expires", register(423, {"Min_Expires": "60"}, Expires="59")),
    clause("rfc3261_10_3_another_phones_address_403", register(403, To="<sip:3002@[remote_ip]>")),
    clause("rfc3261_10_3_address_that_is_not_ours_404", register(404, To="<sip:3001@elsewhere.example>")),
    clause(
        "rfc3261_10_3_domain_that_is_not_ours_404",
        [say("REGISTER", uri="sip:elsewhere.example", From=f"{NAME};tag=1", To=NAME, Contact=HERE), hear(404)],
    ),
    clause(
        "rfc3261_10_3_older_cseq_of_the_same_series_500",
        [
            *register(200),
            say("REGISTER", uri=REGISTRAR, cseq=1, branch="z9hG4bK-old", From=f"{NAME};tag=o", To=NAME, Contact=HERE),
            hear(401),
            say(
                "REGISTER",
                uri=REGISTRAR,
                cseq=1,
                branch="z9hG4bK-older",
                credentials="3001",
                From=f"{NAME};tag=o",
                To=NAME,
                Contact=HERE,
            ),
            hear(500),
            *GONE,
        ],
    ),
    clause(
        "rfc3261_22_4_wrong_password_401",
        [
            say("REGISTER", uri=REGISTRAR, From=f"{NAME};tag=1", To=NAME, Contact=HERE),
            hear(401),
            say("REGISTER", uri=REGISTRAR, credentials="wrong", From=f"{NAME};tag=1", To=NAME, Contact=HERE),
            hear(401, lacks="stale=true"),
        ],
    ),
    clause(
        "rfc7616_3_4_nonce_serves_again_with_the_next_count",
        [
            *register(200),
            say("REGISTER", uri=REGISTRAR, credentials="3001", From=f"{NAME};tag=[pid]", To=NAME, Contact=HERE),
            hear(200),
            *GONE,
        ],
    ),
    clause(
        "rfc3261_22_1_invite_in_a_phones_name_is_challenged",
        [
            say("INVITE", sdp(), From=f"{NAME};tag=f"),
            hear(401, WWW_Authenticate=CHALLENGE),
            say("ACK", From=f"{NAME};tag=f"),
        ],
    ),
    clause(
        "rfc3327_5_3_path_is_kept_and_told",
        [*register(200, {"Path": "<sip:edge.example;lr>"}, Path="<sip:edge.example;lr>", Supported="path"), *GONE],
    ),
    clause(
        "rfc5626_6_flow_is_granted_with_require_outbound",
        [*register(200, OUTBOUND | {"Contact": ".*reg-id=1.*"}, Contact=flow(1), Supported="path, outbound"), *GONE],
    ),
    clause(
        "rfc5626_6_same_flow_from_elsewhere_takes_its_place",
        [
            *register(200, OUTBOUND, Contact=flow(1), Supported="path, outbound"),
            *register(
                200,
                OUTBOUND | {"Contact": "<sip:new@.*reg-id=1.*"},
                Contact=flow(1, "new"),
                Supported="path, outbound",
            )[:3],
            hear(200, Contact="<sip:new@.*reg-id=1.*", lacks="<sip:3001@[^>]*;ob>"),
            *GONE,
        ],
    ),
    clause(
        "rfc5626_6_second_flow_stands_beside_the_first",
        [
            *register(200, OUTBOUND, Contact=flow(1), Supported="path, outbound"),
            *register(200, OUTBOUND, Contact=flow(2), Supported="path, outbound")[:3],
            hear(200, text=("reg-id=1", "reg-id=2")),
            *GONE,
        ],
    ),
    clause(
        "rfc5626_6_first_hop_without_outbound_439",
        [
            say(
                "REGISTER",
                uri=REGISTRAR,
                Via="SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-p1\nSIP/2.0/UDP far.example;branch=z9hG4bK-f1",
                From=f"{NAME};tag=1",
                To=NAME,
                Contact=flow(1),
                Supported="path, outbound",
            ),
            hear(401),
            say(
                "REGISTER",
                uri=REGISTRAR,
                credentials="3001",
                Via="SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-p2\nSIP/2.0/UDP far.example;branch=z9hG4bK-f2",
                From=f"{NAME};tag=1",
                To=NAME,
                Contact=flow(1),
                Supported="path, outbound",
            ),
            hear(439),
        ],
    ),
    clause(
        "rfc5626_6_require_outbound_is_understood",
        [
            *register(200, OUTBOUND, Contact=flow(1), Supported="path, outbound", Require="outbound"),
            *GONE,
        ],
    ),
]
