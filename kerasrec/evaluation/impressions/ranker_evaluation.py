"""The results of a ranker beside its baselines."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class RankerEvaluation:
    """The results of `evaluate_ranker`; all values are plain Python.

    Attributes:
        rows: one dict a model, the model itself first: `model` (name), `metrics` (dict such as
            "click.auc" -> {"mean", "low", "high"}, None where it is not defined) and `seconds`.
        groups: one dict a model and group: `model`, `by` ("item", "user" or "position"), `group`
            (cold, warm, hot, or the position), `n` (rows) and `metrics`.
        reliability: "click" -> the rows of `reliability_table` of the model, for binary tasks.
        tasks: names of the tasks.
        protocol, part: of the split.
        n_queries: requests.
        n_rows: rows.
        seconds: {"total", "ranking"}.
        notes: sentences that qualify the numbers.
        ks: cut-offs within a request.
    """

    rows: list
    groups: list
    reliability: dict
    tasks: tuple
    protocol: str
    part: str
    n_queries: int
    n_rows: int
    seconds: dict
    notes: tuple
    ks: tuple = ()

    def to_dict(self):
        """A dict for `json.dumps(..., allow_nan=False)`."""
        return _plain(dataclasses.asdict(self))

    def to_table(self, shown_notes=()):
        """A `rich.table.Table`, a row a metric and a column a model."""
        from rich import box
        from rich.table import Table

        size = f"{self.n_rows:,} rows, {self.n_queries:,} requests"
        table = Table(
            title=f"{self.part}, {self.protocol}, {size}",
            caption="\n".join(note for note in self.notes if note not in shown_notes) or None,
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            padding=0,
        )
        table.add_column("mean [95 %]", no_wrap=True)
        for row in self.rows:
            table.add_column(row["model"], justify="left", overflow="fold", max_width=22)
        before = None
        for name in self.rows[0]["metrics"]:
            if before is not None and before != name.partition(".")[0]:
                table.add_section()
            before = name.partition(".")[0]
            cells = [_cell(row["metrics"].get(name), first) for first, row in enumerate(self.rows)]
            table.add_row(name, *cells)
        table.add_section()
        self._add_groups(table)
        return table

    def _add_groups(self, table):
        first = self.rows[0]["model"]
        for group in (one for one in self.groups if one["model"] == first and one["n"]):
            same = [
                one
                for one in self.groups
                if (one["by"], one["group"]) == (group["by"], group["group"])
            ]
            for name in group["metrics"]:
                head = f"{name} {group['by']} {group['group']} ({group['n']:,})"
                table.add_row(head, *[_cell(one["metrics"].get(name), 1) for one in same])


def _cell(value, place):
    if value is None:
        return "-"
    text = f"{value['mean']:.4f}"
    # Intervals of the model itself: those of the others would not fit 80 columns.
    if place or value["low"] is None:
        return text
    return f"{text} [{value['low']:.4f},{value['high']:.4f}]"


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
