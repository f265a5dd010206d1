"""What every test module shares: coroutines as tests, gateways that must leave nothing behind, logs of a failure."""

import asyncio
import inspect
import itertools
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from .asterisk import Asterisk
from .gateway import Gateway

StartGateway = Callable[..., Gateway]

_addresses = (f"127.0.1.{number}" for number in itertools.count(1))
_logs: list[Path] = []
LOG_TAIL = 12_000  # Characters of a log that go into the report of a failure.


def pytest_configure(config: pytest.Config) -> None:
    if "SWITCHHOOK_NETWORK" not in os.environ:
        pytest.exit("these tests need a network of their own: use interop/tests/run", returncode=64)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a coroutine test on a loop of its own, and ends it at its deadline."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    marker = pyfuncitem.get_closest_marker("deadline")
    deadline = marker.args[0] if marker else 60
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def run() -> None:
        async with asyncio.timeout(deadline):
            await pyfuncitem.obj(**arguments)

    asyncio.run(run())
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        for path in _logs:
            if path.exists():
                report.sections.append((path.name, path.read_text(errors="replace")[-LOG_TAIL:]))
    return report


@pytest.fixture(scope="session")
def logs() -> list[Path]:
    """The logs that a failure report shows; a fixture adds those of its own processes."""
    return _logs


@pytest.fixture(scope="module")
def start_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartGateway]:
    """Starts gateways for a test module; when it is done they must be idle, alive, and end well.

    `start_gateway(address=..., client={...}, sip={...})`: the settings are laid over the usual configuration.
    """
    running: list[Gateway] = []

    def start(address: str | None = None, **settings: Any) -> Gateway:
        gateway = Gateway(tmp_path_factory.mktemp("gateway"), address or next(_addresses), settings)
        _logs.append(gateway.log_path)
        running.append(gateway)
        gateway.start()
        return gateway

    yield start
    try:
        for gateway in running:
            assert gateway.is_alive, "the gateway died"
            gateway.assert_idle()
    finally:
        for gateway in running:
            if gateway.is_alive:
                gateway.stop()
            _logs.remove(gateway.log_path)


@pytest.fixture(scope="module")
def asterisk(logs: list[Path]) -> Iterator[Asterisk]:
    """The real one, for the tests of a module."""
    asterisk = Asterisk()
    logs.append(asterisk.log_path)
    asterisk.start()
    yield asterisk
    asterisk.stop()
    logs.remove(asterisk.log_path)
