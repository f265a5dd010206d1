"""What was measured, and how it is shown."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Figure:
    """One measured value; `aim` is the most that it should be, where there is an aim."""

    name: str
    value: float | None
    unit: str
    aim: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "MISSING"
        if self.aim is None:
            return ""
        return "ok" if self.value <= self.aim else "over"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


def table(figures: list[Figure]) -> str:
    """The figures as a table of Markdown."""
    head = ("figure", "value", "aim", "", "note")
    rows = [
        (
            figure.name,
            f"{_number(figure.value)} {figure.unit}",
            "" if figure.aim is None else f"{_number(figure.aim)} {figure.unit}",
            figure.verdict,
            figure.note,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def write_json(path: Path, figures: list[Figure], machine: dict[str, object]) -> None:
    content = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
    path.write_text(json.dumps(content, indent=2) + "\n")
