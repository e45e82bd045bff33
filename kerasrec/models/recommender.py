"""What every model does: adapt, fit, recommend, score, save, export."""

import warnings

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.models.checkpoints.keras_saving import KerasSaving
from kerasrec.models.checks import fit_errors
from kerasrec.models.checks.check_hooks import check_hooks
from kerasrec.models.checks.check_train import check_train
from kerasrec.models.checks.compile_checks import check_compiled, check_fit, check_optimizer
from kerasrec.models.checks.finite_loss import with_finite_loss
from kerasrec.models.checks.finite_weights import check_finite
from kerasrec.models.columns_read import columns_read
from kerasrec.models.construct import with_arguments
from kerasrec.models.epoch_order import with_epoch_order
from kerasrec.models.hooks import HOOKS, Hooks
from kerasrec.models.predict import predict
from kerasrec.models.requests.reasons import REASONS
from kerasrec.models.requests.recommend import QUERIES_AT_ONCE, recommend
from kerasrec.models.requests.repeats import REPEATS, check_repeats
from kerasrec.models.requests.request import Request
from kerasrec.models.requests.score import score
from kerasrec.models.requests.similar_items import similar_items
from kerasrec.models.trained_on import TrainedOn
from kerasrec.models.training_output import TrainingOutput
from kerasrec.optimizers.row_loss_scale import RowLossScale
from kerasrec.optimizers.row_sparse import RowSparse
from kerasrec.whole_number import whole_number

SCORES_AT_ONCE = 2**26


