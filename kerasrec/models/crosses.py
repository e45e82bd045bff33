"""Crosses of two columns as fields of a ranker."""

import numpy as np
from keras import ops

from kerasrec.data.cross_columns import cross_column
from kerasrec.data.impression_batches import FOLDS, folds
from kerasrec.data.vocabulary import PADDING, UNKNOWN
from kerasrec.layers.cross_lookup import CrossLookup, known_pairs
from kerasrec.layers.cross_rates import CrossRates

BLOCK = 2**20  # train rows whose pairs are looked up at a time


class Crosses:
    """The layers of the crosses of a schema, and the fields that they give.

    Args:
        crosses: `Cross`es of the `Schema`.
        columns: Dict of column to `(Keras tensor, number of rows)`, for all columns they name.
        fold: Keras input of the fold of a train row, for rates; None where no cross has a label.

    Attributes:
        fields: As `FieldVectors` takes them.
        values: Keras tensors of the fields by name.
    """

    def __init__(self, crosses, columns, fold):
        self._crosses, self._lookups, self._rates = crosses, {}, {}
        self.fields, self.values = [], {}
        for cross in crosses:
            rows, size = columns[cross.columns[0]]
            if len(cross.columns) == 2:
                lookup = CrossLookup(size, cross.size - 2, name=f"{cross.name}_pairs")
                rows = lookup(rows, columns[cross.columns[1]][0])
                self._lookups[cross.name] = lookup
            field = {"name": cross.name, "kind": "category", "size": cross.size, "length": 1}
            if cross.label is not None:
                rates = CrossRates(cross.size, FOLDS, cross.prior, name=f"{cross.name}_rates")
                rows, self._rates[cross.name] = rates(rows, fold), rates
                field |= {"kind": "vector", "size": 2}
            self.fields.append(field)
            self.values[cross.name] = rows

    @property
    def weights(self):
        """The known pairs and the counts of their labels, which describe the data."""
        layers = [*self._lookups.values(), *self._rates.values()]
        return [weight for layer in layers for weight in layer.weights]

    def rows_of(self, old):
        """Where the rows of the pairs of other `Crosses` are, by cross.

        Returns:
            Dict of the name of a cross of two columns to the row here of each row there, int32
            `(pairs there + 2,)`; 1, unknown, for a pair that is not known here.
        """
        found = {}
        for name, lookup in self._lookups.items():
            rows = ops.convert_to_numpy(lookup(*old._lookups[name].pairs()))
            found[name] = np.concatenate([[PADDING, UNKNOWN], rows]).astype("int32")
        return found

    def adapt(self, train):
        """Finds the known pairs of the train part, and counts their labels out of fold."""
        for cross in self._crosses:
            columns = [cross_column(train, column)[0] for column in cross.columns]
            rows = columns[0]
            if cross.name in self._lookups:
                lookup = self._lookups[cross.name]
                lookup.assign(*known_pairs(*columns, cross.min_count))
            if cross.name in self._rates and cross.name in self._lookups:
                parts = range(0, len(rows), BLOCK)
                parts = [[one[start : start + BLOCK] for one in columns] for start in parts]
                rows = np.concatenate([ops.convert_to_numpy(lookup(*part)) for part in parts])
            if cross.name in self._rates:
                labels = train.labels[cross.label]
                known = labels == labels
                self._rates[cross.name].assign(rows[known], folds(train)[known], labels[known])
