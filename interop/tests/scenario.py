"""sipp scenarios as the flow of their messages: what the phone says and what it must hear, in this order, nothing else.

    [say("INVITE", sdp()), hear(100), hear(180), hear(200, "INVITE"), say("ACK"), say("BYE"), hear(200)]

`xml` writes out what a phone fills in by itself: Via and branch, tags, CSeq, Call-ID, the remote target of its dialog.
Each message can be told otherwise: `say("BYE", cseq=1)`, `say("INVITE", Require="magic")`. What is heard is checked: by
its status or method, a response by the CSeq of its request too, and by regular expressions (POSIX, extended) for whole
header values: `hear(420, Unsupported="magic")`; None says that there must be no such header.

A message of another dialog than the phone's first one names it: `say("INVITE", sdp(), dialog="second")`; the name begins
its Call-ID.

In texts sipp's own words may stand, as [local_ip], and REPLACES; a header's name is spelled with `_` for `-`.
"""

from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

PHONE = "<sip:2001@[local_ip]:[local_port]>"
TAG = "[pid]p[call_number]"
REPLACES = f"[call_id];to-tag=[$tag];from-tag={TAG}"  # The first dialog, as the phone names it in Replaces.
REASONS = {180: "Ringing", 183: "Session Progress", 200: "OK"}
NO_CONTACT = ("ACK", "BYE", "CANCEL", "PRACK")


@dataclass(frozen=True)
class Say:
    """A message of the phone; see `say`."""

    what: str | int
    body: str
    options: dict[str, Any]
    headers: dict[str, str | None]
    dialog: str


@dataclass(frozen=True)
class Hear:
    """A message that must come; see `hear`."""

    what: str | int
    method: str
    body: tuple[str, ...]
    text: tuple[str, ...]
    lacks: tuple[str, ...]
    starts: str
    headers: dict[str, str | None]
    dialog: str


@dataclass(frozen=True)
class Wait:
    """Silence: whatever is heard meanwhile is a fault."""

    milliseconds: int


Step = Say | Hear | Wait
Texts = str | tuple[str, ...]


def say(
    what: str | int,
    body: str = "",
    *,
    to: str = "",
    uri: str = "",
    cseq: int = 0,
    branch: str = "",
    tag: str = "",
    credentials: str = "",
    dialog: str = "",
    **headers: str | None,
) -> Say:
    """A request by its method, or a response by its status.

    `to` is the method of the request that is answered, where it isn't the last one heard; `tag` the phone's tag, where
    it isn't the usual one; `credentials` the user name that answers the last challenge, with the password `secret`.
    `headers` are added, or stand in for what would be written; None takes one away.
    """
    options = {"to": to, "uri": uri, "cseq": cseq, "branch": branch, "tag": tag, "credentials": credentials}
    return Say(what, body, options, headers, dialog)


def hear(
    what: str | int,
    method: str = "",
    body: Texts = (),
    *,
    text: Texts = (),
    lacks: Texts = (),
    starts: str = "",
    dialog: str = "",
    **headers: str | None,
) -> Hear:
    """A request by its method, or a response by its status and the method of its request, the last one of ours.

    The body must match each of `body`, the message each of `text` and none of `lacks`; a request's URI begins as
    `starts` says.
    """
    return Hear(what, method, _tuple(body), _tuple(text), _tuple(lacks), starts, headers, dialog)


def sdp(
    *payloads: int,
    version: int = 1,
    direction: str = "sendrecv",
    address: str = "[local_ip]",
    port: int = 30000,
    more: str = "",
) -> str:
    """A phone's session description: one audio stream of these payload types (PCMU and PCMA by default)."""
    names = {0: "PCMU", 8: "PCMA", 9: "G722", 18: "G729"}
    types = payloads or (0, 8)
    lines = [
        "v=0",
        f"o=phone 4711 {version} IN IP4 [local_ip]",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, types))} 101",
        *(f"a=rtpmap:{number} {names[number]}/8000" for number in types),
        "a=rtpmap:101 telephone-event/8000",
        f"a={direction}",
        *more.split("\n"),
    ]
    return "\n".join(line for line in lines if line)


def xml(steps: list[Step], callee: str) -> str:
    """The scenario as sipp reads it; `callee` is whom the phone calls where it says the first word."""
    writer = _Writer(callee)
    for step in steps:
        writer.write(step)
    return writer.text()


@dataclass
class _Request:
    """A request of the phone."""

    method: str
    cseq: int
    branch: str
    uri: str


@dataclass
class _Dialog:
    """What the phone knows of a dialog; its first one has no name."""

    name: str
    number: int
    is_caller: bool
    cseq: int = 0
    branches: int = 0
    invite: _Request | None = None  # The phone's last one.
    last: _Request | None = None  # The phone's last request that gets a response.
    final: int = 0  # What answered `invite`.
    asked: str = ""  # The method of the last request that was heard.
    tagless: set[str] = field(default_factory=set)  # Methods last heard without a tag in To.
    stands: bool = False

    def variable(self, name: str) -> str:
        return f"{name}_{self.number}" if self.number else name

    @property
    def call_id(self) -> str:
        return f"{self.name}///[call_id]" if self.name else "[call_id]"  # How sipp wants several of one call.