class Recommender(Hooks, KerasSaving):
    """A functional Keras model that knows its catalog and answers in external ids.

    A zoo model is one of the shapes (`Retriever`, `SequenceModel`, `FactorModel`, `Ranker`,
    `NeighbourModel`); this class is what they share. The order of use is

        model = Model(train.schema(), ...)      # only shapes
        model.adapt(train)                      # vocabularies, catalog, counts, histories
        model.compile(...); model.fit(...)      # Keras's own
        model.recommend(users=["42"], k=10)     # strings in, strings out

    What a model may say about itself is declared in `Hooks`.

    Args:
        schema: `Schema` of the data.
        inputs: Dict of Keras inputs of the training graph.
        outputs: Output of the training graph.
        query_model: Functional model from a dict of query inputs to what `score_catalog` reads.

    Attributes:
        query_inputs: Names of the inputs of a query, in the order of `query_model`.
        train_inputs: Names of the inputs of a training batch, for `kerasrec.data.batches`.
        users, items: The `Catalog`s of the train part, None before `adapt`.
        behaviors: `Vocabulary` of what was done, None where the data does not say it.
        histories: `Histories` of the train part.
        trained_on: `TrainedOn`, hashes of the training pairs.
        has_labels: Whether the values of the train part are 0 and 1.
        repeats: "mask" leaves the items of a history out of the answer to it; "allow" keeps them,
            for data in which people take things again. `recommend`, `evaluate` and exports follow
            it, checkpoints hold it, `kerasrec fit` sets it from `evaluate.repeats`.
    """

    users = None
    items = None
    behaviors = None
    histories = None
    trained_on = None
    has_labels = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        check_hooks(cls, HOOKS)
        # Around the whole constructor: most layers are made before it calls that of this class.
        if "__init__" in vars(cls):
            cls.__init__ = with_arguments(cls.__init__)

    def __init__(self, *, schema, inputs, outputs, query_model, name=None):
        outputs = TrainingOutput(name="training_output")(outputs)
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.schema = schema
        self.query_model = query_model
        self.query_inputs = tuple(query_model.input)
        self.train_inputs = tuple(inputs)
        self.repeats = REPEATS[0]

    @property
    def repeats(self):
        return self._repeats

    @repeats.setter
    def repeats(self, value):
        self._repeats = check_repeats(value)

    def encode_queries(self, inputs):
        """What `score_catalog` reads of n queries: the output of `query_model`, first axis n."""
        return predict(self.query_model, {name: inputs[name] for name in self.query_inputs})

    def adapt(self, train):
        """Takes vocabularies, catalogue, counts and histories from the train part.

        Args:
            train: `Interactions`; only what may be known when training.

        Raises:
            InputError: if the data does not have the shape the model was built for, or holds no
                interaction.
        """
        check_train(self, train)
        self.users, self.items, self.behaviors = train.users, train.items, train.behaviors
        self.histories = train.histories()
        now = TrainedOn.of(self.histories, train.users.vocabulary, train.items.vocabulary)
        if self.trained and self.trained_on is not None and self.trained_on.learned:
            now = now.after(self.trained_on)  # what weights have learned stays in them
        self.trained_on = now
        self.has_labels = train.has_labels

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        **kwargs,
    ):
        """Keras's own `compile`; loss scaling for float16 is the one that suits row gradients.

        Raises:
            InputError: for a loss or metric that would misread raw scores, the observed item first.
        """
        optimizer = check_optimizer(optimizer)
        if self.candidates is not None:
            check_compiled(self, loss, loss_weights, [metrics, weighted_metrics])
        if isinstance(optimizer, RowSparse) and self.dtype_policy.name == "mixed_float16":
            optimizer = RowLossScale(optimizer)
        super().compile(optimizer, loss, loss_weights, metrics, weighted_metrics, **kwargs)

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, **kwargs
    ):
        """Keras's own `fit`, once the model knows its data.

        Raises:
            InputError: for an id outside of a table, and at a loss that is NaN or infinite. With
                an optimizer of kerasrec already at such a gradient: the step is named, and none of
                its updates is made. Under XLA, which cannot stop, ids are checked before they reach
                it, and a NaN shows in the loss of the next step. Also if a weight is not finite
                when all is done.
        """
        self.check_adapted("fit")
        check_fit(self, kwargs)
        self.trained_on.learned = True
        if hasattr(x, "element_spec") or hasattr(x, "epochs"):  # shuffled by who made it
            kwargs.setdefault("shuffle", False)
        if self.optimizer is not None and not self.optimizer.built:
            self._build_optimizer()
        with fit_errors.as_input_error():
            if self.jit_compile:  # else the lookups do it, with less work
                x = fit_errors.with_checked_ids(x, self.schema)
            callbacks = with_epoch_order(with_finite_loss(callbacks), x)
            history = super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        self.check_finite("fit")
        return history

    def recommend(
        self,
        users=None,
        histories=None,
        k=None,
        exclude=None,
        allow=None,
        repeats=None,
        explain=False,
        behaviors=None,
        timestamps=None,
    ):
        """The k best items for known users, or for anybody's recent items.

        Args:
            users: External user ids: a list, array, column or generator, as of every list here.
                Their stored histories are used where the model reads one. A blank one ("", None,
                NaN) is an unknown user.
            histories: Lists of external item ids in time order, one for each answer. With both
                given, the histories replace the stored ones. Blank items are left out.
            k: Items to return for each query, at most the number of items; None for 10, or all of
                fewer items, which is noted.
            exclude: External item ids that nobody is shown.
            allow: External item ids of which alone the answer may consist.
            repeats: "mask" leaves out what is in the user's history, "allow" does not; None does
                what the model's own `repeats` says.
            explain: Also say which items of the history the score rests on: True, or how many.
            behaviors, timestamps: What was done at each item of `histories`, and when, in lists of
                the same lengths, for models that read it. Times are what a time column may hold:
                Unix seconds (milli-, micro-, nanoseconds by their size), datetimes or ISO 8601
                text; read as whole seconds, as in training. None where one is not known.

        Returns:
            A DataFrame with columns `user` (the id, or the number of the history), `rank` (from
            1), `item`, `score`, `title`, and with `explain` also `reasons`: lists of dicts `item`,
            `title`, `contribution` that add up to the score, see
            `kerasrec.models.requests.reasons`; of a model with content `from_behavior` and
            `from_content` as well, which do so too, and of one that reads texts by convolutions
            `words`: those that added most, as dicts `word`, `feature`, `contribution`; of one that
            attends to its steps `attention`: the steps with the largest weights, as dicts `item`,
            `title`, `weight`. Ids the model does not know are answered from the rest;
            `frame.attrs["notes"]` says so, and so does a warning.

        Raises:
            InputError: for neither users nor histories, a k that is no whole number or too large, a
                text where a list belongs, a kind of query the model cannot answer, or reasons that
                it cannot give.
        """
        self.check_adapted("recommend")
        self.check_finite("recommend")
        reasons = REASONS if explain is True else whole_number(explain or 0, "explain", 0)
        request = Request(self, users, histories, behaviors, timestamps)
        repeats = check_repeats(self.repeats if repeats is None else repeats)
        frame = recommend(self, request, k, exclude, allow, repeats, reasons)
        for note in request.notes:
            warnings.warn(note, stacklevel=2)
        return frame

    def score(self, users=None, histories=None, items=(), behaviors=None, timestamps=None):
        """Scores `(n,)` float32 of n users (or histories) with n items, by external ids."""
        self.check_adapted("score")
        self.check_finite("score")
        request = Request(self, users, histories, behaviors, timestamps)
        found = score(self, request, items)
        for note in request.notes:
            warnings.warn(note, stacklevel=2)
        return found

    def similar_items(self, items, k=None, exclude=None, allow=None):
        """The k items most like each of some items, whoever asks.

        Similarity is the cosine of the item vectors, without what of them is bias or popularity.

        Args:
            items: External item ids.
            k: Items to return for each, at most the number of items; None for 10, or all of fewer
                items, which a warning says.
            exclude: External item ids that are not shown; an item itself never is.
            allow: External item ids of which alone the answer may consist.

        Returns:
            A DataFrame with columns `of` (the item asked about), `rank` (from 1), `item`, `score`
            (from -1 to 1), `title`. An item that the model does not know has no answer, and a
            warning says so.

        Raises:
            InputError: for a model whose items have no such vectors, or a k that is too large.
        """
        self.check_adapted("similar_items")
        self.check_finite("similar_items")
        return similar_items(self, items, k, exclude, allow)

    def top_k(self, inputs, k, exclude=None, allow=None, catalog=None):
        """The k best catalogue rows, by rows: what `evaluate` and `recommend` run on.

        Args:
            inputs: Dict with `user` `(n,)` and/or `history` `(n, length)` int32 rows.
            k: How many.
            exclude, allow: `(n, any)` int rows, 0 is padding; see `TopK`.
            catalog: `encode_catalog()` of before, to rank many times.

        Returns:
            `rows` `(n, k)` int32 and `scores` `(n, k)` float32; row 0 and -inf where fewer. Some
            `SCORES_AT_ONCE` scores are held in memory.
        """
        k = whole_number(k, "k", 1, self.schema.num_items - FIRST, "the number of items, ")
        if catalog is None:
            self.check_finite("top_k")
            catalog = self.encode_catalog()
        inputs = {name: inputs[name] for name in self.query_inputs}
        at_once = max(1, min(QUERIES_AT_ONCE, SCORES_AT_ONCE // self.query_size))
        rows, scores = [], []
        for start in range(0, len(inputs[self.query_inputs[0]]), at_once):
            part = slice(start, start + at_once)
            queries = self.encode_queries({name: x[part] for name, x in inputs.items()})
            answer = self.rank_catalog(
                queries,
                catalog,
                k,
                exclude=None if exclude is None else exclude[part],
                allow=None if allow is None else allow[part],
            )
            rows.append(ops.convert_to_numpy(answer["rows"]))
            scores.append(ops.convert_to_numpy(answer["scores"]))
        return np.concatenate(rows), np.concatenate(scores)

    def reads(self, train):
        """Which columns of a table are read, and how.

        Args:
            train: `Interactions` of this model's schema.

        Returns:
            A dict of column to how it is read, in words, None where no part of the model reads it:
            "value" where the values differ, "timestamp", "behavior", "user feature age" and so on,
            those that the data has. Users and items are always read.

        >>> from kerasrec.data import load
        >>> from kerasrec_zoo import SASRec
        >>> train = load("synthetic", users=50, items=100)
        >>> read = SASRec(train.schema(), dim=8).reads(train)
        >>> read["timestamp"], read["item feature genres"]
        ('order, and the time between steps', None)
        """
        return columns_read(self, train, type(getattr(self, "loss", None)).__name__)

    def check_adapted(self, what):
        """Refuses to do `what` before the model knows its data."""
        if self.items is None:
            raise InputError(
                f"{type(self).__name__}.{what} needs the data first: call model.adapt(train)"
            )

    def check_finite(self, what):
        """Refuses to do `what` with a weight that is NaN or infinite; see `finite_weights`."""
        check_finite(self, what)
