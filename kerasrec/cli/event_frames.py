"""The tables that `kerasrec report` reads."""

import pathlib
import time

from kerasrec.errors import InputError

DAY = 86_400
SHOWN, DONE = "impressions.parquet", "interactions.parquet"


def event_frames(events, days=None, label="click"):
    """Returns the impressions and the interactions of a store, or of a folder, as DataFrames.

    Args:
        events: URL of a store, or a folder with `impressions.parquet` and `interactions.parquet`,
            which have the columns of `kerasrec.events.read_impressions` and `read_interactions`.
        days: Only those of this many days before the last event; None for all.
        label: The behavior that is counted as a click.
    """
    folder = pathlib.Path(events)
    if ":" not in events and not folder.is_dir():
        raise InputError(f"{events}: no such folder, and no URL of a store of events")
    frames = _of_store(events, label, days) if ":" in events else _of_folder(folder, label)
    ends = [frame["timestamp"].max() for frame in frames if len(frame) and "timestamp" in frame]
    if days is None or not ends:
        return frames
    begin = max(ends) - days * DAY
    return tuple(frame[frame["timestamp"] > begin] for frame in frames)


def table(path):
    """Reads a Parquet or CSV file as a DataFrame; ids are texts."""
    import pandas as pd

    try:
        if str(path).endswith(".parquet"):
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype={"user": str, "item": str})
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table: {error}") from error


def _of_folder(folder, label):
    if not (folder / SHOWN).exists():
        raise InputError(
            f"{folder} has no {SHOWN}: give `parquet:{folder}` if it is an export of a store"
        )
    shown = table(folder / SHOWN)
    if (folder / DONE).exists():
        return shown, table(folder / DONE)
    # Without another table what was clicked is all that was done.
    return shown, shown[shown[label] > 0] if label in shown else shown.iloc[:0]


def _of_store(url, label, days):
    from kerasrec.events import StoreError, open_store, read_impressions, read_interactions

    path = url.removeprefix("sqlite:///")
    if path != url and not pathlib.Path(path).is_file():
        raise InputError(f"{url}: no such file; relative paths start at {pathlib.Path.cwd()}")
    # Older events are not even read.
    since = None if days is None else time.time() - days * DAY
    try:
        with open_store(url) as store:
            done = read_interactions(store, since=since)
            shown = read_impressions(store, since=since, behaviors=(label,))
    except StoreError as error:
        raise InputError(str(error)) from error
    return shown, done[done["behavior"] == label]
