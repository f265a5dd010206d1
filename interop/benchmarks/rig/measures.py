"""The measurements, each with gateways of its own."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import media, transcoding
from .allocations import check_counter
from .capture import Capture, reactions
from .figures import Figure
from .gateway import Gateway, answered, traffic
from .load import Apps
from .machine import Foreign, RigError
from .phones import CalledPhones, CallingPhones

POLL = 0.25  # Seconds between two looks at the metrics; what a look costs is taken off with the idle gateway's cost.
PATIENCE = 120.0
HEARD = 0.99  # The share of the calls that a capture must show whole.

CPU_AIM = 300.0
ALLOCATIONS_AIM = 120.0
SOCKET_AIM = 8_000.0
HELD_AIM = 20_000.0
REACTION_AIM = 2.0
GROWTH_AIM = 1.1


@dataclass(frozen=True)
class Plan:
    """How much is done."""

    calls: int = 2_000  # For a figure per call.
    rates: tuple[int, ...] = (100, 500)  # Calls a second.
    warm_up: int = 500
    idle: float = 5.0  # Seconds in which the idle gateway is watched.
    talk: float = 1.0  # Seconds that a call is up.
    users: int = 1_000
    sockets: int = 10_000
    held: int = 2_000
    few: int = 100
    many: int = 10_000
    talks: int = 40  # Calls whose sound is carried.
    speech: float = 10.0  # Seconds of it.
    t1: float = 0.5  # Of RFC 3261; T4 is ten of it, and transactions are there for 64 of it at most.
    relayed: media.MediaPlan = media.MediaPlan()


SMALL = Plan(
    calls=200,
    rates=(200,),
    warm_up=50,
    idle=0.5,
    talk=0.3,
    users=100,
    sockets=500,
    held=100,
    few=10,
    many=100,
    talks=5,
    speech=1.0,
    t1=0.03,
    relayed=media.SMALL,
)


@dataclass
class Measurement:
    """One name of `--only`: its figures, and what finds their values and notes by their names."""

    figures: Callable[[Plan], list[Figure]]
    run: Callable[[Plan, Path], Iterator[tuple[str, float, str]]]


# A gateway, phones and apps, warmed up


@contextlib.contextmanager
def _rig(
    plan: Plan, folder: Path, *, users: int, connected: int, counted: bool = False, settled: bool = True
) -> Iterator[tuple[Gateway, Apps]]:
    """`settled`: no transaction of the warm-up is left."""
    with Gateway(folder, t1=plan.t1, counted=counted) as under_test, CalledPhones(folder) as phones:
        with Apps(folder, users) as apps:
            apps.connect(connected)
            apps.calls(plan.warm_up, plan.rates[0], plan.talk)
            apps.result(within=PATIENCE)
            if settled:
                under_test.wait_settled(calls=0)
            yield under_test, apps
            phones.check()


def _watch(under_test: Gateway, is_over: Callable[[dict[str, float]], bool]) -> None:
    """Looks at the metrics until it is over: while calls run as often as while nothing does."""
    deadline = time.monotonic() + PATIENCE
    while not is_over(under_test.metrics()):
        if time.monotonic() > deadline:
            raise RigError(f"calls or transactions are left {PATIENCE:g} s later: {under_test.metrics()}")
        time.sleep(POLL)


@dataclass
class _Cost:
    per_call: float
    note: str


def _cost(
    under_test: Gateway,
    plan: Plan,
    read: Callable[[], float],
    begin: Callable[[], None],
    is_done: Callable[[], bool],
    *,
    direction: str,
    up: int = 0,
) -> _Cost:
    """What `plan.calls` calls cost until the last of their transactions is gone, less what an idle gateway costs.

    `up`: calls that are up before, and stay.
    """
    foreign = Foreign()
    idle_from, idle_end = (time.monotonic(), read()), time.monotonic() + plan.idle
    _watch(under_test, lambda _: time.monotonic() >= idle_end)
    idle = (read() - idle_from[1]) / (time.monotonic() - idle_from[0])

    before = under_test.metrics()
    began, cost = time.monotonic(), read()
    begin()

    def is_over(now: dict[str, float]) -> bool:
        return is_done() and now["switchhook_calls_active"] == up and now["switchhook_sip_transactions"] == 0

    _watch(under_test, is_over)
    cost = read() - cost - idle * (time.monotonic() - began)
    after = under_test.metrics()
    ended_well = answered(after, direction) - answered(before, direction)
    if ended_well != plan.calls:
        raise RigError(f"{ended_well:.0f} of {plan.calls} calls ended well")
    messages = (traffic(after) - traffic(before)) / plan.calls
    return _Cost(cost / plan.calls, f"{messages:.1f} SIP messages a call; others used {foreign.share():.0%}")


def _placing(apps: Apps, plan: Plan, per_second: int) -> tuple[Callable[[], None], Callable[[], bool]]:
    """How calls of apps begin, and whether they are over."""
    return lambda: apps.calls(plan.calls, per_second, plan.talk), lambda: apps.is_done


# CPU and allocations per call


def _cpu_figures(plan: Plan) -> list[Figure]:
    names = [f"CPU per call, app to phone, {rate}/s" for rate in plan.rates]
    names.append(f"CPU per call, phone to app, {plan.rates[0]}/s")
    figures = [Figure(name, None, "µs", CPU_AIM) for name in names]
    # The request is longer than 1300 bytes: the gateway tries TCP first (RFC 3261 section 18.1.1), which sipp refuses.
    return [*figures, Figure(f"CPU per call, app to phone, browser's offer, {plan.rates[0]}/s", None, "µs")]


def _cpu(plan: Plan, folder: Path) -> Iterator[tuple[str, float, str]]:
    names = iter(_cpu_figures(plan))
    with _rig(plan, folder, users=plan.users, connected=plan.users) as (under_test, apps):
        for rate in plan.rates:
            cost = _cost(
                under_test, plan, under_test.cpu_seconds, *_placing(apps, plan, rate), direction="app_to_phone"
            )
            apps.result(within=PATIENCE)
            yield next(names).name, cost.per_call * 1e6, cost.note
        cost = _incoming(under_test, plan, folder, under_test.cpu_seconds, apps)
        yield next(names).name, cost.per_call * 1e6, cost.note
        apps.tell("browser-offers")
        apps.result(within=PATIENCE)
        cost = _cost(
            under_test, plan, under_test.cpu_seconds, *_placing(apps, plan, plan.rates[0]), direction="app_to_phone"
        )
        apps.result(within=PATIENCE)
        yield next(names).name, cost.per_call * 1e6, cost.note


def _allocation_figures(plan: Plan) -> list[Figure]:
    return [
        Figure("allocations per call, app to phone", None, "", ALLOCATIONS_AIM),
        Figure("allocations per call, phone to app", None, "", ALLOCATIONS_AIM),
        Figure("heap left behind by a call", None, "B"),
    ]


def _allocations(plan: Plan, folder: Path) -> Iterator[tuple[str, float, str]]:
    check_counter(folder)
    with _rig(plan, folder, users=plan.users, connected=plan.users, counted=True) as (under_test, apps):
        heap = under_test.live_heap()
        cost = _cost(
            under_test, plan, under_test.allocations, *_placing(apps, plan, plan.rates[0]), direction="app_to_phone"
        )
        apps.result(within=PATIENCE)
        yield "allocations per call, app to phone", cost.per_call, cost.note
        left = (under_test.live_heap() - heap) / plan.calls
        yield "heap left behind by a call", left, f"after {plan.calls:,} calls; room that tables keep counts"
        cost = _incoming(under_test, plan, folder, under_test.allocations, apps)
        yield "allocations per call, phone to app", cost.per_call, cost.note


def _incoming(under_test: Gateway, plan: Plan, folder: Path, read: Callable[[], float], apps: Apps) -> _Cost:
    """What the calls of phones cost; sipp begins to call as soon as it is there."""
    with contextlib.ExitStack() as running:
        calling: list[CallingPhones] = []

        def begin() -> None:
            apps.tell(f"incoming {plan.calls}")
            phones = CallingPhones(folder, plan.users, plan.calls, plan.rates[0], plan.talk)
            calling.append(running.enter_context(phones))

        def is_done() -> bool:
            return calling[0].is_done and apps.is_done

        cost = _cost(under_test, plan, read, begin, is_done, direction="phone_to_app")
        apps.result(within=PATIENCE)
        return cost


# Reaction times


def _latency_figures(plan: Plan) -> list[Figure]:
    figures = []
    for rate in plan.rates:
        for what in ("start_call to INVITE", "200 to call_answered"):
            figures.append(Figure(f"{what}, p50, {rate}/s", None, "ms"))
            figures.append(Figure(f"{what}, p99, {rate}/s", None, "ms", REACTION_AIM))
    return figures


def _latency(plan: Plan, folder: Path) -> Iterator[tuple[str, float, str]]:
    with _rig(plan, folder, users=plan.users, connected=plan.users, settled=False) as (_, apps):
        for rate in plan.rates:
            capture = Capture(folder)
            foreign = Foreign()
            with capture:
                apps.calls(plan.calls, rate, plan.talk)
                apps.result(within=PATIENCE)
                share = foreign.share()
            spans = reactions(capture.path)
            capture.path.unlink()
            for what, found in zip(("start_call to INVITE", "200 to call_answered"), spans, strict=True):
                if len(found) < HEARD * plan.calls:
                    raise RigError(f"the capture shows {what} of {len(found)} of {plan.calls} calls only")
                note = f"{len(found):,} calls; others used {share:.0%}"
                yield f"{what}, p50, {rate}/s", found[len(found) // 2] * 1e3, note
                yield f"{what}, p99, {rate}/s", found[int(len(found) * 0.99)] * 1e3, f"longest {found[-1] * 1e3:.1f} ms"


# Memory


def _memory(
    under_test: Gateway, begin: Callable[[], None], calls: int, count: int
) -> tuple[tuple[float, str], float]:
    """The growth of the memory for each of `count`, with a note; and that of the heap."""
    pss, heap = under_test.pss(), under_test.live_heap()
    begin()
    under_test.wait_settled(calls=calls)
    grown = under_test.pss() - pss
    note = f"Pss {pss / 1e6:.1f} MB, then {(pss + grown) / 1e6:.1f} MB with {count:,}"
    return (grown / count, note), (under_test.live_heap() - heap) / count


def _socket_figures(_: Plan) -> list[Figure]:
    return [Figure("memory per idle socket", None, "B", SOCKET_AIM), Figure("heap per idle socket", None, "B")]


def _sockets(plan: Plan, folder: Path) -> Iterator[tuple[str, float, str]]:
    check_counter(folder)
    first = plan.users // 10
    users = first + plan.sockets
    with _rig(plan, folder, users=users, connected=first, counted=True) as (under_test, apps):
        (resident, note), heap = _memory(under_test, lambda: apps.connect(users), 0, plan.sockets)
        connected = under_test.metrics()["switchhook_client_connections"]
        if connected != users:
            raise RigError(f"{connected:.0f} sockets are open, not {users}")
        yield "memory per idle socket", resident, note
        yield "heap per idle socket", heap, "bytes allocated; each socket is another user's"


def _held_figures(_: Plan) -> list[Figure]:
    return [Figure("memory per held call", None, "B", HELD_AIM), Figure("heap per held call", None, "B")]


def _held(plan: Plan, folder: Path) -> Iterator[tuple[str, float, str]]:
    check_counter(folder)
    with _rig(plan, folder, users=plan.users, connected=plan.users, counted=True) as (under_test, apps):
        rate = plan.rates[0]
        (resident, note), heap = _memory(under_test, lambda: apps.hold(plan.held, rate), plan.held, plan.held)
        yield "memory per held call", resident, note
        yield "heap per held call", heap, "bytes allocated, once the transactions of its set-up are gone"


# Growth


def _growth_figures(plan: Plan) -> list[Figure]:
    return [
        Figure(f"CPU per call with {plan.few:,} calls up", None, "µs", CPU_AIM),
        Figure(f"CPU per call with {plan.many:,} calls up", None, "µs", CPU_AIM),
        Figure("growth of the cost per call", None, "times", GROWTH_AIM),
    ]


def _growth(plan: Plan, folder: Path) -> Iterator[tuple[str, float, str]]:
    rate = plan.rates[0]
    with _rig(plan, folder, users=plan.users, connected=plan.users, settled=False) as (under_test, apps):
        costs: list[float] = []
        up = 0
        for count in (plan.few, plan.many):
            apps.hold(count - up, rate * 2)
            up = count
            under_test.wait_settled(calls=up)
            cost = _cost(
                under_test, plan, under_test.cpu_seconds, *_placing(apps, plan, rate), direction="app_to_phone", up=up
            )
            apps.result(within=PATIENCE)
            costs.append(cost.per_call)
            yield f"CPU per call with {count:,} calls up", cost.per_call * 1e6, cost.note
        yield "growth of the cost per call", costs[1] / costs[0], ""


MEASUREMENTS = {
    "cpu": Measurement(_cpu_figures, _cpu),
    "allocations": Measurement(_allocation_figures, _allocations),
    "latency": Measurement(_latency_figures, _latency),
    "sockets": Measurement(_socket_figures, _sockets),
    "held": Measurement(_held_figures, _held),
    "growth": Measurement(_growth_figures, _growth),
    "media": Measurement(
        lambda plan: media.figures(plan.relayed), lambda plan, folder: media.run(plan.relayed, folder)
    ),
    "transcoding": Measurement(transcoding.figures, transcoding.run),
}
