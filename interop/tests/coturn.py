"""Coturn as a process of the tests: a TURN server that clients reach over TCP alone."""

import socket
import subprocess
import time
from pathlib import Path

START_WITHIN = 20.0
STOP_WITHIN = 10.0

# Credentials by a shared secret, as coturn's REST scheme has them. Toward the gateway media is UDP, from ports that are
# above the system's ephemeral ones.
CONFIG = """\
listening-ip={host}
listening-port={port}
relay-ip={host}
min-port=61000
max-port=61099
realm=turn.test
use-auth-secret
static-auth-secret={secret}
fingerprint
no-udp
no-tls
no-dtls
no-cli
log-file=stdout
verbose
simple-log
pidfile={folder}/pid
userdb={folder}/users
"""


class Coturn:
    """One server at `address`; started once for a test module."""

    def __init__(self, folder: Path, address: tuple[str, int], secret: str) -> None:
        self.address = address
        self.log_path = folder / "coturn.log"
        self._config = folder / "coturn.conf"
        host, port = address
        self._config.write_text(CONFIG.format(host=host, port=port, secret=secret, folder=folder))

    def start(self) -> None:
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                ["turnserver", "-c", self._config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_WITHIN
        while not self._listens():
            assert self._process.poll() is None and time.monotonic() < deadline, self.log_path.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(self.address) == 0
