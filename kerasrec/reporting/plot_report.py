"""A picture of a report: click rates by day, and how the versions differ."""

from kerasrec.files.replacing import replacing


def plot_report(path, report):
    """Draws the click-through rate of each version by day, and the daily tests, as a PNG.

    Args:
        path: `pathlib.Path` of the picture.
        report: `OnlineReport`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    days = sorted({row["group"] for row in report.days})
    places = {day: place for place, day in enumerate(days)}
    for version in sorted({row["version"] for row in report.days}):
        rows = [row for row in report.days if row["version"] == version]
        x = [places[row["group"]] for row in rows]
        low, high = (
            [row["rate"] if row[end] is None else row[end] for row in rows]
            for end in ("low", "high")
        )
        above.plot(x, [row["rate"] for row in rows], marker="o", markersize=3, label=version)
        above.fill_between(x, low, high, alpha=0.15)
    above.set_ylabel("click-through rate of a day")
    above.set_ylim(bottom=0)
    above.legend(title="version", fontsize="small")
    for version, looks in report.tests.items():
        x = [places[look["day"]] for look in looks]
        label = f"{version} minus {report.baseline}"
        below.plot(x, [look["difference"] for look in looks], label=label)
        ends = ([look[end] for look in looks] for end in ("low", "high"))
        below.fill_between(x, *ends, alpha=0.15)
    below.axhline(0, color="0.5", linewidth=1)
    below.set_ylabel("difference so far, valid at every look")
    if any(report.tests.values()):
        below.legend(fontsize="small")
    step = max(1, len(days) // 8)
    below.set_xticks(range(0, len(days), step), days[::step])
    for axes in (above, below):
        axes.grid(alpha=0.3)
    with replacing(path) as partial:
        figure.savefig(partial, dpi=120)
