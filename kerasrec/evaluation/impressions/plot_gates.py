"""Which experts each task of a ranker uses."""

from matplotlib.figure import Figure

from kerasrec.files.replacing import replacing


def plot_gates(path, weights, tasks):
    """Draws the mean weight of each expert in each task, as a PNG.

    Equal columns mean that the tasks share everything; an expert that no task uses is idle.

    Args:
        path: `pathlib.Path` of the picture.
        weights: `(n, tasks, experts)` of n rows, as of `Ranker.gates`.
        tasks: Names of the tasks.
    """
    means = weights.mean(axis=0)
    experts = means.shape[1]
    size = (max(4, 0.6 * experts + 2), max(2, 0.5 * len(tasks) + 1.5))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(means, vmin=0, vmax=max(means.max(), 2 / experts), cmap="Blues")
    axes.set_xticks(range(experts), [str(n) for n in range(1, experts + 1)])
    axes.set_yticks(range(len(tasks)), tasks)
    axes.set_xlabel("expert")
    for task, row in enumerate(means):
        for expert, value in enumerate(row):
            color = "white" if value > image.norm.vmax / 2 else "black"
            axes.text(expert, task, f"{value:.2f}", ha="center", va="center", color=color)
    axes.set_title("mean weight in the gates")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
