"""Impressions as one table of numbers, for trees."""

import keras
import numpy as np

from kerasrec.data.cross_columns import cross_column
from kerasrec.data.schema import LISTS
from kerasrec.data.vocabulary import FIRST
from kerasrec.models.crosses import Crosses
from kerasrec.models.predict import predict

# Trees search the sets of all categories; beyond this a row is read as a number.
MOST_CATEGORIES = 10_000
# Genres have a column for each value, the words of a text do not.
MOST_LIST_VALUES = 64


class ImpressionColumns:
    """Writes ids, features and rates of impressions as the columns of a matrix.

    | of the data             | columns                                                     |
    |-------------------------|-------------------------------------------------------------|
    | user, item, category    | the row; a category up to 10,000 rows, beyond that a number |
    | number, vector          | its numbers                                                 |
    | categories, text, users | 0 or 1 for each value; left out beyond 64 rows              |
    | cross with a label      | its count and its rate, see `CrossRates`                    |

    Crosses without a label and histories are left out.

    Args:
        train: `Impressions` of the train part.

    Attributes:
        names: Of the columns.
        categories: Names of the columns that hold categories.
    """

    def __init__(self, train):
        self._readers, self.names, self.categories = [], [], []
        for side in ("user", "item"):
            catalog = getattr(train, f"{side}s")
            if len(catalog) > FIRST:
                self._add(side, "category", len(catalog), lambda data, s=side: getattr(data, s))
            for name, encoder in catalog.encoders.items():
                feature = encoder.feature

                def of_row(data, side=side, name=name):
                    return getattr(data, f"{side}s").columns[name][getattr(data, side)]

                self._add(f"{side}_{name}", feature.kind, feature.size, of_row)
        for name, encoder in train.encoders.items():
            feature = encoder.feature
            self._add(name, feature.kind, feature.size, lambda data, n=name: data.context[n])
        self._crosses = tuple(cross for cross in train.crosses if cross.label is not None)
        self._crossed = sorted({name for cross in self._crosses for name in cross.columns})
        self._rates = self._make_rates(train) if self._crosses else None
        self.names += [f"{one.name}_{part}" for one in self._crosses for part in ("count", "rate")]

    def matrix(self, data, fold=None):
        """The columns of some rows `(n, columns)` float32.

        Args:
            data: `Impressions` with the catalogs of the train part.
            fold: Of train rows, whose rates are then out of fold; None for other rows.
        """
        parts = [read(data) for read in self._readers]
        if self._rates is not None:
            x = {name: cross_column(data, name)[0] for name in self._crossed}
            x["fold"] = np.zeros(len(data), "int32") if fold is None else fold
            found = predict(self._rates, x, batch_size=8192)
            parts += [found[cross.name] for cross in self._crosses]
        return np.concatenate(parts, axis=1)

    def _add(self, name, kind, size, values):
        if kind in LISTS:
            if size <= MOST_LIST_VALUES:
                self._readers.append(lambda data: _has_value(values(data), size))
                self.names += [f"{name}_{row}" for row in range(FIRST, size)]
            return
        self._readers.append(lambda data: values(data).reshape(len(data), -1).astype("float32"))
        self.names += [f"{name}_{n}" for n in range(size)] if kind == "vector" else [name]
        if kind == "category" and size <= MOST_CATEGORIES:
            self.categories.append(name)

    def _make_rates(self, train):
        sizes = {name: cross_column(train, name)[1] for name in self._crossed}
        inputs = {name: keras.Input((), dtype="int32", name=name) for name in (*sizes, "fold")}
        columns = {name: (inputs[name], size) for name, size in sizes.items()}
        crosses = Crosses(self._crosses, columns, inputs["fold"])
        crosses.adapt(train)
        return keras.Model(inputs, crosses.values)


def _has_value(rows, size):
    found = np.zeros((len(rows), size), "float32")
    np.put_along_axis(found, rows.astype("int64"), 1.0, axis=1)
    return found[:, FIRST:]
