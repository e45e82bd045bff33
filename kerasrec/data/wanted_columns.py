"""Which columns of a table of impressions are read, and as what."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from kerasrec.data.event_context import checked_context, columns_of
from kerasrec.data.feature_encoder import FeatureEncoder
from kerasrec.data.read_features import find_columns, text_columns
from kerasrec.data.read_labels import Labels
from kerasrec.data.table import Table
from kerasrec.errors import InputError

KEYS = ("user", "item", "request", "timestamp", "position", "weight", "propensity", "fold")
IDS = KEYS[:3]


@dataclasses.dataclass(frozen=True, eq=False)
class WantedColumns:
    """The columns that `Impressions.from_frame` was asked to read, checked as far as names go.

    Args:
        columns: key -> column, as given.
        labels: the labels.
        context: the features of the request, name -> options with their kind.
    """

    columns: dict[str, Any]
    labels: Labels
    context: dict[str, dict[str, Any]]

    @classmethod
    def of(
        cls,
        columns: Mapping[str, Any] | None,
        labels: Mapping[str, Mapping[str, Any]] | None,
        context: Mapping[str, Mapping[str, Any]] | None,
        encoders: Mapping[str, FeatureEncoder] | None = None,
    ) -> "WantedColumns":
        """From the arguments of `Impressions.from_frame`.

        Raises:
            InputError: unknown options, a feature that reads a label, or a column that would be the
                weight or the propensity of the row as well.
        """
        found = cls(dict(columns or {}), Labels(labels), checked_context(context, encoders))
        found._refuse_outcomes()
        found._refuse_second_use()
        return found

    @property
    def names(self) -> list[Any]:
        """All columns that may be read."""
        names = ({key: key for key in KEYS} | self.columns).values()
        features = [one for columns in columns_of(self.context).values() for one in columns]
        return [*names, *self.labels.columns.values(), *features]

    @property
    def ids(self) -> list[Any]:
        """The columns of ids."""
        return [self.columns.get(key, key) for key in IDS]

    @property
    def texts(self) -> list[Any]:
        """The columns that a text file must leave as text."""
        return [*self.ids, *text_columns(self.context), *self.labels.text_columns]

    def find(self, table: Table) -> dict[str, Any]:
        """Key -> column of those that the table has; InputError for a missing one."""
        columns = table.resolve(self.columns, KEYS, needed=())
        for name, column in self.labels.columns.items():
            table.find(name, column)
        find_columns(table, self.context)
        return columns

    def _refuse_outcomes(self) -> None:
        for name, columns in columns_of(self.context).items():
            for label, column in self.labels.columns.items():
                if column in columns:
                    raise InputError(
                        f"context {name} reads column {column!r}, which is the label {label}: a "
                        "request does not know what becomes of it; leave the feature out."
                    )

    def _refuse_second_use(self) -> None:
        """A weight of the row that nobody asked for would change every loss and every metric."""
        used = {f"label {name}": [column] for name, column in self.labels.columns.items()}
        used |= {f"context {name}": columns for name, columns in columns_of(self.context).items()}
        for key in ("weight", "propensity"):
            for what, read in used.items():
                if key in read and key not in self.columns:
                    raise InputError(
                        f"{what} reads column {key!r}, which is also the {key} of the row: rename "
                        f"the column, or give columns: {{{key}: {key}}} if both are meant."
                    )
