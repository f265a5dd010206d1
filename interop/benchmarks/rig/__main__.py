"""Runs the measurements and shows the figures."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import machine
from .figures import Figure, table, write_json
from .measures import MEASUREMENTS, SMALL, Plan


def _measure(name: str, plan: Plan, folder: Path) -> list[Figure]:
    """The figures of one measurement; those that could not be had stay empty."""
    measurement = MEASUREMENTS[name]
    figures = {figure.name: figure for figure in measurement.figures(plan)}
    began = time.monotonic()
    try:
        for figure, value, note in measurement.run(plan, folder):
            figures[figure].value = value
            figures[figure].note = note
    except (machine.RigError, OSError, KeyError, subprocess.SubprocessError) as error:
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
        for log in sorted(folder.glob("*.log")):
            if text := log.read_text(errors="replace")[-1500:].strip():
                print(f"--- {log.name}\n{text}", file=sys.stderr)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return list(figures.values())


def _describe_machine() -> dict[str, object]:
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    load = os.getloadavg()
    return {
        "cores": os.cpu_count(),
        "cpu": cpu,
        "kernel": platform.release(),
        "gateway": os.environ["SWITCHHOOK_BIN"],
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "load_before": [round(value, 1) for value in load],
    }


def main() -> int:
    arguments = argparse.ArgumentParser(prog="run", description="Measures what a call and a socket cost the gateway.")
    arguments.add_argument("--small", action="store_true", help="few calls and sockets: does the rig work?")
    arguments.add_argument("--only", choices=MEASUREMENTS, action="append", help="this one alone; may be repeated")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="also writes the figures there")
    options = arguments.parse_args()

    machine.raise_file_limit()
    machine.go_first()
    description = _describe_machine()
    plan = SMALL if options.small else Plan()
    figures: list[Figure] = []
    for name in options.only or MEASUREMENTS:
        with tempfile.TemporaryDirectory(prefix="switchhook-benchmarks-") as folder:
            figures += _measure(name, plan, Path(folder))

    cores = f"{description['cores']} cores ({description['cpu']})"
    print(f"\n{cores}, shared by the gateway, the load and everything else;")
    print(f"nice {description['nice']}; load before: {description['load_before']}; {description['gateway']}\n")
    print(table(figures))
    if options.json:
        write_json(options.json, figures, description)
    missing = [figure.name for figure in figures if figure.value is None]
    if missing:
        print(f"\nmissing: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
