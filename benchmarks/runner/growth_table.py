"""Steps measured for several sizes of a table, and how their time per row grows."""

import dataclasses

import rich.box
import rich.table

from benchmarks.runner.report import number

REFERENCE = 10_000_000  # rows; below, what is paid once dominates


@dataclasses.dataclass(frozen=True)
class Measured:
    """One step at one size.

    Args:
        step: Name of the step.
        rows: Rows of the table.
        worked: Rows, examples or users that the step worked on.
        seconds: Of the clock.
        busy: Of the processor, over all threads and children.
        parts: Dicts with `name`, `seconds` and `busy`.
        peak: Bytes of resident memory of the process at the peak.
        anonymous: Bytes of anonymous memory at the peak, of the process and its children.
        disk: Bytes of what it wrote.
        note: Why there are no numbers.
    """

    step: str
    rows: int
    worked: int | None = None
    seconds: float | None = None
    busy: float | None = None
    parts: tuple = ()
    peak: int | None = None
    anonymous: int | None = None
    disk: int | None = None
    note: str = ""

    @property
    def microseconds(self):
        """Of the clock, for each row, example or user that the step worked on."""
        return 1e6 * self.seconds / self.worked if self.worked else None


@dataclasses.dataclass(frozen=True)
class GrowthTable:
    """All steps, each at all sizes; growth is relative to 10 million rows or the fewest."""

    title: str
    rows: tuple
    reference = None

    def growth(self, measured):
        """Microseconds compared with those at the reference size; None if one is missing."""
        same = {one.rows: one.microseconds for one in self.rows if one.step == measured.step}
        first = same[REFERENCE if REFERENCE in same else min(same)]
        return measured.microseconds / first if first and measured.microseconds else None

    def to_dict(self):
        rows = [
            {
                **dataclasses.asdict(one),
                "microseconds": one.microseconds,
                "growth": self.growth(one),
            }
            for one in self.rows
        ]
        return {"title": self.title, "rows": rows}

    def to_rich(self):
        columns = ("", "rows", "seconds", "CPU s", "µs each", "growth", "peak", "anon.", "disk")
        table, last = _table(self.title, *columns), None
        for one in by_step(self.rows):
            if last not in (None, one.step):
                table.add_section()
            cells = [one.seconds, one.busy, one.microseconds, self.growth(one)]
            sizes = (one.peak, one.anonymous, one.disk)
            cells += [None if size is None else size / 2**30 for size in sizes]
            name = "" if last == one.step else one.step
            table.add_row(name, short(one.rows), *map(number, cells))
            last = one.step
        return table

    def notes(self):
        """Yields why numbers are missing."""
        for one in self.rows:
            if one.note:
                yield f"{one.step}, {one.rows:,} rows: {one.note}"


@dataclasses.dataclass(frozen=True)
class PartsTable:
    """Seconds of each part of the steps, a column for each size."""

    title: str
    rows: tuple
    reference = None

    def seconds(self):
        """{(step, part): {rows: seconds}}."""
        found = {}
        for one in by_step(self.rows):
            for part in one.parts:
                by_size = found.setdefault((one.step, part["name"]), {})
                by_size[one.rows] = part["seconds"]
        return found

    def to_dict(self):
        rows = [
            {"step": step, "part": part, "rows": rows, "seconds": seconds}
            for (step, part), by in self.seconds().items()
            for rows, seconds in by.items()
        ]
        return {"title": self.title, "unit": "seconds", "rows": rows}

    def to_rich(self):
        sizes = sorted({one.rows for one in self.rows})
        table, last = _table(self.title, "", "", *map(short, sizes)), None
        for (step, part), by in self.seconds().items():
            name = "" if step == last else step
            table.add_row(name, part, *(number(by.get(size)) for size in sizes))
            last = step
        return table


def short(rows):
    """
    >>> short(100_000_000), short(1_500)
    ('100M', '1,500')
    """
    return f"{rows // 10**6}M" if rows and rows % 10**6 == 0 else f"{rows:,}"


def by_step(rows):
    """The rows of one step together, in the order of its sizes."""
    order = list(dict.fromkeys(one.step for one in rows))
    return sorted(rows, key=lambda one: order.index(one.step))


def _table(title, *columns):
    table = rich.table.Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=rich.box.SIMPLE_HEAD,
        padding=(0, 0, 0, 1),
    )
    for name in columns:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    return table
