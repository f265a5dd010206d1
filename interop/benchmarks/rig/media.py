"""What the media of calls costs: G.711 between browsers and phones, through a relay, 50 packets a second each way."""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import machine
from .allocations import check_counter
from .figures import Figure
from .generator import Generator, Window
from .machine import Foreign
from .relays import GatewayRelay, Relay
from .rtpengine import RTPEngine

PACKET = 0.02  # Seconds between two packets of a stream.
PACKETS_OF_CALL = 100  # A second, both ways together.
FULL = 0.9  # The share of a core from which a thread has no room left for a bad moment.
ALLOCATIONS_AIM = 0.1  # None for a packet; now and then one for a report or a check.
SETTLING = 1.0  # Seconds after the last call was connected.


@dataclass(frozen=True)
class MediaPlan:
    """How much is done."""

    calls: int = 200  # For latencies, memory and allocations.
    steps: tuple[int, ...] = (400, 600, 700, 800, 900, 1000, 1100, 1200, 1400)  # How many calls are tried next.
    words: int = 100  # The calls whose first sounds are timed.
    window: float = 10.0  # Seconds for a figure.


SMALL = MediaPlan(calls=20, steps=(50,), words=10, window=2.0)


def _relays() -> dict[str, Callable[[Path], Relay]]:
    """Those that are there, by their names."""
    relays: dict[str, Callable[[Path], Relay]] = {"gateway": GatewayRelay}
    if shutil.which("rtpengine"):
        relays["rtpengine"] = RTPEngine
    return relays


def figures(plan: MediaPlan) -> list[Figure]:
    result = [
        Figure(f"direct: latency, {plan.calls} calls, p50", None, "µs"),
        Figure(f"direct: latency, {plan.calls} calls, p99", None, "µs"),
    ]
    for name in _relays():
        result += [
            Figure(f"{name}: latency added, {plan.calls} calls, p50", None, "µs"),
            Figure(f"{name}: latency added, {plan.calls} calls, p99", None, "µs"),
            Figure(f"{name}: CPU per packet, {plan.calls} calls", None, "µs"),
            Figure(f"{name}: CPU per packet, the most calls", None, "µs"),
            Figure(f"{name}: calls carried without loss", None, ""),
            Figure(f"{name}: calls that one core would carry", None, ""),
            Figure(f"{name}: memory per relayed call", None, "B"),
        ]
        for listener in ("app", "phone"):
            title = f"{name}: answer to first sound at the {listener}"
            result += [Figure(f"{title}, p50", None, "ms"), Figure(f"{title}, p99", None, "ms")]
    result.append(Figure("gateway: allocations per packet", None, "", ALLOCATIONS_AIM))
    result.append(Figure("gateway: heap per relayed call", None, "B"))
    return result


def run(plan: MediaPlan, folder: Path) -> Iterator[tuple[str, float, str]]:
    with Generator() as media:
        for index in range(plan.calls):
            media.connect_directly(index)
        time.sleep(SETTLING)
        direct = media.window(plan.window)
        note = f"nothing between; {_health(direct)}"
        yield f"direct: latency, {plan.calls} calls, p50", direct.p50, note
        yield f"direct: latency, {plan.calls} calls, p99", direct.p99, note
    for name, relay in _relays().items():
        yield from _relaying(name, relay(folder), plan, direct)
    yield from _allocating(folder, plan)


# One relay and its calls


@dataclass
class _Cost:
    """What a window cost a relay."""

    window: Window
    calls: int
    per_packet: float  # In seconds.
    busiest_thread: float  # The share of a core that it took.
    others: float  # The share of the machine.

    @property
    def note(self) -> str:
        thread = f"its busiest thread {self.busiest_thread:.0%} of a core"
        return f"{thread}; {_health(self.window)}; others used {self.others:.0%}"


def _health(window: Window) -> str:
    app, phone = window.to_app, window.to_phone
    lost = f"lost {app.lost:,} and {phone.lost:,} of {app.said:,} to apps and phones"
    strange = app.strange + phone.strange
    faults = [f"{strange:,} strange"] if strange else []
    faults += [f"{window.unread:,} unread by the generator"] if window.unread else []
    return "; ".join([lost, *faults, f"generator late p99 {window.late_p99 / 1e3:.1f} ms"])


