"""The machine and its processes: clocks, memory, ends."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

FILES = 65_536  # Open files that a process of the rig may want.
PRIORITY = -10
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class RigError(Exception):
    """What keeps a figure from being measured, in words for the operator."""


def raise_file_limit() -> None:
    """Lets this process and its children open many sockets."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    except (ValueError, PermissionError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def go_first() -> None:
    """Lets this process and its children go before others, where we may: their work would show up in our waiting."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)


def go_before_all(pid: int, rank: int) -> None:
    """Lets a process run whenever it wants to, where we may, before all that have a lower rank or none.

    Builds on all cores make it hardly late, then. On a core that it fills, the kernel gives others a twentieth all the
    same, up to 50 ms at a stretch.
    """
    with contextlib.suppress(PermissionError):
        for thread in _threads(pid):
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(rank))


def wait_until(condition: Callable[[], bool], what: str, within: float, every: float = 0.02) -> None:
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise RigError(f"not within {within:g} s: {what}")
        time.sleep(every)


def cpu_seconds(pid: int) -> float:
    """The time that all threads of a process, those that ended too, have run; to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3), as Linux makes the id.


def thread_seconds(pid: int) -> dict[int, float]:
    """The time that each thread of a process has run, by its number."""
    return {
        thread: int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0]) / 1e9
        for thread in _threads(pid)
    }


def _threads(pid: int) -> list[int]:
    return [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]


def memory(pid: int) -> dict[str, int]:
    """The Rss, Pss, Private_Dirty… of a process in bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}


def busy_seconds() -> float:
    """The time that all CPUs of the machine have worked."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / CLOCK_TICKS


def own_seconds() -> float:
    """The CPU time of this process and of those that it has started, as long as they run."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sum(cpu_seconds(int(pid)) for pid in [os.getpid(), *children])


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM, within: float = 20) -> int:
    """Ends a process that we started, gently first; gives its status."""
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class Foreign:
    """How much of the machine others used in between: what they take, the figures are worse for."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._others = busy_seconds() - own_seconds()

    def share(self) -> float:
        span = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        return max(0.0, busy_seconds() - own_seconds() - self._others) / span
