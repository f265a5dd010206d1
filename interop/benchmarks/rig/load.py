"""The apps: the load client and its commands."""

import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import gateway, machine
from .machine import RigError


class Apps:
    """The load client while it is entered; its users are `gateway.FIRST_USER` and those that follow."""

    def __init__(self, folder: Path, users: int) -> None:
        self._tokens = folder / "tokens"
        self._numbers = 9_000_001
        ids = range(gateway.FIRST_USER, gateway.FIRST_USER + users)
        self._tokens.write_text("".join(f"{user} {gateway.token(user)}\n" for user in ids))

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [Path(os.environ["BENCHMARK_TOOLS"]) / "release" / "load", gateway.HOST, str(gateway.CLIENT_PORT)]
            + [str(self._tokens)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answers: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        machine.end(self._process)

    def connect(self, count: int) -> None:
        self.tell(f"connect {count}")
        self.result(within=30 + count / 50)

    def calls(self, count: int, per_second: int, talk: float) -> None:
        """Begins calls that are up for `talk` seconds each; `result` waits for their end."""
        self.tell(f"calls {count} {per_second} {talk * 1000:.0f} {self._take_numbers(count)}")

    def hold(self, count: int, per_second: int) -> None:
        self.tell(f"hold {count} {per_second} {self._take_numbers(count)}")
        self.result(within=60 + count / per_second)

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")
        self._process.stdin.flush()

    @property
    def is_done(self) -> bool:
        """Whether the answer to the last command has come."""
        return not self._answers.empty()

    def result(self, within: float) -> dict[str, Any]:
        """The answer to the last command; a failed call is a RigError."""
        try:
            line = self._answers.get(timeout=within)
        except queue.Empty:
            raise RigError(f"no answer of the load client within {within:g} s") from None
        if not line:
            raise RigError(f"the load client ended with status {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if answer.get("error") or answer.get("failed") or answer.get("sockets_lost"):
            raise RigError(f"the load client says {line.decode().strip()}")
        return answer

    def _take_numbers(self, count: int) -> int:
        """Numbers that nobody dialled before; the first of them."""
        first = self._numbers
        self._numbers += count
        return first

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(b"")

