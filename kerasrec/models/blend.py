"""Several models as one: the sum of their scores on a common scale."""

import keras
import numpy as np
from keras import ops

from kerasrec.data.query_spec import QUERY_INPUTS
from kerasrec.errors import InputError
from kerasrec.layers.blended_scores import BlendedScores
from kerasrec.layers.last_steps import LastSteps
from kerasrec.models.checks.blend_checks import check_parts, checked_weights
from kerasrec.models.nested_model import nested_config, nested_model
from kerasrec.models.recommender import Recommender
from kerasrec.models.tower_model import TowerModel
from kerasrec.register import register

LENGTH = "history_length"


@register
class Blend(Recommender):
    """A hybrid by model: the weighted scores of several models, whatever they are.

        score(q, i) = sum over parts p of w_p f_p(q, i)

    with f as of `BlendedScores`: standardized scores, logarithms of probabilities, or reciprocal
    ranks. The parts are adapted and fitted apart, on the same train part. The weights are given, or
    `kerasrec.evaluation.fit_blend` finds them on the validation part in seconds.

    A part reads as much of a history as alone: the last steps of its own `history_length`.

    All items are scored by every part, so the answers are exact. The reasons of an answer are the
    shares of its parts, which add up to the score.

    With `how="rating"` the parts predict ratings, and so does the blend: f is the part's
    prediction, and an intercept is added.

    Args:
        models: At least two `Recommender`s with the same users and items: towers, factor models,
            neighbour models, or blends of them.
        how: "sum", "product", "reciprocal_rank" or "rating".
        part_weights: A number of at least 0 for each part, not all 0; None for 1 each, or the mean
            of ratings.
        gated: Whether the weights depend on the length of the history and the count of the item;
            `fit_blend` finds such weights.

    Raises:
        InputError: for fewer than two models, models of other catalogs, a model that cannot score
            all items or is not adapted while another one is, ratings beside rankings, and weights
            that are negative, not finite, all 0 or of another number.

    Reference:
        Burke, Hybrid recommender systems: survey and experiments, UMUAI 2002. Breiman, Stacked
        regressions, Machine Learning 1996, for ratings.

    Example:

    >>> from kerasrec.data import load
    >>> from kerasrec_zoo import ItemKNN, Markov
    >>> train = load("synthetic", users=50, items=100)
    >>> parts = [Markov(train.schema()), ItemKNN(train.schema())]
    >>> blend = Blend(parts, part_weights=[2.0, 1.0])
    >>> blend.adapt(train)
    >>> answer = blend.recommend(users=[train.users.vocabulary.ids[0]], k=1, explain=True)
    >>> sorted(reason["group"] for reason in answer["reasons"][0])[:2]
    ['ItemKNN', 'Markov']
    """

    trained = False
    context_read = False

    def __init__(self, models, how="sum", part_weights=None, gated=False, name=None):
        models = list(models)
        check_parts(models, Blend, how)
        given = checked_weights(part_weights, len(models))
        if how == "rating" and part_weights is None:
            given = [1.0 / len(models)] * len(models)
        counted, num_items = [model.counted for model in models], models[0].schema.num_items
        blended = BlendedScores(counted, num_items, how, gated, name="blended")
        if gated and not any("history" in model.query_inputs for model in models):
            raise InputError(
                "Blend: gated weights depend on the length of the history, and none of the models "
                "reads a history: leave out gated"
            )
        schema, lengths = _longest(models), [_length(model) for model in models]
        query_models = [model.query_model for model in models]
        query_model, asked = _joined(query_models, lengths, gated, "query_model"), None
        if any(model.profile_inputs for model in models):
            query_models = [model.given_query_model or model.query_model for model in models]
            asked = _joined(query_models, lengths, gated, "given_query_model")
        super().__init__(
            schema=schema,
            inputs=query_model.input,
            outputs=query_model.output,
            query_model=query_model,
            given_query_model=asked,
            name=name,
        )
        self.models = models
        self.how, self.gated = how, gated
        self.part_weights = None if part_weights is None else [float(one) for one in given]
        self.blended = blended
        self.blended.part_weights.assign(
            np.broadcast_to(np.float32(given), self.blended.part_weights.shape)
        )
        self.catalog_width = sum(map(_catalog_width, models))
        if models[0].items is not None:
            self._take()

    @property
    def names(self):
        """The class of each part, with a number where several parts have the same."""
        found = []
        for model in self.models:
            name, earlier = type(model).__name__, len(found)
            same = sum(type(one) is type(model) for one in self.models[:earlier])
            found.append(f"{name} {same + 1}" if same else name)
        return found

    @property
    def searchable_parts(self):
        parts = enumerate(zip(self.names, self.models, strict=True))
        found = {name.replace(" ", "_"): (n, model) for n, (name, model) in parts}
        return {name: part for name, part in found.items() if part[1].searchable}

    @property
    def predicts_values(self):
        return self.how == "rating"

    @property
    def user_catalog(self):
        # All parts hold the same one.
        return next((one.user_catalog for one in self.models if one.user_catalog), None)

    @property
    def capabilities(self):
        each = [model.capabilities for model in self.models]
        # One part that knows the features of a cold item is enough for it to be found.
        cold = frozenset.union(*each) & {"cold_items"}
        return frozenset.intersection(*each) | cold

    @property
    def features_read(self):
        users, items = zip(*(model.features_read for model in self.models), strict=True)
        return set().union(*users), set().union(*items)

    @property
    def values_read(self):
        return next((one.values_read for one in self.models if one.values_read), None)

    @property
    def value_range(self):
        return next((one.value_range for one in self.models if one.value_range), None)

    @property
    def order_read(self):
        return any(model.order_read for model in self.models)

    @property
    def unknown_user(self):
        return self.models[0].unknown_user

    @property
    def query_size(self):
        return sum(model.query_size + self.schema.num_items for model in self.models)

    @property
    def feature_groups(self):
        return tuple(self.names)

    def get_config(self):
        return {**super().get_config(), "models": [nested_config(one) for one in self.models]}

    @classmethod
    def from_config(cls, config):
        left_out = ("schema", "repeats", "dtype")
        own = {key: value for key, value in config.items() if key not in left_out}
        blend = cls(**{**own, "models": [nested_model(one) for one in own["models"]]})
        blend.repeats = config.get("repeats") or blend.repeats
        return blend

    def adapt(self, train):
        """Adapts every part; weights that were fitted stay."""
        repeats = self.repeats if self.items is not None else None
        for model in self.models:
            model.adapt(train)
        self._take()
        self.repeats = repeats or self.repeats

    def fit(self, *args, **kwargs):
        raise InputError(
            "Blend.fit: fit the parts, each by its own compile and fit; then "
            "kerasrec.evaluation.fit_blend(blend, split) finds the weights"
        )

    def encode_queries(self, inputs):
        found = {
            str(place): model.encode_queries(self._of_part(model, inputs))
            for place, model in enumerate(self.models)
        }
        if self.gated:
            found[LENGTH] = np.count_nonzero(np.asarray(inputs["history"]), axis=1).astype("int32")
        return found

    def encode_catalog(self):
        """The item vectors of all parts beside each other, `(num_items, catalog_width)`."""
        parts = [one.encode_catalog() for one in self.models if _catalog_width(one)]
        if not parts:
            return ops.zeros((0, 0))
        return ops.concatenate([ops.cast(one, "float32") for one in parts], axis=1)

    def part_catalogs(self, catalog):
        """What `encode_catalog` of each part gives, from that of the blend."""
        found, start = [], 0
        for model in self.models:
            width = _catalog_width(model)
            found.append(catalog[:, start : start + width] if width else ops.zeros((0,)))
            start += width
        return found

    def part_scores(self, queries, catalog):
        """The scores of each part `(n, num_items)`, on its own scale."""
        parts = enumerate(zip(self.models, self.part_catalogs(catalog), strict=True))
        return [model.score_catalog(queries[str(n)], own) for n, (model, own) in parts]

    def score_catalog(self, queries, catalog):
        return self.blended(self.part_scores(queries, catalog), queries.get(LENGTH))

    def score_pairs(self, inputs, items):
        if self.how == "rating":
            # A rating of one item is known without the scores of all others.
            weights = ops.convert_to_numpy(self.blended.part_weights).ravel()
            total = np.float32(ops.convert_to_numpy(self.blended.offsets).item())
            for weight, model in zip(weights, self.models, strict=True):
                total = total + weight * model.score_pairs(self._of_part(model, inputs), items)
            return total
        items, catalog = np.asarray(items, "int32"), self.encode_catalog()
        at_once, found = self.queries_at_once, []
        for start in range(0, len(items), at_once):
            part = slice(start, start + at_once)
            queries = self.encode_queries({name: x[part] for name, x in inputs.items()})
            scores = self.score_rows(queries, catalog, ops.convert_to_tensor(items[part]))
            found.append(ops.convert_to_numpy(scores))
        return np.concatenate(found) if found else np.zeros(0, "float32")

    def group_contributions(self, queries, rows, catalog=None):
        """The share of each part in a score; what all parts get alike is what is left of none."""
        catalog = self.encode_catalog() if catalog is None else catalog
        scores, lengths = self.part_scores(queries, catalog), queries.get(LENGTH)

        def of_rows(all_items):
            return ops.take_along_axis(all_items, ops.cast(rows, "int32")[:, None], axis=1)

        shares = [of_rows(one) for one in self.blended.shares(scores, lengths)]
        full = of_rows(self.blended(scores, lengths))[:, 0]
        shares = ops.concatenate(shares, axis=1)
        return full, full - ops.sum(shares, axis=1), shares

    def _of_part(self, model, inputs):
        """The inputs of a part, with the last steps of as many as it reads."""
        inputs, length = model.of_query(inputs), _length(model)
        if length in (None, self.schema.history_length):
            return inputs
        history, last = inputs["history"], LastSteps(length)
        cut = {
            name: ops.convert_to_numpy(last(inputs[name], history))
            for name in inputs
            if _is_per_step(name)
        }
        return {**inputs, **cut}

    def _take(self):
        first = self.models[0]
        self.users, self.items, self.behaviors = first.users, first.items, first.behaviors
        self.context = {}
        for model in self.models:
            self.context |= model.context
        self.histories, self.trained_on = first.histories, first.trained_on
        for model in self.models[1:]:
            self.trained_on = self.trained_on.after(model.trained_on)
        self.has_labels, self.repeats = first.has_labels, first.repeats


