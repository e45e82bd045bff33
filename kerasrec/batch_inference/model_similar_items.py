"""Similar items of a model in Python."""

import numpy as np
import pyarrow

from kerasrec.batch_inference.answer import Answer
from kerasrec.batch_inference.model_hash import model_hash
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number


class ModelSimilarItems:
    """Answers queries by item as `Recommender.similar_items`.

    Args and errors as of `ModelRecommendations`; `repeats` and `explain` are not read.

    Attributes:
        k, item_ids, notes, wide_cost: As of `ModelRecommendations`.
    """

    wide_cost = 1

    def __init__(self, model, options):
        from kerasrec.models.requests.recommend import default_k
        from kerasrec.models.requests.similar_items import directions

        model.check_adapted("similar_items")
        model.check_finite("similar_items")
        k, cut = default_k(model, options.k)
        self.k = whole_number(k, "k", 1, model.schema.num_items - FIRST, "the number of items, ")
        self.notes = list(cut)
        self.item_ids = pyarrow.array(model.items.vocabulary.ids, pyarrow.string())
        self._model = model
        self._vectors = directions(model, model.encode_catalog())
        if self._vectors is None:
            raise InputError(
                f"{type(model).__name__} has no item vectors to compare: give --histories to "
                "recommend, with one item each"
            )
        self._exclude = self._rows(options.exclude)
        self._allow = None
        if options.allow is not None:
            rows = np.arange(model.schema.num_items)
            self._allow = np.isin(rows, self._rows(options.allow))

    def fingerprint(self):
        """A hash of the model."""
        return model_hash(self._model)

    def widths(self, queries):
        """No query has a history."""
        return np.ones(len(queries), "int64")

    def answer(self, queries):
        """The `Answer` to some `Queries`."""
        from kerasrec.models.requests.similar_rows import similar_rows

        rows = self._rows(queries.names)
        exclude = np.tile(self._exclude, (len(rows), 1))
        places, scores = similar_rows(self._vectors, rows, self.k, exclude, self._allow)
        scores[rows < FIRST] = -np.inf
        return Answer(places - FIRST, scores)

    def _rows(self, ids):
        return self._model.items.vocabulary.rows(np.array(list(ids), dtype=object))
