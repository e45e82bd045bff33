"""A picture of a simulation: the click-through rate of each shop by day."""

import numpy as np

from kerasrec.files.replacing import replacing
from kerasrec.simulation.world import SHOWN

WEEK = 7
# Okabe and Ito's colours, which people with any colour vision can tell apart; and line styles.
STYLES = {
    "frozen": ("#0072B2", "--"),
    "nightly": ("#E69F00", "-"),
    "exploring": ("#009E73", "-"),
    "popular": ("#000000", ":"),
}


def plot_days(path, simulation):
    """Draws the rates as a PNG, each the mean of the seven days up to its day.

    Args:
        path: `pathlib.Path` of the picture.
        simulation: `Simulation`.
    """
    from matplotlib.figure import Figure

    world = simulation.world
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    days = np.arange(world.days)
    shown = _last_week(simulation.visits.sum(1) * SHOWN)
    for shop in simulation.shops:
        colour, line = STYLES[shop.name]
        rate = 100 * _last_week(shop.clicks.sum(1)) / np.maximum(shown, 1)
        axes.plot(days, rate, color=colour, linestyle=line, label=shop.name)
    axes.set_title(
        f"Clicks of 100 books shown: {world.people:,} people, the same in all shops\n"
        f"{simulation.model}; mean of seven days; seed {world.seed}",
        fontsize="medium",
    )
    axes.set_xlabel("day")
    axes.set_ylabel("click-through rate, %")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120, format="png")


def _last_week(values):
    """Sums over the seven days up to each.

    >>> _last_week(np.ones(9)).astype(int).tolist()
    [1, 2, 3, 4, 5, 6, 7, 7, 7]
    """
    return np.convolve(values, np.ones(WEEK))[: len(values)]
