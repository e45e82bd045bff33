"""Recommendations of a model in Python."""

import numpy as np
import pandas as pd
import pyarrow

from kerasrec.batch_inference.answer import Answer
from kerasrec.batch_inference.model_hash import model_hash
from kerasrec.data.context_values import check_names
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

_WIDTH = 64  # lists of seen items have a width that is a multiple of it


class ModelRecommendations:
    """Answers queries as `Recommender.recommend`, with what all queries share computed once.

    Args:
        model: An adapted `Recommender`.
        options: `Options`.

    Attributes:
        k: Items of each answer.
        repeats: "mask" or "allow".
        context: Names of the features of a request that the model reads.
        item_ids, user_ids: Arrow arrays of the ids that the model knows.
        history_length: The most items of a history that are read; None without histories.
        unknown_user: How an unknown user is answered, as the end of a sentence.
        notes: Sentences on the options.
        wide_cost: What a step of a history costs beside one that is not explained.

    Raises:
        InputError: as `recommend`.
    """

    wide_cost = 1

    def __init__(self, model, options):
        from kerasrec.models.requests.probabilities import check_probabilities
        from kerasrec.models.requests.recommend import default_k
        from kerasrec.models.requests.rule_options import check_rules

        model.check_adapted("recommend")
        model.check_finite("recommend")
        k, cut = default_k(model, options.k)
        self.k = whole_number(k, "k", 1, model.schema.num_items - FIRST, "the number of items, ")
        self.repeats = options.repeats or model.repeats
        self.notes = list(cut)
        self.context = [name for name in model.context if name in model.query_inputs]
        check_names(options.context, self.context, type(model).__name__)
        self.item_ids = pyarrow.array(model.items.vocabulary.ids, pyarrow.string())
        self.user_ids = pyarrow.array(model.users.vocabulary.ids, pyarrow.string())
        reads = "history" in model.query_inputs
        self.history_length = model.schema.history_length if reads else None
        self.unknown_user = model.unknown_user
        self._model, self._options = model, options
        self._exclude = _rows(model, options.exclude)
        self._allow = None if options.allow is None else _rows(model, options.allow)
        check_rules(model, options.pin, options.boost)
        check_probabilities(model, options.probabilities)
        self._wishes = {}
        if options.pin:
            self._wishes["pin"] = _rows(model, options.pin)
        if options.boost:
            self._wishes["boost"] = _rows(model, options.boost)
            self._wishes["boost_factor"] = np.array(list(options.boost.values()), "float32")
        self._catalog = model.encode_catalog()

    def fingerprint(self):
        """A hash of the model."""
        return model_hash(self._model)

    def all_users(self):
        """The ids of all users of the train part."""
        return self._model.users.vocabulary.ids.tolist()

    def check(self, columns):
        """Refuses queries that the model does not answer.

        Args:
            columns: Those of a `HistoryFile`; None for queries by user.
        """
        if columns is not None and "histories" not in self._model.capabilities:
            raise InputError(
                f"{type(self._model).__name__} answers known users only (capabilities: "
                f"{', '.join(sorted(self._model.capabilities))}): give users, not histories"
            )

    def widths(self, queries):
        """Items of the history of each query."""
        if queries.histories is not None:
            return np.array([len(history) for history in queries.histories])
        rows = self._model.users.vocabulary.rows(np.asarray(queries.users, dtype=object))
        return self._model.histories.lengths[np.maximum(rows, 1)]

    def answer(self, queries):
        """The `Answer` to some `Queries`."""
        from kerasrec.models.requests.request import Request

        every, many = slice(None), len(queries)
        constants = {name: [value] * many for name, value in self._options.context.items()}
        request = Request(
            self._model, queries.users, queries.histories, queries.behaviors, queries.timestamps,
            queries.values, {**constants, **queries.context}, written=True,
        )  # fmt: skip
        exclude = np.tile(self._exclude, (many, 1))
        if self.repeats == "mask":
            seen = request.seen(every)
            # Few different widths: a compiled ranking is traced again for each shape.
            seen = np.pad(seen, [(0, 0), (0, -seen.shape[1] % _WIDTH)])
            exclude = np.concatenate([exclude, seen], axis=1)
        allow = None if self._allow is None else np.tile(self._allow, (many, 1))
        inputs = request.inputs(every)
        wishes = {name: np.tile(x, (many, 1)) for name, x in self._wishes.items()}
        rows, scores = self._model.top_k(
            inputs, self.k, exclude=exclude, allow=allow, catalog=self._catalog, **wishes
        )
        more = {}
        if self._options.explain:
            more = self._reasons(inputs, request.past(every), rows, scores)
        if self._options.probabilities:
            from kerasrec.models.requests.probabilities import sigmoid

            more["probability"] = sigmoid(scores)
        return Answer(rows - FIRST, scores, more)

    def _reasons(self, inputs, past, rows, scores):
        from kerasrec.models.requests.reasons import REASONS, add_reasons

        frame = pd.DataFrame({"score": scores.ravel()})
        add_reasons(frame, self._model, inputs, past, rows, scores, self._catalog, REASONS)
        columns = frame.drop(columns="score")
        return {name: columns[name].to_numpy().reshape(rows.shape) for name in columns}


def _rows(model, ids):
    return model.items.vocabulary.rows(np.array(list(ids), dtype=object))
