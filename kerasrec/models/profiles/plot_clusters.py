"""The items of some clusters as points."""

from kerasrec.files.replacing import replacing

NAMED = 20  # clusters in the legend


def plot_clusters(path, frame):
    """Draws the items in the plane of their first two principal components as a PNG.

    Clusters that differ in other directions lie upon each other.

    Args:
        path: `pathlib.Path` of the picture.
        frame: As of `Recommender.cluster_items`.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    colors = colormaps["tab20"].colors
    for cluster, part in frame.groupby("cluster", sort=True):
        name = f"{cluster}: {part['name'].iloc[0]} ({len(part):,})".replace("$", r"\$")
        label = name if cluster < NAMED else None
        color = colors[cluster % len(colors)]
        axes.scatter(part["x"], part["y"], s=12, color=color, label=label)
    axes.set_xlabel("first principal component of the item vectors")
    axes.set_ylabel("second")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small")
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