@dataclass
class _Writer:
    callee: str
    elements: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    dialogs: dict[str, _Dialog] = field(default_factory=dict)

    def write(self, step: Step) -> None:
        if isinstance(step, Wait):
            self.elements.append(f'<pause milliseconds="{step.milliseconds}"/>')
            return
        dialog = self.dialogs.get(step.dialog) or _Dialog(step.dialog, len(self.dialogs), isinstance(step, Say))
        self.dialogs[step.dialog] = dialog
        match step:
            case Say(str()):
                self._send(self._request(step, dialog))
            case Say():
                self._send(self._response(step, dialog))
            case Hear(str()):
                self._hear_request(step, dialog)
            case Hear():
                self._hear_response(step, dialog)

    def text(self) -> str:
        references = f'<Reference variables="{",".join(self.variables)}"/>' if self.variables else ""
        head = '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
        return "\n".join([head + '<scenario name="clause">', *self.elements, references, "</scenario>\n"])

    # What the phone says

    def _request(self, step: Say, dialog: _Dialog) -> str:
        method, options = str(step.what), step.options
        of_invite = method == "CANCEL" or (method == "ACK" and dialog.final >= 300)
        if method not in ("ACK", "CANCEL") and not options["cseq"]:
            dialog.cseq += 1
        if not of_invite:
            dialog.branches += 1
        invite = dialog.invite
        request = _Request(
            method,
            cseq=options["cseq"] or (invite.cseq if invite and method in ("ACK", "CANCEL") else dialog.cseq),
            branch=options["branch"]
            or (invite.branch if invite and of_invite else f"z9hG4bK-[pid]-{dialog.variable(str(dialog.branches))}"),
            uri=options["uri"] or (invite.uri if invite and of_invite else self._target(dialog)),
        )
        local, remote = self._sides(dialog, options["tag"], has_remote_tag=method != "CANCEL")
        if method == "ACK" and of_invite:
            remote = f"[${dialog.variable('refused')}]"
        if method == "INVITE":
            dialog.invite, dialog.final = request, 0
        if method != "ACK":
            dialog.last = request
        headers: dict[str, str | None] = {
            "Via": f"SIP/2.0/[transport] [local_ip]:[local_port];branch={request.branch}",
            "Max-Forwards": "70",
            "From": local,
            "To": remote,
            "Call-ID": dialog.call_id,
            "CSeq": f"{request.cseq} {method}",
            "Contact": None if method in NO_CONTACT else PHONE,
        }
        return self._message(f"{method} {request.uri} SIP/2.0", headers, step)

    def _target(self, dialog: _Dialog) -> str:
        return f"[${dialog.variable('target')}]" if dialog.stands else f"sip:{self.callee}@[remote_ip]:[remote_port]"

    def _sides(self, dialog: _Dialog, tag: str, *, has_remote_tag: bool = True) -> tuple[str, str]:
        """From and To of a request of the phone."""
        remote = f"[${dialog.variable('remote')}]"
        if not dialog.is_caller:
            to_invite, local = (f"[${dialog.variable(name)}]" for name in ("to_INVITE", "local"))
            return f"{to_invite};tag={tag or TAG}" if "INVITE" in dialog.tagless else local, remote
        plain = f"<sip:{self.callee}@[remote_ip]:[remote_port]>"
        return f"{PHONE};tag={tag or TAG}", remote if dialog.stands and has_remote_tag else plain

    def _response(self, step: Say, dialog: _Dialog) -> str:
        status, method = int(step.what), step.options["to"] or dialog.asked
        tag = f";tag={step.options['tag'] or TAG}" if method in dialog.tagless and status > 100 else ""
        via, sender, to, cseq = (f"[${dialog.variable(f'{name}_{method}')}]" for name in ("via", "from", "to", "cseq"))
        headers: dict[str, str | None] = {
            "Via": via,
            "From": sender,
            "To": to + tag,
            "Call-ID": dialog.call_id,
            "CSeq": cseq,
            "Contact": PHONE if method == "INVITE" and 100 < status < 300 else None,
        }
        return self._message(f"SIP/2.0 {status} {REASONS.get(status, 'Because')}", headers, step)

    def _message(self, start: str, headers: dict[str, str | None], step: Say) -> str:
        headers |= {"Content-Type": "application/sdp" if step.body else None}
        if user := step.options["credentials"]:
            start += f"\n[authentication username={user} password=secret]"
        own = {name.replace("_", "-"): value for name, value in step.headers.items()}
        # sipp wants it last.
        headers = headers | own | {"Content-Length": own.get("Content-Length", "[len]")}
        fields = ((name, value.split("\n")) for name, value in headers.items() if value is not None)
        lines = [f"{name}: {value}" for name, values in fields for value in values]
        return "\n".join([start, *lines, "", step.body])

    def _send(self, message: str) -> None:
        self.elements.append(f"<send><![CDATA[\n{message}\n]]></send>")

    # What it hears

    def _hear_request(self, step: Hear, dialog: _Dialog) -> None:
        method = dialog.asked = str(step.what)
        actions = [
            self._take(dialog.variable(f"{name.lower().replace('-', '')}_{method}"), name)
            for name in ("Via", "From", "To", "CSeq")
        ]
        if not dialog.stands and method == "INVITE" and not dialog.is_caller:
            dialog.tagless |= {"INVITE", "CANCEL"}
            dialog.stands = True
            actions += [self._take(dialog.variable("remote"), "From"), self._take_tag(dialog, "From")]
        elif method == "INVITE":
            if "INVITE" in dialog.tagless and not dialog.is_caller:
                actions.append(self._take(dialog.variable("local"), "To"))
            dialog.tagless -= {"INVITE", "CANCEL"}
        if method == "INVITE":
            actions.append(self._take_target(dialog))
        self._receive(f'request="{method}"', actions, step, starts=f"^{method} {step.starts}")

    def _hear_response(self, step: Hear, dialog: _Dialog) -> None:
        status = int(step.what)
        assert dialog.last is not None, "nothing was asked"
        of = dialog.invite if step.method == "INVITE" and dialog.invite else dialog.last
        cseq = rf"{of.cseq} {step.method or of.method}"
        actions = [] if "CSeq" in step.headers else [self._header("CSeq", cseq)]
        if of.method == "INVITE" and not step.method == "CANCEL":
            if status >= 200:
                dialog.final = status
            if status >= 300:
                actions.append(self._take(dialog.variable("refused"), "To"))
            if 100 < status < 300 and dialog.is_caller:
                actions += [
                    self._take(dialog.variable("remote"), "To"),
                    self._take_tag(dialog, "To"),
                    self._take_target(dialog),
                ]
                dialog.stands = True
        if "RSeq" in step.headers:
            actions.append(self._take("rseq", "RSeq"))
        auth = ' auth="true"' if status in (401, 407) else ""
        self._receive(f'response="{status}"{auth}', actions, step, starts=f"^SIP/2.0 {status} ")

    def _receive(self, what: str, actions: list[str], step: Hear, starts: str) -> None:
        actions.append(self._check('search_in="msg"', starts))
        if step.dialog:
            actions.append(self._header("Call-ID", f"{step.dialog}///.*"))
        elif len(self.dialogs) > 1:
            actions.append(self._check('search_in="msg"', "Call-ID: [^/]*///", fails=True))
        for name, pattern in step.headers.items():
            name = name.replace("_", "-")
            if pattern is None:
                actions.append(self._check('search_in="msg"', f"{name}:", fails=True))
            else:
                actions.append(self._header(name, pattern))
        actions += [self._check('search_in="body"', pattern) for pattern in step.body]
        actions += [self._check('search_in="msg"', pattern) for pattern in step.text]
        actions += [self._check('search_in="msg"', pattern, fails=True) for pattern in step.lacks]
        self.elements.append("\n".join([f"<recv {what}><action>", *actions, "</action></recv>"]))

    def _take(self, variable: str, header: str) -> str:
        return self._ereg(variable, f'search_in="hdr" header="{header}:"', ".+", "check_it")

    def _take_target(self, dialog: _Dialog) -> str:
        return self._take_part(dialog, "target", "Contact", "<([^>]+)>", is_needed=True)

    def _take_tag(self, dialog: _Dialog, header: str) -> str:
        return self._take_part(dialog, "tag", header, ";tag=([^;]+)", is_needed=False)

    def _take_part(self, dialog: _Dialog, variable: str, header: str, pattern: str, *, is_needed: bool) -> str:
        """What stands in the parentheses."""
        names = [dialog.variable(f"whole_{variable}"), dialog.variable(variable)]
        self.variables += [name for name in names if name not in self.variables]
        place = f'regexp={quoteattr(pattern)} search_in="hdr" header="{header}:"'
        check = ' check_it="true"' if is_needed else ""
        return f'<ereg {place}{check} assign_to="{",".join(names)}"/>'

    def _header(self, name: str, pattern: str) -> str:
        return self._check(f'search_in="hdr" header="{name}:"', f"^ *({pattern}) *$")

    def _check(self, place: str, pattern: str, *, fails: bool = False) -> str:
        return self._ereg(f"check{len(self.variables)}", place, pattern, "check_it_inverse" if fails else "check_it")

    def _ereg(self, variable: str, place: str, pattern: str, check: str) -> str:
        if variable not in self.variables:
            self.variables.append(variable)
        # sipp's XML knows no escaped quote.
        regexp = quoteattr(pattern.replace('"', "."))
        return f'<ereg regexp={regexp} {place} {check}="true" assign_to="{variable}"/>'


def _tuple(texts: Texts) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts
