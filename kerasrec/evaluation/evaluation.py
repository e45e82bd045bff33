import dataclasses
import math

from kerasrec.evaluation.leakage import leakage_words
from kerasrec.metrics import SAMPLED

# Values of `repeats` -> their names above a table.
SEEN_ITEMS = {"mask": "seen items masked", "allow": "seen items ranked"}


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The results of `evaluate` or `evaluate_ratings`; all values are plain Python.

    Attributes:
        rows: one dict a model, the model itself first: `model` (name), `metrics` (dict such as
            `"recall@10"` -> {"mean", "low", "high"}, low and high bounding the 95 % interval, NaN
            where there is none), `seconds` (spent in the model).
        groups: one dict a model and group: `model`, `by` ("item" or "user"), `group` ("cold",
            "warm", "hot"), `n` (queries), `pairs` (truths or ratings), `metrics` (empty when n is
            0).
        deciles: one dict a model and decile of item popularity, rarest first: `model`, `decile` (1
            to 10), `items`, `truths`, `fewest` and `most` (training interactions of its items),
            `recall` (dict "recall@10" -> share of its truths that were found).
        ks: the cut-offs.
        protocol: the split's name of how it was made.
        part: "validation" or "test".
        n_queries: users evaluated.
        seconds: {"total", "ranking"}: of the evaluation, and of it in the models.
        notes: sentences that qualify the numbers.
        repeats: "mask" where no list holds an item of the user's history, "allow" where it may;
            None where nothing was ranked.
        leakage: pairs of the part that the model was trained on, {"pairs", "of", "share"}; None
            if there are none, or if it is not recorded, which is in the notes then.
        above: one dict a baseline: `model`, `metrics` (dict such as "ndcg@10" -> {"mean", "low",
            "high"}): (model - baseline) / baseline, paired by user; 0.12 is 12 % above.
    """

    rows: list
    groups: list
    deciles: list
    ks: tuple
    protocol: str
    part: str
    n_queries: int
    seconds: dict
    notes: tuple
    repeats: str | None = None
    leakage: dict | None = None
    above: list = dataclasses.field(default_factory=list)

    def to_dict(self):
        """A dict for `json.dumps(..., allow_nan=False)`: NaN is None, tuples are lists."""
        return _plain(dataclasses.asdict(self))

    def to_table(self, shown_notes=()):
        """A `rich.table.Table`, a row a metric and a column a model; up to 100 columns wide.

        `shown_notes` are notes that another table shows already.

        The metrics are those at the middle cut-off, intervals are shown for up to three models;
        `to_dict()` has all.
        """
        from rich import box
        from rich.table import Table

        intervals = len(self.rows) <= 3
        repeats = "" if self.repeats is None else f", {SEEN_ITEMS[self.repeats]}"
        table = Table(
            title=f"{self.part}, {self.protocol}, {self.n_queries:,} users{repeats}",
            caption="\n".join(note for note in self.notes if note not in shown_notes) or None,
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            padding=0,
        )
        if self.leakage:
            head = f"{self.rows[0]['model']} was {leakage_words(self.leakage, self.part)}"
            table.title = f"{head}\n{table.title}"
        table.add_column("mean [95 %]" if intervals else "mean", no_wrap=True)
        for row in self.rows:
            table.add_column(row["model"], justify="left", overflow="fold", max_width=20)
        for name in self.rows[0]["metrics"]:
            if self._is_shown(name):
                cells = [_cell(row["metrics"][name], intervals) for row in self.rows]
                table.add_row(name, *cells)
        for name in self._group_metrics():
            table.add_section()
            self._add_groups(table, name, intervals)
        return table

    def _is_shown(self, name):
        return not self.ks or name.endswith(f"@{self._middle()}")

    def _middle(self):
        return self.ks[len(self.ks) // 2]

    def _group_metrics(self):
        if not self.ks:
            return [next(iter(self.rows[0]["metrics"]))]
        wanted = f"recall@{self._middle()}", f"ndcg@{self._middle()}"
        return [name for name in self.rows[0]["metrics"] if name.removeprefix(SAMPLED) in wanted]

    def _add_groups(self, table, name, intervals):
        first = self.rows[0]["model"]
        for group in (g for g in self.groups if g["model"] == first):
            same = [
                g for g in self.groups if (g["by"], g["group"]) == (group["by"], group["group"])
            ]
            cells = [_cell(g["metrics"].get(name), intervals) for g in same]
            table.add_row(f"{name} {group['group']} {group['by']}s ({group['n']:,})", *cells)


def _cell(value, interval):
    if value is None or math.isnan(value["mean"]):
        return "-"
    if not interval or math.isnan(value["low"]):
        return _number(value["mean"], 4)
    digits = 3 if abs(value["mean"]) >= 0.1 else 4
    low, high = _number(value["low"], digits), _number(value["high"], digits)
    return f"{_number(value['mean'], 4)} [{low},{high}]"


def _number(value, digits):
    """A number for a narrow column: .1895 below one, four digits above."""
    if abs(value) < 1:
        return f"{value:.{digits}f}".replace("0.", ".", 1)
    return f"{value:.{max(0, digits - len(str(int(abs(value)))))}f}"


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
