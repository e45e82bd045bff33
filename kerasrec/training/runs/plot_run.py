"""The plots of a run."""

from matplotlib.figure import Figure

from kerasrec.files.replacing import replacing


def plot_run(folder, history, deciles, k):
    """Draws `loss.png`, `metrics.png` and `recall_by_popularity.png` into a run folder.

    Args:
        folder: `RunFolder`.
        history: Logs of the epochs; without any, only the third picture is drawn, and without a
            validation part no second one.
        deciles: Recall by item popularity, as `Evaluation.deciles`.
        k: Cut-off of that recall.
    """
    if history:
        epochs = range(1, len(history) + 1)
        losses = {"loss": [logs["loss"] for logs in history]}
        _lines(folder.path / "loss.png", epochs, losses, "epoch", "training loss")
        names = dict.fromkeys(name for logs in history for name in logs)
        names = [name for name in names if name.startswith(("val_recall@", "val_ndcg@"))]
        # Not every epoch need be validated.
        validated = [epoch for epoch in epochs if not {*names} - {*history[epoch - 1]}]
        metrics = {
            name.removeprefix("val_"): [history[epoch - 1][name] for epoch in validated]
            for name in names
        }
        if metrics:
            label = "validation, whole catalogue"
            _lines(folder.path / "metrics.png", validated, metrics, "epoch", label)
    if deciles:
        _recall_by_popularity(folder.path / "recall_by_popularity.png", deciles, f"recall@{k}")


def _recall_by_popularity(path, deciles, name):
    tenths = sorted({row["decile"] for row in deciles})
    series = {}
    for row in deciles:
        line = series.setdefault(row["model"], [float("nan")] * len(tenths))
        line[tenths.index(row["decile"])] = row["recall"][name]
    label = "decile of the test interactions, from rare to popular items"
    _lines(path, tenths, series, label, name)


def _lines(path, x, series, x_label, y_label):
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    for name, values in series.items():
        axes.plot(x, values, marker="o", markersize=3, label=name)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    if len(series) > 1:
        axes.legend(fontsize="small")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
