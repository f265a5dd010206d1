"""A gateway under test: its configuration, its process, its metrics."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from client import tokens
from client.call_client import CallClient
from client.extended_client import ExtendedClient

ROOT = Path(__file__).parents[2]
SECRET = "a secret for the tests, long enough for HS256"
USERS: list[dict[str, Any]] = [
    {"id": "alice", "username": "Alice"},
    {"id": "bob", "username": "Bob"},
    {"id": 7, "username": "Seven"},
    {"id": 9007199254740993, "username": "Beyond"},  # 2^53 + 1: no double can hold it.
    {"id": "offline", "username": "Never There"},
]

LIVE_GAUGES = (
    "switchhook_calls_active",
    "switchhook_client_connections",
    "switchhook_sip_transactions",
    "switchhook_sip_dialogs",
    "switchhook_registrations",
    "switchhook_relay_ports_in_use",
)
IDLE_WITHIN = 32.0  # 64 * T1 (RFC 3261 §17): the longest that a transaction of a finished call may live.
START_WITHIN = 20.0
STOP_WITHIN = 20.0


def binary() -> Path:
    """The gateway to test: $SWITCHHOOK_BIN, else the build that is newest."""
    if named := os.environ.get("SWITCHHOOK_BIN"):
        return Path(named)
    builds = [path for kind in ("release", "debug") if (path := ROOT / ".build" / kind / "switchhook").exists()]
    if not builds:
        raise FileNotFoundError("no gateway: run `swift build` first, or set SWITCHHOOK_BIN")
    return max(builds, key=lambda path: path.stat().st_mtime)


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`base` with `changes` laid over it, key by key."""
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


class Gateway:
    """One gateway process. Each has a loopback address of its own, so that the ports can be the usual ones."""

    def __init__(self, folder: Path, address: str, settings: dict[str, Any]) -> None:
        self.address = address
        self.url = f"ws://{address}:8080/ws/call/"
        self.sip = (address, 5060)
        self.client_listener = (address, 8080)
        self.admin = (address, 9090)
        self.log_path = folder / f"gateway-{address}.log"
        self._config_path = folder / f"gateway-{address}.yaml"
        self._config_path.write_text(json.dumps(self._config(settings), indent=2))  # JSON is YAML.
        self._process: subprocess.Popen[bytes] | None = None

    # Process

    def start(self) -> None:
        """Starts it, also once more after `stop` or `kill`; its log begins anew then."""
        self._ready = threading.Event()
        self._output = threading.Thread(target=self._copy_output, daemon=True)
        self._process = subprocess.Popen(
            [binary(), "serve", "--config", self._config_path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._output.start()
        if not self._ready.wait(START_WITHIN) or not self.is_alive:
            self._process.kill()
            raise RuntimeError(f"the gateway did not get ready:\n{self.log_path.read_text()}")

    def stop(self) -> None:
        """Drains it; with no call left it must end at once, and well."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"the gateway did not end within {STOP_WITHIN:g} s of SIGTERM") from None
        self._output.join(STOP_WITHIN)
        assert status == 0, f"the gateway ended with status {status}"

    def reload(self, **settings: Any) -> str:
        """Gives it other settings, laid over the usual configuration, while it runs; tells what it says to them."""
        assert self._process is not None
        self._config_path.write_text(json.dumps(self._config(settings), indent=2))
        seen = self.log_path.stat().st_size
        self._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + START_WITHIN
        while True:
            with self.log_path.open("rb") as log:
                log.seek(seen)
                for line in log.read().decode().splitlines(keepends=True):
                    if line.endswith("\n") and "The configuration " in line:
                        return line
            assert time.monotonic() < deadline, "nothing came of SIGHUP"
            time.sleep(0.02)
    def kill(self) -> None:
        """Ends it as a crash would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_WITHIN)
        self._output.join(STOP_WITHIN)

    def command(self, *arguments: str, **environment: str) -> str:
        """Runs `switchhook ARGUMENTS` with its configuration; gives what it prints, errors too."""
        done = subprocess.run(
            [binary(), *arguments, "--config", self._config_path],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STOP_WITHIN,
        )
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}"
        return done.stdout + done.stderr

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _copy_output(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        with self.log_path.open("wb", buffering=0) as log:
            for line in self._process.stdout:
                log.write(line)
                if line.startswith(b"ready"):
                    self._ready.set()
        self._ready.set()  # It ended: whoever waits need not wait longer.

    # Clients

    def token(self, user: int | str, **claims: Any) -> str:
        name = next((entry["username"] for entry in USERS if entry["id"] == user), None)
        return tokens.mint(SECRET, user, name, **claims)

    def client(self, user: int | str) -> CallClient:
        """A client of that user which knows the user's page alone; to be entered with `async with`."""
        return CallClient(self.url, self.token(user))

    def extended_client(self, user: int | str) -> ExtendedClient:
        """A client of that user which speaks the extended profile."""
        return ExtendedClient(self.url, self.token(user))

    # Metrics

    def metrics(self) -> dict[str, float]:
        """The sum of each metric over its labels."""
        with urllib.request.urlopen(f"http://{self.address}:9090/metrics", timeout=5) as response:
            lines = response.read().decode().splitlines()
        sums: dict[str, float] = {}
        for line in lines:
            if line and not line.startswith("#"):
                series, value = line.rsplit(" ", 1)
                name = series.split("{", 1)[0]
                sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    def trunks(self) -> dict[str, dict[str, Any]]:
        """What /api/v1/trunks tells of each, by name."""
        with urllib.request.urlopen(f"http://{self.address}:9090/api/v1/trunks", timeout=5) as response:
            return {trunk["name"]: trunk for trunk in json.load(response)["trunks"]}

    def live(self, gauges: tuple[str, ...] = LIVE_GAUGES) -> dict[str, float]:
        """The live gauges that are not 0; one that is missing counts as a fault."""
        metrics = self.metrics()
        missing = [name for name in gauges if name not in metrics]
        assert not missing, f"/metrics has no {missing}"
        return {name: metrics[name] for name in gauges if metrics[name] != 0}

    def assert_idle(self, within: float = IDLE_WITHIN, gauges: tuple[str, ...] = LIVE_GAUGES) -> None:
        """Waits until every live gauge is 0: nothing of the calls that were is left."""
        deadline = time.monotonic() + within
        while left := self.live(gauges):
            assert time.monotonic() < deadline, f"still there {within:g} s after the last call: {left}"
            time.sleep(0.2)

    def _config(self, settings: dict[str, Any]) -> dict[str, Any]:
        base: dict[str, Any] = {
            "client": {"listen": f"{self.address}:8080"},
            "tokens": {"algorithm": "HS256", "secret": SECRET},
            "admin": {"listen": f"{self.address}:9090"},
            "sip": {"listen": [f"udp:{self.address}:5060", f"tcp:{self.address}:5060"], "domains": [self.address]},
            "media": {"mode": "passthrough"},
            "users": USERS,
            "limits": {
                "calls_per_user": 10_000,
                "call_rate_per_user": "100000/min",
                "sockets_per_user": 1_000,
                "calls": 100_000,
            },
            "log": {"level": "debug"},
        }
        return merged(base, settings)
