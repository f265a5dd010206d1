"""sipp as a phone: one process that runs a scenario of interop/sipp, and what it counted."""

import asyncio
import csv
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parents[1] / "sipp"
PORT = 5060
BIND_WITHIN = 5.0
RECEIVE_WITHIN = "40s"
LISTENING = "0A"  # A TCP socket's state in /proc/net/tcp.


@dataclass(frozen=True)
class Outcome:
    """What sipp counted when all its calls were done."""

    status: int
    created: int
    successful: int
    failed: int
    dropped: int  # Datagrams that `-lost` threw away, on their way in and out.


class Sipp:
    """A phone at an address of its own; `phone.wait()` gives its outcome once its last call is over."""

    def __init__(
        self,
        folder: Path,
        scenario: str | Path,
        address: str,
        transport: str,
        calls: int,
        *,
        lost: float = 0,
        is_strict: bool = False,
        receive_within: str = RECEIVE_WITHIN,
        sees_repetitions: bool = False,
    ) -> None:
        """`scenario` is one of interop/sipp, or a file; `transport` is `udp` or `tcp`; `lost` is in percent of the
        datagrams. A strict phone fails its call where anything comes out of turn; one that sees repetitions neither
        drops nor answers by itself what comes once more, so that its scenario has to. `receive_within` is how long it waits
        for each message.
        """
        path = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
        self._folder = folder / f"{path.stem}-{address}"
        self._folder.mkdir()
        self._address = address
        self._transport = transport
        self.log_path = self._folder / "errors"
        self._command = ["sipp", "-sf", str(path), "-i", address, "-p", str(PORT)]
        self._command += ["-t", {"udp": "u1", "tcp": "t1"}[transport], "-m", str(calls), "-nostdin"]
        # Without `@`, so that a Call-ID may stand in a URI as it is.
        self._command += ["-cid_str", "%u-%p-%s"]
        # What never comes fails the call. What comes out of turn is left to come again, as after a loss, or fails it too.
        behaviors = "all" if is_strict else "all,-abortunexp"
        self._command += ["-default_behaviors", behaviors, "-recv_timeout", receive_within]
        self._command += ["-nr"] if sees_repetitions else []
        self._command += ["-trace_stat", "-stf", "statistics", "-fd", "1", "-trace_counts"]
        self._command += ["-trace_err", "-error_file", "errors"]
        if lost:
            self._command += ["-lost", f"{lost:g}"]

    def answer(self) -> None:
        """Waits for calls; returns once its socket is bound."""
        self._start()
        deadline = time.monotonic() + BIND_WITHIN
        while not self._is_bound():
            assert self._process.poll() is None and time.monotonic() < deadline, "sipp does not start"
            time.sleep(0.02)

    def call(self, gateway: tuple[str, int], callees: Iterable[str], rate: int) -> None:
        """Calls the callees one after the other, again from the first where there are more calls; `rate` a second."""
        (self._folder / "callees").write_text("\n".join(["SEQUENTIAL", *callees]) + "\n")
        self._start("-r", str(rate), "-l", "10000", "-inf", "callees", f"{gateway[0]}:{gateway[1]}")

    async def wait(self, timeout: float) -> Outcome:
        """Waits for the last call; raises `TimeoutError` where it does not come."""
        try:
            status = await asyncio.to_thread(self._process.wait, timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"sipp is not done within {timeout:g} s: {self._last('statistics')}") from None
        statistics = self._last("statistics")
        counts = self._last(next(self._folder.glob("*_counts.csv")).name)
        return Outcome(
            status=status,
            created=int(statistics["TotalCallCreated"]),
            successful=int(statistics["SuccessfulCall(C)"]),
            failed=int(statistics["FailedCall(C)"]),
            dropped=sum(int(count) for name, count in counts.items() if name and name.endswith("_Lost")),
        )

    def stop(self) -> None:
        """Ends it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _start(self, *more: str) -> None:
        with (self._folder / "screen").open("wb") as screen:
            self._process = subprocess.Popen(
                [*self._command, *more], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen
            )

    def _is_bound(self) -> bool:
        octets = "".join(f"{int(part):02X}" for part in reversed(self._address.split(".")))
        rows = [row.split() for row in Path(f"/proc/net/{self._transport}").read_text().splitlines()[1:]]
        return any(
            row[1] == f"{octets}:{PORT:04X}" and (self._transport == "udp" or row[3] == LISTENING) for row in rows
        )

    def _last(self, name: str) -> dict[str, str]:
        """The last row of one of its tables."""
        with (self._folder / name).open(newline="") as table:
            return list(csv.DictReader(table, delimiter=";"))[-1]
