"""The phones: sipp, called and calling."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from . import gateway, machine
from .machine import RigError

SCENARIOS = Path(__file__).parents[1] / "sipp"
CALLING_PORT = 5071
BUFFER = 8 * 1024 * 1024  # Bytes of sipp's sockets: what it is late to read must not get lost.


def _is_bound(port: int) -> bool:
    return f":{port:04X} 00000000:0000" in Path("/proc/net/udp").read_text()


def _start(folder: Path, scenario: str, port: int, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["sipp", f"{gateway.HOST}:{gateway.SIP_PORT}", "-sf", SCENARIOS / f"{scenario}.xml", "-i", gateway.HOST]
        + ["-p", str(port), "-nostdin", "-buff_size", str(BUFFER), "-trace_err"]
        + ["-error_file", str(folder / f"sipp-{scenario}.log"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )


class CalledPhones:
    """Phones that answer whatever is dialled, while it is entered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._process = _start(self._folder, "called", gateway.PHONE_PORT)
        machine.wait_until(
            lambda: self._process.poll() is not None or _is_bound(gateway.PHONE_PORT), "sipp's port is bound", 10
        )
        self.check()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machine.end(self._process, within=2)

    def check(self) -> None:
        if self._process.poll() is not None:
            raise RigError(f"sipp ended with status {self._process.returncode}")


class CallingPhones:
    """Phones that call the users, one after the other, while it is entered."""

    def __init__(self, folder: Path, users: int, count: int, per_second: int, talk: float) -> None:
        self._folder = folder
        self._arguments = ["-m", str(count), "-r", str(per_second), "-l", "100000", "-d", f"{talk * 1000:.0f}"]
        self._users = folder / "users.csv"
        ids = range(gateway.FIRST_USER, gateway.FIRST_USER + users)
        self._users.write_text("SEQUENTIAL\n" + "".join(f"{user}\n" for user in ids))

    def __enter__(self) -> Self:
        self._process = _start(
            self._folder, "calls", CALLING_PORT, "-inf", str(self._users), *self._arguments
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machine.end(self._process, within=2)

    @property
    def is_done(self) -> bool:
        """Whether sipp has ended; a call that failed is a RigError."""
        if self._process.poll() is None:
            return False
        if self._process.returncode != 0:
            raise RigError(f"sipp, calling, ended with status {self._process.returncode}: a call failed")
        return True
