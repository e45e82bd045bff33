"""The sources of a table of items: counts of the train part, and features of the items."""

import numpy as np

from kerasrec.config.nearest import nearest as nearest_word
from kerasrec.errors import InputError
from kerasrec.layers.feature_rows import BAGS, KINDS
from kerasrec.models.neighbours.content_neighbours import check_weighting, content_neighbours
from kerasrec.models.neighbours.fit_source_weights import fit_source_weights
from kerasrec.models.neighbours.held_out import hold_out, recent_items
from kerasrec.models.neighbours.similarity import from_lists

COUNTED = ("transitions", "cooccurrence")
# Scores that a fit of the weights holds.
MAX_ENTRIES = 2**25


class Sources:
    """Several tables of items as one.

        w(i, j) = sum over sources s of weight_s w_s(i, j) m_first / m_s

    m_s is the mean over items of the largest weight of their row in w_s. So a weight says how much
    the best neighbours of a source count beside those of the first one, whatever its unit.

    A source is one of `COUNTED`, or the name of an item feature: words and categories are compared
    by TF-IDF or BM25, vectors and numbers by their cosine.

    Args:
        schema: `Schema` of the data.
        given: Dict of name to weight, or a list of names whose weights are to be fitted.
        weighting: "tfidf" or "bm25", of words and categories.

    Raises:
        InputError: for an unknown name, no source, a weight that is negative or not finite, weights
            that are all 0, or an unknown weighting.
    """

    def __init__(self, schema, given, weighting="tfidf"):
        check_weighting(weighting)
        self.weighting = weighting
        self.fitted = not isinstance(given, dict)
        if not isinstance(given, (dict, list, tuple)) or not given or _repeated(given):
            raise InputError(
                "sources: expected a dict of name to weight, or a list of distinct names whose "
                f"weights are fitted, got {given!r}"
            )
        self.names = list(given)
        self.features = {each.name: each for each in schema.item_features if each.kind in KINDS}
        for name in self.names:
            self._check_name(name)
        self.weights = {} if self.fitted else {n: self._weight(n, given[n]) for n in given}
        if not self.fitted and not any(self.weights.values()):
            raise InputError(f"sources: expected a weight above 0, got {given!r}")

    @property
    def features_read(self):
        """Names of the item features that are sources."""
        return {name for name in self.names if name not in COUNTED}

    def table(self, train, counters, keep, last, decay):
        """The table of all sources, w: CSR `(items, items)`, from an item of a history to others.

        Args:
            train: `Interactions` of the train part.
            counters: Dict of each name of `COUNTED` to a function from `Interactions` to its table.
            keep: Neighbours of each item by a feature.
            last: Number of last items of a history that are read, when weights are fitted.
            decay: Factor of the weight for each further item back in a history.

        Raises:
            InputError: if weights are to be fitted and no user has two different items.
        """
        content = {name: self._similar(train.items, name, keep) for name in self.features_read}
        tables = [content[n] if n in content else counters[n](train) for n in self.names]
        sizes = np.array([_size(table) for table in tables])
        scales = (sizes[0] or 1.0) / np.where(sizes > 0, sizes, np.inf)
        if self.fitted:
            rest, histories, targets = hold_out(train)
            held = [content[n] if n in content else counters[n](rest) for n in self.names]
            held = [table.tocsr() * scale for table, scale in zip(held, scales, strict=True)]
            found = _fit(held, histories, targets, last, decay)
            self.weights = dict(zip(self.names, (found / found.max()).tolist(), strict=True))
        parts = zip(self.names, scales, tables, strict=True)
        return sum(self.weights[name] * scale * table for name, scale, table in parts).tocsr()

    def _similar(self, items, name, keep):
        feature = self.features[name]
        weighting = self.weighting if feature.kind in BAGS else "tfidf"
        return from_lists(*content_neighbours(items, [feature], weighting, keep))

    def _check_name(self, name):
        if name in COUNTED and name in self.features:
            raise InputError(
                f"sources: {name!r} is what is counted and an item feature too: rename the feature"
            )
        if name not in COUNTED and name not in self.features:
            known = [*COUNTED, *self.features]
            hint = nearest_word(str(name), known)
            raise InputError(
                f"sources: there is no source {name!r}{hint}; there are {', '.join(COUNTED)} and "
                f"the item features of this data: {', '.join(self.features) or 'none'}"
            )

    def _weight(self, name, weight):
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not 0 <= weight < np.inf:
            raise InputError(f"sources: {name}: expected a weight of at least 0, got {weight!r}")
        return float(weight)


def _fit(tables, histories, targets, last, decay):
    """The weights of tables, from as many evenly chosen histories as `MAX_ENTRIES` allows."""
    size = tables[0].shape[0]
    recent = recent_items(histories, size, last, decay)
    entries = [(recent > 0) @ np.diff(table.indptr).astype(float) for table in tables]
    step = int(np.ceil(np.minimum(entries, size).sum() / MAX_ENTRIES))
    recent, targets = recent[::step], targets[::step]
    seen = recent_items(histories, size, None, 1.0)[::step]
    return fit_source_weights([(recent @ table).tocsr() for table in tables], seen, targets)


def _size(table):
    """The mean of the largest weight of each row that has any."""
    largest = table.max(axis=1).toarray().ravel()
    return largest[largest > 0].mean() if (largest > 0).any() else 0.0


def _repeated(given):
    return len({str(name) for name in given}) < len(given)
