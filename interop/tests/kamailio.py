"""Kamailio as a process of the tests, with the configuration of interop/kamailio."""

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

CONFIG = Path(__file__).parents[1] / "kamailio" / "kamailio.cfg"
PROXY, BALANCER, TRUNK = "127.0.9.1", "127.0.9.2", "127.0.9.3"
FORKS = ("127.0.9.11", "127.0.9.12")  # Whom a call to "fork" rings.
START_WITHIN = 20.0
STOP_WITHIN = 10.0
PING = (
    "OPTIONS sip:nobody@{host} SIP/2.0\r\nVia: SIP/2.0/UDP {own[0]}:{own[1]};branch=z9hG4bKping\r\nMax-Forwards: 0\r\n"
    "From: <sip:ping@{host}>;tag=1\r\nTo: <sip:nobody@{host}>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)


class Kamailio:
    """One server; started once for a test module. What comes to the proxy, and the balancer, goes to these addresses."""

    def __init__(self, folder: Path, *, proxied: Sequence[str], balanced: Sequence[str]) -> None:
        self.log_path = folder / "kamailio.log"
        self._folder = folder
        self._config = folder / "kamailio.cfg"
        self._config.write_text(CONFIG.read_text().replace("@FOLDER@", str(folder)))
        lines = [f"1 sip:{address}:5060" for address in proxied] + [f"2 sip:{address}:5060" for address in balanced]
        (folder / "gateways.list").write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                ["kamailio", "-DD", "-E", "-f", self._config, "-Y", self._folder, "-m", "32", "-M", "4"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_WITHIN
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < deadline, self.log_path.read_text()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        """Its processes take messages once all are there."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.9.9", 0))
            probe.settimeout(0.1)
            try:
                probe.sendto(PING.format(host=PROXY, own=probe.getsockname()).encode(), (PROXY, 5060))
                return probe.recv(4096).startswith(b"SIP/2.0 483")
            except OSError:
                return False
