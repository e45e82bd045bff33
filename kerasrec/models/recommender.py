"""The one face of every model: fit, recommend, score, save, export."""

import inspect
import warnings

import keras
import numpy as np
import pandas as pd

from kerasrec.data.histories import Histories
from kerasrec.data.interactions import Interactions
from kerasrec.data.schema import Schema
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.models import checkpoint
from kerasrec.models.top_k import NEVER, TopK


class Recommender(keras.Model):
    """A functional Keras model that knows its catalogue and answers in the user's own ids.

    A zoo model is one of the three shapes below this class (`Retriever`, `NeighbourModel`, a
    ranker); what they share is this face. The order of use is

        model = Model(train.schema(), ...)      # only shapes
        model.adapt(train)                      # vocabularies, catalogue, counts, histories
        model.compile(...); model.fit(...)      # Keras's own
        model.recommend(users=["42"], k=10)     # strings in, strings out

    Class attributes a model declares:
        capabilities: What it can answer: "users" (known users), "histories" (any list of items),
            "cold_items" (items nobody has touched, from their features).
        train_inputs: Names of what a training batch must carry, for `kerasrec.data.batches`.
        steps: "all" if every position of a history is trained, "last" if only its end.
        query_inputs: What a query is made of: "user", "history" or both.
    """

    capabilities = frozenset({"users"})
    train_inputs = ("user", "item")
    steps = "all"
    query_inputs = ("user",)

    def __init__(self, *, schema, inputs, outputs, query_model, name=None):
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.schema = schema
        self.query_model = query_model
        self.users = None
        self.items = None
        self.histories = None

    # What a model of another shape must say.

    def encode_catalog(self):
        """The catalogue as the ranking needs it, computed once for many `top_k` calls."""
        raise NotImplementedError

    def score_catalog(self, queries, catalog):
        """Scores `(n, rows)` for n encoded queries, in `keras.ops`: the export traces it."""
        raise NotImplementedError

    def score_pairs(self, inputs, items):
        """Scores `(n,)` of n queries with one item row each."""
        raise NotImplementedError

    @property
    def candidate_weights(self):
        """Weights that describe the choice of candidates, not the model."""
        return []

    # The face.

    def encode_queries(self, inputs):
        """What `score_catalog` reads of n queries: the output of `query_model`, first axis n."""
        return predict(self.query_model, {name: inputs[name] for name in self.query_inputs})

    def adapt(self, train):
        """Takes vocabularies, catalogue, counts and histories from the train part.

        Args:
            train: `Interactions`; only what may be known when training.

        Raises:
            InputError: if the data does not have the shape the model was built for.
        """
        _check_same_shape(self.schema, train)
        self.users, self.items = train.users, train.items
        self.histories = train.histories()

    def fit(self, x=None, *args, **kwargs):
        """Keras's own `fit`, once the model knows its data."""
        self.check_adapted("fit")
        if hasattr(x, "element_spec"):  # a tf.data.Dataset is shuffled by who made it
            kwargs.setdefault("shuffle", False)
        return super().fit(x, *args, **kwargs)

    def recommend(
        self, users=None, histories=None, k=10, exclude=None, allow=None, filter_seen=True
    ):
        """The k best items for known users, or for anybody's recent items.

        Args:
            users: External user ids. Their stored histories are used where the model reads one.
            histories: Lists of external item ids in time order, one for each answer. With both
                given, the histories replace the stored ones.
            k: Items to return for each query, at most the number of items.
            exclude: External item ids that nobody is shown.
            allow: External item ids of which alone the answer may consist.
            filter_seen: Leave out what is in the user's history.

        Returns:
            A DataFrame with columns `user` (the id, or the number of the history), `rank` (from
            1), `item`, `score`, `title`. Ids the model does not know are answered from the rest;
            `frame.attrs["notes"]` says so, and so does a warning.

        Raises:
            InputError: for neither users nor histories, a k that is too large, or a kind of query
                the model cannot answer.
        """
        self.check_adapted("recommend")
        names, inputs, seen, notes = self._queries(users, histories)
        unwanted = [self._known_items(exclude, "exclude", notes)] if exclude is not None else []
        excluded = np.broadcast_to(
            np.concatenate([[0], *unwanted]).astype("int32"),
            (len(names), 1 + sum(map(len, unwanted))),
        )
        if filter_seen:
            excluded = np.concatenate([excluded, seen], axis=1)
        allowed = None
        if allow is not None:
            allowed = np.tile(self._known_items(allow, "allow", notes), (len(names), 1))
            if not allowed.size:
                raise InputError("allow holds no item that the model knows: nothing to recommend")
        rows, scores = self.top_k(inputs, k, exclude=excluded, allow=allowed)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        frame = pd.DataFrame(
            {
                "user": np.repeat(np.asarray(names, dtype=object), k),
                "rank": np.tile(np.arange(1, k + 1), len(names)),
                "item": self.items.vocabulary.lookup(rows).ravel(),
                "score": scores.ravel(),
                "title": self.items.title_of(rows).ravel(),
            }
        )
        frame = frame[frame["score"] > NEVER].reset_index(drop=True)
        frame.attrs["notes"] = notes
        return frame

    def score(self, users=None, histories=None, items=()):
        """Scores `(n,)` float32 of n users (or histories) with n items, by external ids."""
        self.check_adapted("score")
        names, inputs, _, notes = self._queries(users, histories)
        if len(items) != len(names):
            raise InputError(
                f"score takes one item for each query: {len(names)} queries, {len(items)} items"
            )
        rows = self.items.vocabulary.rows(np.asarray(items, dtype=object))
        _note_unknown("item", items, rows, notes)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        return self.score_pairs(inputs, rows)

    def top_k(self, inputs, k, exclude=None, allow=None, catalog=None, batch_size=512):
        """The k best catalogue rows, by rows: what `evaluate` and `recommend` run on.

        Args:
            inputs: Dict with `user` `(n,)` and/or `history` `(n, length)` int32 rows.
            k: How many.
            exclude, allow: `(n, any)` int rows, 0 is padding; see `TopK`.
            catalog: `encode_catalog()` of before, to rank many times.
            batch_size: Queries scored at once; `batch_size * rows` scores are held in memory.

        Returns:
            `rows` `(n, k)` int32 and `scores` `(n, k)` float32; row 0 and -inf where fewer.
        """
        available = self.schema.num_items - FIRST
        if not 1 <= k <= available:
            raise InputError(f"k must be between 1 and the number of items, {available}: got {k}")
        catalog = self.encode_catalog() if catalog is None else catalog
        queries = self.encode_queries(inputs)
        top_k, rows, scores = TopK(k), [], []
        for start in range(0, len(queries), batch_size):
            part = slice(start, start + batch_size)
            answer = top_k(
                self.score_catalog(queries[part], catalog),
                exclude=None if exclude is None else exclude[part],
                allow=None if allow is None else allow[part],
            )
            rows.append(keras.ops.convert_to_numpy(answer["rows"]))
            scores.append(keras.ops.convert_to_numpy(answer["scores"]))
        return np.concatenate(rows), np.concatenate(scores)

    def save(self, directory, overwrite=False):
        """Writes a checkpoint directory; see `kerasrec.models.checkpoint`."""
        self.check_adapted("save")
        checkpoint.save(self, directory, overwrite=overwrite)

    def load_rows_from(self, directory):
        """Starts from a checkpoint of the same model with the same or a smaller vocabulary."""
        checkpoint.copy_rows(checkpoint.load(directory), self)

    def get_config(self):
        """Each constructor argument by its own name; `Schema` as plain values.

        Keras records only the defaults of a subclassed model, silently; this records the truth.
        """
        config = {
            name: getattr(self, name)
            for name in inspect.signature(type(self).__init__).parameters
            if name not in ("self", "kwargs")
        }
        return {**config, "schema": self.schema.to_dict(), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model of `get_config`, with fresh weights."""
        return cls(**{**config, "schema": Schema.from_dict(config["schema"])})

    def check_adapted(self, what):
        """Refuses to do `what` before the model knows its data."""
        if self.items is None:
            raise InputError(
                f"{type(self).__name__}.{what} needs the data first: call model.adapt(train)"
            )

    def _queries(self, users, histories):
        """Names, model inputs, seen rows and notes of a request in external ids."""
        if users is None and histories is None:
            raise InputError("give users or histories: both are missing")
        if users is not None and histories is not None and len(users) != len(histories):
            raise InputError(f"{len(users)} users but {len(histories)} histories: one each")
        notes = []
        names = list(range(len(histories))) if users is None else list(users)
        if not names:
            raise InputError("give at least one user or history: the list is empty")
        if users is None:
            user_rows = np.full(len(names), UNKNOWN, "int32")
            if "histories" not in self.capabilities:
                raise InputError(
                    f"{type(self).__name__} answers known users only (capabilities: "
                    f"{', '.join(sorted(self.capabilities))}): give users, not histories"
                )
        else:
            user_rows = self.users.vocabulary.rows(np.asarray(names, dtype=object))
            _note_unknown("user", names, user_rows, notes)
        if histories is None:
            past = self.histories.take(user_rows)
        else:
            past = self._given_histories(histories, notes)
        length = self.schema.history_length
        cut = int((past.lengths > length).sum())
        if cut and "history" in self.query_inputs and histories is not None:
            notes.append(f"{cut} histories cut to their last {length} items, the model's limit")
        inputs = {"user": user_rows, "history": past.padded(length)}
        return names, inputs, past.padded(), notes

    def _given_histories(self, histories, notes):
        lengths = [len(history) for history in histories]
        flat = [item for history in histories for item in history]
        rows = self.items.vocabulary.rows(np.asarray(flat, dtype=object))
        _note_unknown("history item", flat, rows, notes)
        owner = np.repeat(np.arange(len(lengths)), lengths)
        known = rows >= FIRST
        return Histories.from_pairs(owner[known], rows[known], len(lengths))

    def _known_items(self, ids, what, notes):
        rows = self.items.vocabulary.rows(np.asarray(list(ids), dtype=object))
        _note_unknown(f"{what} item", ids, rows, notes)
        return rows[rows >= FIRST]


def predict(model, inputs, batch_size=1024):
    """`model.predict` without its set-up of some 30 ms a call, which a request would feel."""
    length = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, max(length, 1), batch_size):
        part = {name: x[start : start + batch_size] for name, x in inputs.items()}
        missing = batch_size - len(next(iter(part.values()))) if length > batch_size else 0
        if missing:  # a last batch of another size would be traced again
            part = {
                name: np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1))
                for name, x in part.items()
            }
        parts.append(model.predict_on_batch(part))
    return np.concatenate(parts)[:length].astype("float32", copy=False)


def _note_unknown(what, ids, rows, notes):
    unknown = [str(name) for name, row in zip(ids, rows, strict=True) if row < FIRST]
    if unknown:
        shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        notes.append(f"{len(unknown)} unknown {what} ids, answered from the rest: {shown}")


def _check_same_shape(schema: Schema, train: Interactions):
    found = train.schema(schema.history_length)
    for field in ("num_users", "num_items", "user_features", "item_features"):
        if getattr(found, field) != getattr(schema, field):
            raise InputError(
                f"the model was built for another data set: {field} is {getattr(schema, field)} in "
                f"its schema, {getattr(found, field)} in this data; build it with train.schema()"
            )
