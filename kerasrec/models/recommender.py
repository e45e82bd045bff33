"""The base class of all models: adapt, compile, fit, recommend, score and top-k."""

import warnings

import numpy as np
from keras import ops

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.models.checkpoints.keras_saving import KerasSaving
from kerasrec.models.checks import fit_errors
from kerasrec.models.checks.check_hooks import check_hooks
from kerasrec.models.checks.check_train import check_train
from kerasrec.models.checks.compile_checks import (
    check_compiled,
    check_fit,
    check_optimizer,
    fits_logits,
)
from kerasrec.models.checks.finite_loss import with_finite_loss
from kerasrec.models.checks.finite_weights import check_finite
from kerasrec.models.columns_read import columns_read
from kerasrec.models.construct import with_arguments
from kerasrec.models.epoch_order import with_epoch_order
from kerasrec.models.hooks import HOOKS, Hooks
from kerasrec.models.item_views import ItemViews
from kerasrec.models.predict import predict
from kerasrec.models.requests.probabilities import check_probabilities, sigmoid
from kerasrec.models.requests.reasons import REASONS
from kerasrec.models.requests.recommend import QUERIES_AT_ONCE, recommend
from kerasrec.models.requests.repeats import REPEATS, check_repeats
from kerasrec.models.requests.request import Request
from kerasrec.models.requests.rule_options import rule_options
from kerasrec.models.requests.score import score
from kerasrec.models.trained_on import TrainedOn
from kerasrec.models.training_output import TrainingOutput
from kerasrec.optimizers.row_loss_scale import RowLossScale
from kerasrec.optimizers.row_sparse import RowSparse
from kerasrec.whole_number import whole_number

# Held several times while the best are found: 64 MiB each.
SCORES_AT_ONCE = 2**24


