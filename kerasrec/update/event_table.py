"""All interactions of a model so far: the data of its first run, and the events since."""

import dataclasses

import numpy as np
import pandas as pd

from kerasrec.errors import InputError
from kerasrec.out_of_core import StoredInteractions
from kerasrec.training.read_data import read_split


@dataclasses.dataclass(frozen=True)
class EventTable:
    """Interactions in the order of time.

    Args:
        frame: `user`, `item`, `timestamp`, `value` and, of a model with behaviors, `behavior`.
        part: `(rows,)`, the part of the table that a row is of; 0 is the data of the first run.
    """

    frame: pd.DataFrame
    part: np.ndarray

    @classmethod
    def read(cls, folder):
        """The table of an `UpdateFolder`."""
        frames = [pd.read_parquet(folder.part(n)) for n in range(folder.parts()["parts"])]
        parts = np.repeat(np.arange(len(frames)), [len(one) for one in frames])
        frame = pd.concat([one for one in frames if len(one)], ignore_index=True)
        # An event that was sent twice, or that the first run knew already, counts once.
        keys = [name for name in ("user", "item", "timestamp", "behavior") if name in frame]
        once = ~frame.duplicated(keys).to_numpy()
        frame, parts = frame[once], parts[once]
        order = np.argsort(frame["timestamp"].to_numpy(), kind="stable")
        return cls(frame.iloc[order].reset_index(drop=True), parts[order])

    def trained(self, parts, until):
        """Bool array of the rows in the first `parts` parts with a time before `until`."""
        inside = self.part < parts
        return inside if until is None else inside & (self.frame["timestamp"].to_numpy() < until)


def first_part(config):
    """The data of a run, as the first part of a table.

    Args:
        config: `RunConfig` of the run.

    Raises:
        InputError: for data that an update cannot go on from.
    """
    data, _ = read_split(config)
    if isinstance(data, StoredInteractions):
        raise InputError(
            "the run read its table out of core, and an update keeps it in memory: fit a new "
            "run on the grown table instead"
        )
    frame = pd.DataFrame(
        {
            "user": data.users.vocabulary.lookup(data.user),
            "item": data.items.vocabulary.lookup(data.item),
            "timestamp": 0 if data.timestamp is None else data.timestamp,
            "value": data.value,
        }
    )
    if data.behaviors is not None:
        frame["behavior"] = data.behaviors.lookup(data.behavior)
    frame["timestamp"] = frame["timestamp"].astype("int64")
    return frame


def accepted(events, first, behaviors=()):
    """The events that continue a table, as its next part, and what was left out.

    Args:
        events: DataFrame with `user`, `item`, `timestamp`, `value` and `behavior`.
        first: The first part.
        behaviors: The behaviors that count; all where none is given. A model with behaviors reads
            those of its first run only.

    Returns:
        `(DataFrame, notes)`.
    """
    kept = pd.Series(True, index=events.index)
    if behaviors:
        kept &= events["behavior"].isin(behaviors)
    notes = []
    if "behavior" in first:
        known = events["behavior"].isin(first["behavior"].unique())
        if others := sorted(events["behavior"][kept & ~known].unique()):
            count = int((kept & ~known).sum())
            notes.append(
                f"{count:,} events left out: the model has no behavior {', '.join(others)}"
            )
        kept &= known
    part = events.loc[kept, list(first.columns)].reset_index(drop=True)
    part["timestamp"] = np.floor(part["timestamp"]).astype("int64")
    return part, notes
