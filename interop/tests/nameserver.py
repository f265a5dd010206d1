"""A name server of its own (dnsmasq) for the domain `test`, whose records a test sets."""

import socket
import subprocess
import time
from pathlib import Path

START_WITHIN = 5.0
# A question for the root's name servers, which every server answers in some way.
PROBE = bytes.fromhex("4242 0100 0001 0000 0000 0000 00 0002 0001")


class NameServer:
    """Answers at `address`, port 53; `serve` sets all its records."""

    def __init__(self, folder: Path, address: str) -> None:
        self.address = address
        self.log_path = folder / f"dnsmasq-{address}.log"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self, *records: str, ttl: int = 60) -> None:
        """Takes records as dnsmasq's options have them, as `srv-host=_sip._udp.pbx.test,a.test,5060,1`; drops those before."""
        self.stop()
        command = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]
        command += ["--user=", "--group=", "--pid-file=", f"--listen-address={self.address}", "--bind-interfaces"]
        command += ["--local=/test/", f"--local-ttl={ttl}", "--log-queries", "--log-facility=-"]
        command += [f"--{record}" for record in records]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._await_answer()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _await_answer(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_WITHIN
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.05)
            probe.connect((self.address, 53))
            while True:
                assert self._process.poll() is None and time.monotonic() < deadline, self.log_path.read_text()
                try:
                    probe.send(PROBE)
                    probe.recv(512)
                    return
                except (ConnectionRefusedError, TimeoutError):
                    time.sleep(0.02)
