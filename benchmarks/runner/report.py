"""Benchmark results as tables for people and as JSON for programs."""

import dataclasses
import statistics

import rich.box
import rich.console
import rich.table

WIDTH = 100


@dataclasses.dataclass(frozen=True)
class Row:
    """One case: a sample from every round, or in `note` the reason why there is none.

    `against` is the reference value of this row, if the table has no reference row.
    """

    name: str
    samples: tuple = ()
    note: str = ""
    against: float | None = None

    @property
    def median(self):
        return statistics.median(self.samples) if self.samples else None


@dataclasses.dataclass(frozen=True)
class Table:
    """Cases measured together; `reference` names the row, or the values, that ratios refer to."""

    title: str
    unit: str
    rows: tuple
    reference: str | None = None

    def row(self, name):
        return next((row for row in self.rows if row.name == name), Row(name))

    def ratio(self, name, reference):
        """Ratio to the reference: the median of the ratios of each round.

        Ratios within a round cancel slow moments of the machine. None if a sample is missing or 0.
        """
        row = self.row(name)
        if row.against is not None and row.samples:
            return row.median / row.against
        over, under = row.samples, self.row(reference).samples
        if not over or not under or not all(under):
            return None
        if len(over) != len(under):
            return statistics.median(over) / statistics.median(under)
        return statistics.median(a / b for a, b in zip(over, under, strict=True))

    def to_dict(self):
        rows = [
            {
                "name": row.name,
                "median": row.median,
                "lowest": min(row.samples, default=None),
                "highest": max(row.samples, default=None),
                "ratio": self.ratio(row.name, self.reference),
                "samples": list(row.samples),
                "note": row.note,
            }
            for row in self.rows
        ]
        return {
            "title": self.title,
            "unit": self.unit,
            "reference": self.reference,
            "rows": rows,
        }

    def to_rich(self):
        table = rich.table.Table(
            title=self.title, title_justify="left", box=rich.box.SIMPLE_HEAD, title_style="bold"
        )
        table.add_column("", overflow="fold", max_width=40)
        table.add_column(self.unit, justify="right", no_wrap=True)
        table.add_column("spread", justify="right", no_wrap=True)
        if self.reference:
            table.add_column("ratio", justify="right", no_wrap=True)
        noted = any(row.note for row in self.rows)
        if noted:
            table.add_column("", overflow="fold", max_width=40)
        for row in self.rows:
            cells = [row.name, number(row.median)]
            spread = (min(row.samples), max(row.samples)) if len(row.samples) > 1 else ()
            cells.append(" - ".join(map(number, spread)))
            if self.reference:
                cells.append(number(self.ratio(row.name, self.reference)))
            if noted:
                cells.append(row.note)
            table.add_row(*cells)
        return table


@dataclasses.dataclass(frozen=True)
class Bar:
    """A target: `value` must be at most, or at least, `limit`. None was not measured."""

    name: str
    value: float | None
    limit: float
    at_least: bool = False

    @property
    def kept(self):
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclasses.dataclass(frozen=True)
class Report:
    title: str
    settings: dict
    tables: list
    bars: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)

    def to_dict(self):
        return {
            "title": self.title,
            "settings": self.settings,
            "tables": [table.to_dict() for table in self.tables],
            "bars": [{**dataclasses.asdict(bar), "kept": bar.kept} for bar in self.bars],
            "notes": self.notes,
        }

    def show(self, machine):
        console = rich.console.Console(highlight=False)
        if not console.is_terminal or console.width > WIDTH:
            console = rich.console.Console(width=WIDTH, highlight=False)
        console.print(f"[bold]{self.title}[/bold]")
        console.print(
            f"{machine['cores']} cores, load {machine['load_at_start']:.2f} at the start, "
            f"Python {machine['python']}. Median of the rounds, lowest and highest."
        )
        for table in self.tables:
            console.print(table.to_rich())
            if table.reference:
                console.print(f"  ratio: to {table.reference}", style="dim")
            console.print()
        if self.bars:
            console.print(_bars_to_rich(self.bars))
        for note in self.notes:
            console.print(f"- {note}")


def _bars_to_rich(bars):
    table = rich.table.Table(title="Targets", title_justify="left", box=rich.box.SIMPLE_HEAD)
    table.add_column("", overflow="fold")
    for column in ("measured", "target", ""):
        table.add_column(column, justify="right", no_wrap=True)
    verdicts = {None: "not measured", True: "kept", False: "MISSED"}
    for bar in bars:
        limit = f"{'>=' if bar.at_least else '<='} {number(bar.limit)}"
        table.add_row(bar.name, number(bar.value), limit, verdicts[bar.kept])
    return table


def number(value):
    """Formats with three digits and no exponent: 0.0123, 1.23, 12.3, 123, 1,234,567."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    for limit, digits in ((10, 1), (1, 2), (0.1, 3)):
        if abs(value) >= limit:
            return f"{value:.{digits}f}"
    return f"{value:.4f}"
