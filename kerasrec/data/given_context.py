"""The features of the requests in which items were shown, as they were given."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasrec.data.event_context import EventContext
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.read_features import FeatureColumns


@dataclasses.dataclass(frozen=True, eq=False)
class GivenContext:
    """Values of features of n impressions, from which a split learns how to encode them.

    Args:
        events: values of the features, one for each event.
        rows: int64 (n,), the event of each impression; several may be of one event.
    """

    events: EventContext
    rows: np.ndarray

    @classmethod
    def of(
        cls,
        read: FeatureColumns,
        features: Mapping[str, Mapping[str, Any]],
        known: Mapping[str, FeatureEncoder] | None,
    ) -> "GivenContext":
        """Each row of a table is an event; the arguments are those of `EventContext.of`."""
        rows = len(next(iter(read.given.values()), ()))
        return cls.of_events(EventContext.of(read, features, known), np.arange(rows))

    @classmethod
    def of_events(cls, events: EventContext, rows: np.ndarray) -> "GivenContext":
        """The context of events, one of which each of `rows` names."""
        return cls(dataclasses.replace(events, encoders={}, columns={}), rows)

    @classmethod
    def of_number(cls, name: str, numbers: np.ndarray) -> "GivenContext":
        """One feature of kind number."""
        events = EventContext({name: numbers}, {name: {"kind": "number"}})
        return cls(events, np.arange(len(numbers)))

    def select(self, index: Any) -> "GivenContext":
        """The impressions at these positions, or where a mask is true."""
        return dataclasses.replace(self, rows=self.rows[index])

    def learned_from(self, train: Any) -> tuple[dict[str, FeatureEncoder], dict[str, np.ndarray]]:
        """Encoders and columns (n, *feature.shape) by name, of all impressions.

        Args:
            train: the positions to learn from, or a mask of them; an event counts once.
        """
        size = len(next(iter(self.events.values.values())))
        used, chosen = np.zeros(size, bool), np.zeros(size, bool)
        used[self.rows], chosen[self.rows[train]] = True, True
        places = (np.cumsum(used) - 1)[self.rows]
        learned = self.events.select(used).learned_from(chosen[used])
        return learned.encoders, {name: one[places] for name, one in learned.columns.items()}