def _length(model):
    """Steps of a history that a part reads, None where it reads none."""
    return model.schema.history_length if "history" in model.query_inputs else None


def _longest(models):
    """The schema of the part that reads the most of a history."""
    return max(models, key=lambda model: _length(model) or 0).schema


def _is_per_step(name):
    return name in QUERY_INPUTS and QUERY_INPUTS[name].per_step


def _joined(query_models, lengths, gated, name):
    """One model of the query models of all parts, with the length of the history if it is read."""
    inputs, longest = {}, max((each for each in lengths if each), default=None)
    for model in query_models:
        for key, x in model.input.items():
            inputs.setdefault(key, keras.Input(x.shape[1:], dtype=x.dtype, name=key))
    queries = {}
    for place, (model, length) in enumerate(zip(query_models, lengths, strict=True)):
        own = {key: inputs[key] for key in model.input}
        if length != longest and length is not None:
            last = LastSteps(length, name=f"last_steps_{place}")
            own |= {key: last(x, inputs["history"]) for key, x in own.items() if _is_per_step(key)}
        queries[str(place)] = _Queries(model, name=f"queries_{place}")(own)
    if gated:
        real = ops.not_equal(inputs["history"], 0)
        queries[LENGTH] = ops.sum(ops.cast(real, "int32"), axis=1)
    return keras.Model(inputs, queries, name=name)


class _Queries(keras.layers.Layer):
    """A query model under a name of its own: those of all models have the same."""

    def __init__(self, query_model, **kwargs):
        super().__init__(**kwargs)
        self.query_model = query_model

    def call(self, inputs):
        # A model may compute in half precision; those of a blend within are several.
        return keras.tree.map_structure(_in_float32, self.query_model(inputs))


def _in_float32(x):
    is_float = "float" in keras.backend.standardize_dtype(x.dtype)
    return ops.cast(x, "float32") if is_float else x


def _catalog_width(part):
    """Columns of `encode_catalog` of a part."""
    if isinstance(part, Blend):
        return part.catalog_width
    return part.item_model.output.shape[-1] if isinstance(part, TowerModel) else 0
