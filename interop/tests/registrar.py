"""Where a phone of the tests registers, and how it proves who it is."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from .wire import SIPMessage

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass(frozen=True)
class Registrar:
    """A registrar, and what a phone has to know to register there."""

    host: str
    password: str
    transport: str = "udp"
    expires: int = 60  # Seconds.
    authority: Path | None = None  # Whose certificate the registrar has to show, where the transport is TLS.


class Challenge:
    """One challenge of a 401; each answer to it has a count of its own (RFC 7616)."""

    def __init__(self, refusal: SIPMessage, algorithm: str = "SHA-256") -> None:
        fields = re.findall(r"(?im)^WWW-Authenticate\s*:\s*Digest (.*?)\r?$", refusal.text)
        self.parameters = next(each for each in map(_parameters, fields) if each["algorithm"] == algorithm)
        self.is_stale = self.parameters.get("stale", "").lower() == "true"
        self._count = 0

    def authorization(self, username: str, password: str, method: str, uri: str) -> str:
        """The Authorization field of a request."""
        self._count += 1
        count, client = f"{self._count:08x}", secrets.token_hex(4)
        known = self.parameters
        secret = self._hash(f"{username}:{known['realm']}:{password}")
        asked = self._hash(f"{method}:{uri}")
        parts = {
            "username": f'"{username}"',
            "realm": f'"{known["realm"]}"',
            "nonce": f'"{known["nonce"]}"',
            "uri": f'"{uri}"',
            "response": f'"{self._hash(":".join((secret, known["nonce"], count, client, "auth", asked)))}"',
            "algorithm": known["algorithm"],
            "opaque": f'"{known["opaque"]}"',
            "qop": "auth",
            "cnonce": f'"{client}"',
            "nc": count,
        }
        return "Authorization: Digest " + ", ".join(f"{name}={value}" for name, value in parts.items())

    def _hash(self, text: str) -> str:
        return HASHES[self.parameters["algorithm"]](text.encode()).hexdigest()


def _parameters(field: str) -> dict[str, str]:
    return {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', field)}
