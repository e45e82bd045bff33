"""Which values of its features each item has, in words for people."""

import dataclasses

import numpy as np
import scipy.sparse

from kerasrec.data.number_buckets import bucket_borders, bucket_rows
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.layers.feature_rows import word_counts
from kerasrec.models.item_column import item_column

# A number is shown as one of the quarters of the catalog.
QUARTERS = 4


@dataclasses.dataclass(frozen=True)
class ItemValues:
    """The values of one feature, and which item has which.

    Args:
        feature: Name of the feature.
        labels: Object array `(values,)` of texts.
        table: CSR `(item rows, values)`, 1 where the item has the value; the weights of soft
            buckets sum to 1.
        kind: "category", "text" for words, or "number" for ranges.
    """

    feature: str
    labels: np.ndarray
    table: scipy.sparse.csr_matrix
    kind: str

    def usual(self):
        """The share of all items that have each value, float64 `(values,)`."""
        return np.asarray(self.table.sum(axis=0)).ravel() / (self.table.shape[0] - FIRST)


def item_values(model):
    """The `ItemValues` of the features of a model's items that have names.

    Categories and words are named by themselves, a number by its quarter of the catalog, "8 to 12":
    above 8, up to 12. A number that is the mean of the catalog counts as missing, since the catalog
    writes missing numbers so. Vectors and times are left out.

    Args:
        model: An adapted `Recommender`.

    Returns:
        List in the order of the schema; features whose values the model does not keep are left out.
    """
    found = []
    for name, encoder in model.items.encoders.items():
        column = item_column(model, name)
        if column is not None and (values := _of_feature(name, encoder, column)):
            found.append(values)
    return found


def _of_feature(name, encoder, column):
    if encoder.centres is not None:
        labels = [f"about {centre:g}" for centre in encoder.centres]
        return ItemValues(name, _texts(labels), scipy.sparse.csr_matrix(column), "number")
    if encoder.borders is not None:
        table = _table(column, len(encoder.borders) + 1)
        return ItemValues(name, _ranges(encoder.borders), table, "number")
    if encoder.kind == "number":
        numbers = np.where(column == 0, np.nan, column.astype("float64")) * encoder.std
        numbers += encoder.mean
        known = numbers[FIRST:][~np.isnan(numbers[FIRST:])]
        borders = bucket_borders(known, QUARTERS)
        rows = bucket_rows(numbers, borders)
        return ItemValues(name, _ranges(borders), _table(rows, len(borders) + 1), "number")
    if encoder.kind in ("category", "categories", "text"):
        labels = encoder.vocabulary.ids
        kind = "text" if encoder.kind == "text" else "category"
        return ItemValues(name, labels, _table(column, len(labels)), kind)
    return None


def _table(rows, size):
    """1 where an item has a value, by vocabulary rows; a word counts once in an item."""
    table = word_counts(np.where(rows >= FIRST, rows, PADDING), FIRST + size)[:, FIRST:].tocsr()
    table.data[:] = 1.0
    return table


def _ranges(borders):
    ends = [f"{border:g}" for border in borders]
    if not ends:
        return _texts(["any"])
    between = [f"{low} to {high}" for low, high in zip(ends, ends[1:], strict=False)]
    return _texts([f"up to {ends[0]}", *between, f"over {ends[-1]}"])


def _texts(labels):
    texts = np.empty(len(labels), dtype=object)
    texts[:] = labels
    return texts
