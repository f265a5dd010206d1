"""An authority of the tests, and the certificates that it signs; made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


@dataclass(frozen=True)
class Certificate:
    """The PEM files of one."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; `path` is its own, which whoever trusts it needs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self.path = folder / "ca.crt"
        self._openssl("req", "-x509", *_CURVE, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=Tests")

    def issue(self, name: str, *subjects: str, days: int = 2) -> Certificate:
        """A certificate `name`.crt for subjects as `DNS:sip.example.org` or `IP:127.0.0.1`; a former one is replaced."""
        names = "subjectAltName=" + ",".join(subjects)
        request = ["-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext", names]
        self._openssl("req", *_CURVE, *request)
        signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy"]
        self._openssl("x509", "-req", "-in", f"{name}.csr", *signer, "-days", str(days), "-out", f"{name}.crt")
        return Certificate(self._folder / f"{name}.crt", self._folder / f"{name}.key")

    def _openssl(self, *command: str) -> None:
        subprocess.run(["openssl", *command], cwd=self._folder, check=True, capture_output=True, timeout=10)
