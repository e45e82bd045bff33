"""A comparison as a table for a terminal."""

from kerasrec.evaluation.evaluation import SEEN_ITEMS
from kerasrec.training.compare.comparison import metric_of


def comparison_table(comparison):
    """A `rich.table.Table`, 100 columns wide: a row a model, the best of each metric marked.

    Intervals are on a line below the means where there is no room beside them. Differences of
    rankers are marked where their interval excludes 0.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    about, best = comparison.about, comparison.best()
    table = Table(
        title=f"{about['part']}, {about['protocol']}, {_measured(comparison)}; mean [95 %], * is "
        "the best",
        caption="\n".join(about["notes"]) or None,
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.title = "\n".join([*about["warnings"], table.title])
    table.add_column("", min_width=12, overflow="fold")
    for metric in comparison.quality:
        shown = metric if about["repeats"] is None else metric.partition("@")[0]
        # A task on a line of its own.
        table.add_column(shown.replace(".", "\n"), no_wrap=metric.startswith("coverage"))
    for title in ("fit s", "eval s", "weights", "MB"):
        table.add_column(title, justify="right", no_wrap=True)
    for before, row in zip([None, *comparison.rows], comparison.rows, strict=False):
        if before and before["run"] and not row["run"]:
            table.add_section()
        cells = [
            _quality(metric_of(row, metric), row["name"] in names) for metric, names in best.items()
        ]
        table.add_row(Text(row["name"]), *cells, *_costs(row))
    if comparison.differences:
        table.add_section()
    for row in comparison.differences:
        cells = [_difference(row["metrics"].get(metric)) for metric in comparison.quality]
        table.add_row(Text(f"{row['name']} - {row['minus']}"), *cells, *["-"] * 4)
    return table


def _measured(comparison):
    """On what, in words."""
    about = comparison.about
    if about["repeats"] is None:
        return f"{about['n_rows']:,} rows, {about['n_queries']:,} requests"
    k = next(iter(comparison.quality)).rpartition("@")[2]
    return f"{about['n_queries']:,} users, {SEEN_ITEMS[about['repeats']]}, k = {k}"


def _quality(value, is_best):
    if value is None:
        return "-"
    mean = f"{_short(value['mean'])}{'*' if is_best else ''}"
    if value["low"] is None:
        return mean
    # rich would read unescaped brackets as markup.
    return f"{mean} \\[{_short(value['low'])},{_short(value['high'])}]"


def _difference(value):
    """With its sign; * where the interval excludes 0."""
    if value is None:
        return "-"
    mean = f"{value['mean']:+.3f}".replace("0.", ".", 1)
    if value["low"] is None:
        return mean
    clear = "*" if value["low"] > 0 or value["high"] < 0 else ""
    low, high = (f"{value[key]:+.3f}".replace("0.", ".", 1) for key in ("low", "high"))
    return f"{mean}{clear} \\[{low},{high}]"


def _short(value):
    return f"{value:.3f}".removeprefix("0")


def _costs(row):
    fit, size, weights = row["fit_seconds"], row["checkpoint_bytes"], row["trainable_weights"]
    return [
        "-" if fit is None else _seconds(fit),
        _seconds(row["evaluation_seconds"]),
        "-" if weights is None else _count(weights),
        "-" if size is None else f"{size / 1e6:.1f}",
    ]


def _seconds(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _count(value):
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{letter}"
    return str(value)