class _Calls:
    """The calls that are up through a relay."""

    def __init__(self, relay: Relay, media: Generator) -> None:
        self._relay = relay
        self._media = media
        self._up = 0
        machine.go_before_all(relay.pid, rank=1)
        self._idle = self._cpu_share(1.0)

    def connect(self, count: int) -> None:
        """More calls, until there are that many."""
        added = range(self._up, count)
        for index in added:
            self._relay.connect(index, self._media)
        for index in added:
            self._media.heard(index)
        self._up = max(self._up, count)

    def first_sounds(self, count: int) -> tuple[list[float], list[float]]:
        """Connects one call after the other; from the phone's answer to what app and phone hear first, sorted."""
        at_app, at_phone = [], []
        for index in range(self._up, self._up + count):
            time.sleep(random.uniform(0, PACKET))  # Or else all would begin at the same point of the phone's rhythm.
            answered = self._relay.connect(index, self._media)
            app, phone = self._media.heard(index)
            at_app.append(app - answered)
            at_phone.append(phone - answered)
        self._up += count
        return sorted(at_app), sorted(at_phone)

    def measure(self, count: int, seconds: float) -> _Cost:
        """What it costs to carry that many calls."""
        self.connect(count)
        time.sleep(SETTLING)
        foreign, began = Foreign(), time.monotonic()
        cpu, threads = machine.cpu_seconds(self._relay.pid), machine.thread_seconds(self._relay.pid)
        window = self._media.window(seconds)
        span = time.monotonic() - began
        busiest = max(
            (now - threads.get(thread, now)) / span
            for thread, now in machine.thread_seconds(self._relay.pid).items()
        )
        share = (machine.cpu_seconds(self._relay.pid) - cpu) / span - self._idle
        return _Cost(window, count, share / (window.heard / seconds), busiest, foreign.share())

    def _cpu_share(self, seconds: float) -> float:
        began, cpu = time.monotonic(), machine.cpu_seconds(self._relay.pid)
        time.sleep(seconds)
        return (machine.cpu_seconds(self._relay.pid) - cpu) / (time.monotonic() - began)


def _relaying(name: str, relay: Relay, plan: MediaPlan, direct: Window) -> Iterator[tuple[str, float, str]]:
    with relay, Generator() as media:
        calls = _Calls(relay, media)
        calls.connect(1)  # What is there once for all calls is no call's memory.
        memory = machine.memory(relay.pid)["Pss"]
        heard = calls.first_sounds(plan.words)
        for listener, spans in zip(("app", "phone"), heard, strict=True):
            note = f"{plan.words} calls, one after the other; longest {spans[-1] * 1e3:.1f} ms"
            title = f"{name}: answer to first sound at the {listener}"
            yield f"{title}, p50", spans[len(spans) // 2] * 1e3, note
            yield f"{title}, p99", spans[int(len(spans) * 0.99)] * 1e3, note

        cost = calls.measure(plan.calls, plan.window)
        grown = machine.memory(relay.pid)["Pss"] - memory
        note = f"Pss {memory / 1e6:.1f} MB with 1, {(memory + grown) / 1e6:.1f} MB with {plan.calls}"
        yield f"{name}: memory per relayed call", grown / (plan.calls - 1), note
        yield f"{name}: CPU per packet, {plan.calls} calls", cost.per_packet * 1e6, cost.note
        for percentile in ("p50", "p99"):
            app, phone = getattr(cost.window.to_app, percentile), getattr(cost.window.to_phone, percentile)
            added = getattr(cost.window, percentile) - getattr(direct, percentile)
            note = f"{app:.0f} to the app and {phone:.0f} to the phone, less direct; {_health(cost.window)}"
            yield f"{name}: latency added, {plan.calls} calls, {percentile}", added, note

        best, end = cost if cost.window.lost == 0 else None, "all steps taken"
        for count in plan.steps:
            cost = calls.measure(count, plan.window)
            if cost.window.lost > 0 or cost.busiest_thread > FULL:
                end = f"{count:,}: {cost.note}"
                break
            best = cost
        yield from _most(name, best or cost, best.calls if best else 0, end)


def _most(name: str, cost: _Cost, carried: int, end: str) -> Iterator[tuple[str, float, str]]:
    yield f"{name}: CPU per packet, the most calls", cost.per_packet * 1e6, f"{cost.calls:,} calls; {cost.note}"
    latency = f"latency p50 {cost.window.p50:.0f} µs, p99 {cost.window.p99:.0f} µs"
    yield f"{name}: calls carried without loss", carried, f"{latency}; then {end}"
    would = 1 / (cost.per_packet * PACKETS_OF_CALL)
    yield f"{name}: calls that one core would carry", would, f"by the CPU per packet with {cost.calls:,}"


def _allocating(folder: Path, plan: MediaPlan) -> Iterator[tuple[str, float, str]]:
    check_counter(folder)
    with GatewayRelay(folder, counted=True) as relay, Generator() as media:
        calls = _Calls(relay, media)
        calls.connect(1)
        heap = relay.gateway.live_heap()
        calls.connect(plan.calls)
        time.sleep(SETTLING)
        held = (relay.gateway.live_heap() - heap) / (plan.calls - 1)
        before, began = relay.gateway.allocations(), time.monotonic()
        window = media.window(plan.window)
        rate = (relay.gateway.allocations() - before) / (time.monotonic() - began)
        per_packet = rate / (window.heard / plan.window)
        yield "gateway: allocations per packet", per_packet, f"{rate:,.0f} a second; {_health(window)}"
        yield "gateway: heap per relayed call", held, "bytes allocated, shortly after the set-up"
