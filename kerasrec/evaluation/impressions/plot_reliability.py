"""The reliability diagram of a task."""

from kerasrec.files.replacing import replacing


def plot_reliability(path, tables):
    """Draws predicted probabilities against observed shares, one line a model, as a PNG.

    Both axes are logarithmic, since clicks are rare: a bin whose share is 0 is not drawn.

    Args:
        path: `pathlib.Path` of the picture.
        tables: dict name -> the rows of `reliability_table`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    values = []
    for name, rows in tables.items():
        drawn = [row for row in rows if row["observed"] > 0 and row["predicted"] > 0]
        x, y = [row["predicted"] for row in drawn], [row["observed"] for row in drawn]
        axes.loglog(x, y, marker="o", markersize=3, label=name)
        values += x + y
    ends = [min(values, default=0.01), max(values, default=1.0)]
    axes.plot(ends, ends, color="0.6", linestyle="--", linewidth=1, label="calibrated")
    axes.set_xlabel("predicted probability, mean of a bin")
    axes.set_ylabel("observed share")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
