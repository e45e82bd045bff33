"""Bars of named weights, a panel a group."""

from kerasrec.files.replacing import replacing

BAR, MARGIN = 0.24, 0.75  # inches


def plot_bars(path, panels, title, label):
    """Draws bars of named weights as a PNG, the first at the top.

    Args:
        path: `pathlib.Path` of the picture.
        panels: dict name of a panel -> list of (name, weight).
        title: Of the picture.
        label: What the bars measure.
    """
    from matplotlib.figure import Figure

    heights = [BAR * len(bars) + MARGIN for bars in panels.values()]
    figure = Figure(figsize=(6.4, sum(heights) + 0.5), layout="constrained")
    all_axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (name, bars) in zip(all_axes, panels.items(), strict=True):
        places = range(len(bars))
        axes.barh(places, [weight for _, weight in bars], color="C0")
        # A dollar sign in a name is no formula.
        names = [str(each).replace("$", r"\$") for each, _ in bars]
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.set_title(name.replace("$", r"\$"), loc="left", fontsize="medium")
        axes.grid(alpha=0.3, axis="x")
    all_axes[-1].set_xlabel(label)
    figure.suptitle(title.replace("$", r"\$"))
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
