"""A table of our metrics, the published ones and their differences."""

import dataclasses
import statistics

import rich.box
import rich.table


@dataclasses.dataclass(frozen=True)
class Line:
    """One model of a table.

    Args:
        label: Label in the table.
        config: Path below `configs/`, without ".yaml".
        published: Published values of the first metrics; may be empty.
        source: Source of the published values.
        bar: Target of the first metric.
        baseline: A baseline of rankers that is fitted in place of the model of the config.
    """

    label: str
    config: str
    published: tuple
    source: str
    bar: float
    baseline: str = ""


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The results of a line: for every seed a value of each metric."""

    line: Line
    values: tuple
    minutes: float

    @property
    def means(self):
        return tuple(map(statistics.mean, zip(*self.values, strict=True)))

    @property
    def differences(self):
        """Our mean minus the published value, for published metrics."""
        pairs = zip(self.means, self.line.published, strict=False)
        return tuple(ours - theirs for ours, theirs in pairs)


@dataclasses.dataclass(frozen=True)
class AccuracyTable:
    """For every metric our mean, the published value and the difference."""

    title: str
    metrics: tuple
    rows: tuple
    smaller_is_better: bool = False
    reference = None

    def kept(self, measurement):
        """Whether the first metric reaches its target."""
        ours, bar = measurement.means[0], measurement.line.bar
        return ours <= bar if self.smaller_is_better else ours >= bar

    def to_dict(self):
        return {
            "title": self.title,
            "metrics": list(self.metrics),
            "rows": [
                {
                    **dataclasses.asdict(found.line),
                    "values": [list(values) for values in found.values],
                    "means": list(found.means),
                    "differences": list(found.differences),
                    "minutes": found.minutes,
                    "kept": self.kept(found),
                }
                for found in self.rows
            ],
        }

    def to_rich(self):
        table = rich.table.Table(
            title=self.title, title_justify="left", box=rich.box.SIMPLE_HEAD, title_style="bold"
        )
        table.add_column("", no_wrap=True)
        for name in self.metrics:
            for column in (name.removeprefix("sampled_"), "publ.", "diff."):
                table.add_column(column, justify="right", no_wrap=True)
        for column in ("bar", "", "minutes"):
            table.add_column(column, justify="right", no_wrap=True)
        for found in self.rows:
            cells = [found.line.label]
            for place, mean in enumerate(found.means):
                published = found.line.published[place : place + 1]
                cells += [_short(mean), *map(_short, published)]
                cells += [_signed(mean - published[0])] if published else ["", ""]
            verdict = "kept" if self.kept(found) else "MISSED"
            table.add_row(*cells, _short(found.line.bar), verdict, f"{found.minutes:.1f}")
        return table

    def notes(self):
        """Yields the sources of published values and the standard deviations over seeds."""
        for found in self.rows:
            parts = [f"published in {found.line.source}"] if found.line.source else []
            if len(found.values) > 1:
                each = map(statistics.stdev, zip(*found.values, strict=True))
                parts.append(f"sd of {len(found.values)} seeds {', '.join(map(_short, each))}")
            if parts:
                yield f"{found.line.label}: {'; '.join(parts)}."
        yield from self._alike()

    def _alike(self):
        """Says which models are so close to the best that another seed could order them anew."""
        several = [found for found in self.rows if len(found.values) > 1]
        if len(several) < 2:
            return
        pick = min if self.smaller_is_better else max
        best = pick(several, key=lambda found: found.means[0])
        alike = [
            found.line.label
            for found in several
            if abs(found.means[0] - best.means[0]) <= max(_spread(found), _spread(best))
        ]
        if len(alike) > 1:
            yield (
                f"{self.metrics[0]}: {', '.join(alike)} differ by no more than the sd over seeds, "
                "so their order says nothing."
            )


def _spread(measurement):
    return statistics.stdev(values[0] for values in measurement.values)


def _signed(value):
    return ("-" if value < 0 else "+") + _short(abs(value))


def _short(value):
    return f"{value:.4f}".removeprefix("0")
