"""The plot of a comparison."""

from matplotlib.figure import Figure

from kerasrec.files.replacing import replacing
from kerasrec.training.compare.comparison import metric_of


def plot_comparison(path, comparison):
    """Draws each metric with its interval, and the seconds of the fit, a line a model.

    Args:
        path: PNG file to write.
        comparison: `Comparison`.
    """
    rows, metrics = comparison.rows, list(comparison.quality)
    figure = Figure(figsize=(3 + 2.6 * (len(metrics) + 1), 1.6 + 0.32 * len(rows)))
    figure.set_layout_engine("constrained")
    panels = figure.subplots(1, len(metrics) + 1, sharey=True)
    best = comparison.best()
    for axes, metric in zip(panels, metrics, strict=False):
        for place, row in enumerate(rows):
            value = metric_of(row, metric)
            if value:
                marked = row["name"] in best[metric]
                _point(axes, place, value, "tab:orange" if marked else "tab:blue")
        axes.set_xlabel(metric)
    fitted = [(row["fit_seconds"], place) for place, row in enumerate(rows) if row["fit_seconds"]]
    panels[-1].plot(*zip(*fitted, strict=True), "o", markersize=5, color="tab:gray")
    panels[-1].set_xscale("log")
    panels[-1].set_xlabel("seconds of the fit")
    panels[0].set_yticks(range(len(rows)), [row["name"] for row in rows])
    panels[0].invert_yaxis()
    for axes in panels:
        axes.grid(axis="x", alpha=0.3)
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)


def _point(axes, place, value, color):
    mean, low, high = value["mean"], value["low"], value["high"]
    error = None if low is None else [[max(0, mean - low)], [max(0, high - mean)]]
    axes.errorbar(mean, place, xerr=error, fmt="o", markersize=5, capsize=3, color=color)
