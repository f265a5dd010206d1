"""The gateway that is measured."""

import base64
import hashlib
import hmac
import json
import os
import signal
import struct
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from . import machine
from .machine import RigError

HOST = "127.0.0.1"
CLIENT_PORT = 8080
ADMIN_PORT = 9090
SIP_PORT = 5060
PHONE_PORT = 5070
SECRET = "a secret for the benchmarks, long enough for HS256"
FIRST_USER = 100_001
START_WITHIN = 20.0
COUNTS = struct.Struct("=QQq")


def token(user: int) -> str:
    """An access token as an application's login service would issue it."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = {"token_type": "access", "user_id": user, "username": f"User {user}", "exp": int(time.time()) + 7200}
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.digest(SECRET.encode(), text, hashlib.sha256))).decode()


PASS_THROUGH: dict[str, object] = {"mode": "passthrough"}


def configuration(t1: float, media: dict[str, object]) -> dict[str, object]:
    return {
        "client": {"listen": f"{HOST}:{CLIENT_PORT}"},
        "tokens": {"algorithm": "HS256", "secret": SECRET},
        "admin": {"listen": f"{HOST}:{ADMIN_PORT}"},
        "sip": {
            "listen": [f"udp:{HOST}:{SIP_PORT}", f"tcp:{HOST}:{SIP_PORT}"],
            "domains": [HOST],
            "timers": {"t1": f"{t1 * 1000:.0f}ms", "t4": f"{t1 * 10_000:.0f}ms"},
        },
        "media": media,
        "trunks": [
            {"name": "phones", "uri": f"sip:{HOST}:{PHONE_PORT};transport=udp", "accept_from": [f"{HOST}/32"]},
        ],
        "dialplan": [{"match": "^9\\d+$", "trunk": "phones"}],
        "limits": {
            "calls_per_user": 100_000,
            "call_rate_per_user": "1000000/min",
            "sockets_per_user": 8,
            "calls": 100_000,
        },
    }


class Gateway:
    """A gateway process while it is entered; `counted`: with the allocation counter.

    `settings` stand in for what the configuration has at its first level.
    """

    def __init__(
        self,
        folder: Path,
        *,
        t1: float,
        counted: bool = False,
        media: dict[str, object] = PASS_THROUGH,
        settings: dict[str, object] | None = None,
    ) -> None:
        self._folder = folder
        self._counts = folder / "allocations" if counted else None
        self._config = folder / "gateway.yaml"
        self._config.write_text(json.dumps(configuration(t1, media) | (settings or {}), indent=2))  # JSON is YAML.
        self._log = folder / "gateway.log"

    def __enter__(self) -> Self:
        environment = dict(os.environ)
        if self._counts:
            self._counts.unlink(missing_ok=True)
            environment["LD_PRELOAD"] = str(Path(os.environ["BENCHMARK_TOOLS"]) / "counter.so")
            environment["ALLOCATION_COUNTS"] = str(self._counts)
        self._process = subprocess.Popen(
            [os.environ["SWITCHHOOK_BIN"], "serve", "--config", self._config],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        self._is_ready = False
        self._started = threading.Event()
        self._output = threading.Thread(target=self._copy_output, daemon=True)
        self._output.start()
        self._started.wait(START_WITHIN)
        if not self._is_ready:
            machine.end(self._process)
            raise RigError(f"the gateway did not get ready:\n{self._log.read_text()[-2000:]}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Calls may be up; nothing is learned from draining them.
        machine.end(self._process, signal.SIGKILL)
        self._output.join(5)

    def _copy_output(self) -> None:
        assert self._process.stdout is not None
        with self._log.open("wb", buffering=0) as log:
            for line in self._process.stdout:
                log.write(line)
                if line.startswith(b"ready"):
                    self._is_ready = True
                    self._started.set()
        self._started.set()  # It ended: whoever waits need not wait longer.

    # What it costs

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        return machine.cpu_seconds(self.pid)

    def allocations(self) -> float:
        return self._read_counts()[0]

    def live_heap(self) -> int:
        """Bytes that are allocated now."""
        return self._read_counts()[2]

    def pss(self) -> int:
        """Bytes of memory that are this process's own, its share of what it shares among them."""
        return machine.memory(self.pid)["Pss"]

    def _read_counts(self) -> tuple[int, int, int]:
        assert self._counts is not None
        allocations, frees, live = COUNTS.unpack(self._counts.read_bytes())
        if allocations == 0:
            raise RigError("the allocation counter counts nothing in the gateway")
        return allocations, frees, live

    # What it does

    def metrics(self) -> dict[str, float]:
        """The metrics by name and labels, as they are written."""
        with urllib.request.urlopen(f"http://{HOST}:{ADMIN_PORT}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        return {
            series: float(value)
            for series, value in (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        }

    def wait_settled(self, *, calls: int, within: float = 60, every: float = 0.25) -> None:
        """Waits until so many calls are up, and no transaction of an earlier step is left."""

        def is_settled() -> bool:
            now = self.metrics()
            return now["switchhook_calls_active"] == calls and now["switchhook_sip_transactions"] == 0

        machine.wait_until(is_settled, f"{calls} calls and no SIP transactions", within, every)


def answered(metrics: dict[str, float], direction: str) -> float:
    """Answered calls that have ended well."""
    return metrics[f'switchhook_calls_total{{direction="{direction}",outcome="answered"}}']


def traffic(metrics: dict[str, float]) -> float:
    """SIP messages, both ways."""
    return sum(value for name, value in metrics.items() if name.startswith("switchhook_sip_messages_total"))