class Recommender(Hooks, ItemViews, KerasSaving):
    """A functional Keras model with a catalog, whose methods take and return external ids.

    This is the base class of `Retriever`, `SequenceModel`, `FactorModel`, `JointModel` and
    `NeighbourModel`, one of which a zoo model extends. The order of use is

        model = Model(train.schema(), ...)      # only shapes
        model.adapt(train)                      # vocabularies, catalog, counts, histories
        model.compile(...); model.fit(...)      # Keras's own
        model.recommend(users=["42"], k=10)     # external ids in and out

    `Hooks` declares the attributes and methods that a model may override.

    Args:
        schema: `Schema` of the data.
        inputs: Dict of Keras inputs of the training graph.
        outputs: Output of the training graph.
        query_model: Functional model from a dict of query inputs to the queries that
            `score_catalog` reads.
        given_query_model: The same, of the features of users as inputs, see `after_lookup`; None
            where it reads none.

    Attributes:
        query_inputs: Names of the inputs of a query, in the order of `query_model`.
        train_inputs: Names of the inputs of a training batch, for `kerasrec.data.batches`.
        users, items: The `Catalog`s of the train part, None before `adapt`.
        behaviors: `Vocabulary` of behaviors, None if the data has none.
        context: The `FeatureEncoder`s of the features of a request, by name.
        histories: `Histories` of the train part.
        trained_on: `TrainedOn`, the record of the training pairs.
        has_labels: Whether the values of the train part are 0 and 1.
        scores_are_logits: Whether the sigmoid of a score is the probability of label 1: after `fit`
            with candidates "pair" and a binary cross-entropy on labels. Checkpoints store it.
        repeats: "mask" excludes the items of a history from its recommendations. "allow" keeps
            them, for data in which users take items again. `recommend`, `evaluate` and exports use
            it, checkpoints store it, and `kerasrec fit` sets it from `evaluate.repeats`.
    """

    users = None
    items = None
    behaviors = None
    context = {}
    histories = None
    trained_on = None
    has_labels = None
    scores_are_logits = False
    given_query_model = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        check_hooks(cls, HOOKS)
        # Wrap the whole constructor: most layers are made before it calls the one of this class.
        if "__init__" in vars(cls):
            cls.__init__ = with_arguments(cls.__init__)

    def __init__(self, *, schema, inputs, outputs, query_model, given_query_model=None, name=None):
        outputs = TrainingOutput(name="training_output")(outputs)
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        self.schema = schema
        self.query_model = query_model
        self.given_query_model = given_query_model
        self.query_inputs = tuple(query_model.input)
        self.train_inputs = tuple(inputs)
        self.repeats = REPEATS[0]

    @property
    def queries_at_once(self):
        """How many queries are ranked at a time, so that memory holds their scores."""
        return max(1, min(QUERIES_AT_ONCE, SCORES_AT_ONCE // self.query_size))

    @property
    def repeats(self):
        return self._repeats

    @repeats.setter
    def repeats(self, value):
        self._repeats = check_repeats(value)

    def of_query(self, inputs):
        """Those of the inputs that the query reads, with features of the user where given."""
        given = {name: inputs[name] for name in self.profile_inputs if name in inputs}
        return {name: inputs[name] for name in self.query_inputs} | given

    def brings_features(self, inputs):
        """Whether features of the user are among the inputs, and are not looked up."""
        return any(name in inputs for name in self.profile_inputs)

    def encode_queries(self, inputs):
        """The output of `query_model` for n queries, which `score_catalog` reads: first axis n."""
        given = self.brings_features(inputs)
        model = self.given_query_model if given else self.query_model
        return predict(model, self.of_query(inputs))

    def adapt(self, train):
        """Takes vocabularies, catalogue, counts and histories from the train part.

        Args:
            train: `Interactions` of the train part only.

        Raises:
            InputError: if the data does not fit the schema of the model, or has no interaction.
        """
        check_train(self, train)
        self.users, self.items, self.behaviors = train.users, train.items, train.behaviors
        self.context = dict(train.context.encoders)
        self.histories = train.histories()
        record = TrainedOn.of(self.histories, train.users.vocabulary, train.items.vocabulary)
        if self.trained and self.trained_on is not None and self.trained_on.learned:
            record = record.after(self.trained_on)  # the weights keep what they have learned
        self.trained_on = record
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
        """Keras's own `compile`, with checks and, for float16, a loss scaling for row gradients.

        Raises:
            InputError: for a loss or metric that would misread raw scores with the positive first.
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
        """Keras's own `fit`, with checks; the model must be adapted.

        Raises:
            InputError: for an id outside its table, a loss that is NaN or infinite, or a weight
                that is not finite at the end. An optimizer of kerasrec already stops at a gradient
                that is not finite: the error names the step, and none of its updates is applied.
                XLA cannot stop, so with it ids are checked before the step, and NaN appears in the
                loss of the next step.
        """
        self.check_adapted("fit")
        check_fit(self, kwargs)
        self.trained_on.learned = True
        # Before the first epoch: callbacks save the model.
        self.scores_are_logits = fits_logits(self)
        if hasattr(x, "element_spec") or hasattr(x, "epochs"):  # batches have their own shuffling
            kwargs.setdefault("shuffle", False)
        if self.optimizer is not None and not self.optimizer.built:
            self._build_optimizer()
        with fit_errors.as_input_error():
            if self.jit_compile:  # else the lookups check the ids, which is cheaper
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
        values=None,
        context=None,
        user_features=None,
        pin=None,
        boost=None,
        probabilities=False,
    ):
        """The k best items for known users, or for any list of recent items.

        Args:
            users: External user ids; this and all other lists may be a list, array, column or
                generator. The stored histories of the users are used if the model reads histories.
                A blank id ("", None, NaN) is an unknown user.
            histories: Lists of external item ids in time order, one for each query. With both
                given, they replace the stored histories. Blank items are skipped.
            k: Items to return for each query, at most the number of items. None for 10, or for all
                items if there are fewer, with a note.
            exclude: External item ids that are never returned.
            allow: External item ids; only these may be returned.
            repeats: "mask" excludes the items of the query's history, "allow" does not. None for
                the model's own `repeats`.
            explain: Also return the items of the history that contribute most to each score: True,
                or their number.
            behaviors, timestamps: Behavior and time of each item of `histories`, in lists of the
                same lengths, for models that read them. Times are as in a time column: Unix seconds
                (or milli-, micro-, nanoseconds, recognized by their size), datetimes or ISO 8601
                text, read as whole seconds. None for an unknown one.
            values: The rating of each item of `histories`, in lists of the same lengths, for models
                that read them; None for an item without.
            context: Features of the request by name, for models that read them: lists with a value
                for each query, one value for all, or a DataFrame. A feature not given is missing,
                which a warning says.
            user_features: Features of the users by name, in the form of `context`, for models that
                read them: somebody who is not in the table of users is answered by these. One that
                is not given, or missing, is that of the stored user. One that is given is read in
                place of the stored one.
            pin, boost: For a `Reranked` model: external item ids that come first, in this order,
                and a dict of item ids to factors of their relevance, beside those of its rules.
            probabilities: Also return `probability`, the sigmoid of the score, for a model whose
                scores are logits of labels (`scores_are_logits`).

        Returns:
            A DataFrame with columns `user` (the id, or the number of the history), `rank` (from
            1), `item`, `score` and `title`. With `explain` also `reasons`: lists of dicts `item`,
            `title`, `contribution` that add up to the score, see
            `kerasrec.models.requests.reasons`. A model with content also gives `from_behavior` and
            `from_content`, which add up to the score too. A model with text convolutions gives
            `words`, those with the largest contributions, as dicts `word`, `feature`,
            `contribution`. A model with attention over steps gives `attention`, the steps with the
            largest weights, as dicts `item`, `title`, `weight`. Unknown ids are ignored, which a
            warning and `frame.attrs["notes"]` say. The reasons of a ranker are groups of features,
            see `group_reasons`.

        Raises:
            InputError: without users and histories, if k is no whole number or too large, for a
                string instead of a list, for a kind of query that the model cannot answer, for
                `explain` if the model cannot explain, or for `probabilities` if its scores are no
                logits.
        """
        self.check_adapted("recommend")
        self.check_finite("recommend")
        check_probabilities(self, probabilities)
        reasons = REASONS if explain is True else whole_number(explain or 0, "explain", 0)
        request = Request(
            self, users, histories, behaviors, timestamps, values, context, user_features
        )
        repeats = check_repeats(self.repeats if repeats is None else repeats)
        wishes = rule_options(self, request, pin, boost)
        frame = recommend(self, request, k, exclude, allow, repeats, reasons, wishes)
        if probabilities:
            frame.insert(frame.columns.get_loc("score") + 1, "probability", sigmoid(frame["score"]))
        for note in request.notes:
            warnings.warn(note, stacklevel=2)
        return frame

    def score(
        self,
        users=None,
        histories=None,
        items=(),
        behaviors=None,
        timestamps=None,
        values=None,
        context=None,
        user_features=None,
        probabilities=False,
    ):
        """Scores `(n,)` float32 of n users (or histories) with n items, by external ids.

        With `probabilities` their sigmoid, for a model whose scores are logits of labels.
        """
        self.check_adapted("score")
        self.check_finite("score")
        check_probabilities(self, probabilities)
        request = Request(
            self, users, histories, behaviors, timestamps, values, context, user_features
        )
        scores = score(self, request, items)
        for note in request.notes:
            warnings.warn(note, stacklevel=2)
        return sigmoid(scores) if probabilities else scores

    def top_k(self, inputs, k, exclude=None, allow=None, catalog=None, **wishes):
        """The k best catalogue rows; `evaluate` and `recommend` use it.

        Args:
            inputs: Dict with `user` `(n,)` and/or `history` `(n, length)` int32 rows.
            k: Rows to return for each query.
            exclude, allow: `(n, any)` int rows, 0 is padding; see `TopK`.
            catalog: Result of `encode_catalog()`, to reuse it in many calls.
            **wishes: `(n, any)` arrays that `Reranked.rank_catalog` takes, for such a model.

        Returns:
            `rows` `(n, k)` int32 and `scores` `(n, k)` float32, padded with row 0 and -inf. At most
            about `SCORES_AT_ONCE` scores are held in memory.
        """
        k = whole_number(k, "k", 1, self.schema.num_items - FIRST, "the number of items, ")
        if catalog is None:
            self.check_finite("top_k")
            catalog = self.encode_catalog()
        inputs = self.of_query(inputs)
        at_once, rows, scores = self.queries_at_once, [], []
        for start in range(0, len(inputs[self.query_inputs[0]]), at_once):
            part = slice(start, start + at_once)
            queries = self.encode_queries({name: x[part] for name, x in inputs.items()})
            answer = self.rank_catalog(
                queries,
                catalog,
                k,
                exclude=None if exclude is None else exclude[part],
                allow=None if allow is None else allow[part],
                **{name: x[part] for name, x in wishes.items()},
            )
            rows.append(ops.convert_to_numpy(answer["rows"]))
            scores.append(ops.convert_to_numpy(answer["scores"]))
        return np.concatenate(rows), np.concatenate(scores)

    def reads(self, train):
        """Which columns of the data the model reads, and how.

        Args:
            train: `Interactions` of this model's schema.

        Returns:
            A dict of column to a description of how it is read, or None if the model does not read
            it. The columns are those of the data: "value" (if the values differ), "timestamp",
            "behavior", "user feature age" and so on. Users and items are always read.

        >>> from kerasrec.data import load
        >>> from kerasrec_zoo import SASRec
        >>> train = load("synthetic", users=50, items=100)
        >>> read = SASRec(train.schema(), dim=8).reads(train)
        >>> read["timestamp"], read["item feature genres"]
        ('order, and the time between steps', None)
        """
        return columns_read(self, train, type(getattr(self, "loss", None)).__name__)

    def check_adapted(self, method):
        """Raises an `InputError` if the model is not adapted.

        Args:
            method: Name of the calling method, for the error message.
        """
        if self.items is None:
            raise InputError(
                f"{type(self).__name__}.{method} needs the data first: call model.adapt(train)"
            )

    def check_finite(self, method):
        """Raises an `InputError` if a weight is NaN or infinite; `method` as of `check_adapted`."""
        check_finite(self, method)
