"""Looks up the names in `Rules` and computes what they give each item of a model."""

import dataclasses

import numpy as np

from kerasrec.config.nearest import nearest
from kerasrec.config.rules import VECTORS
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.models.item_column import item_column

CATEGORIES = ("category", "categories")
# So many values of a category, or unknown items, are listed in an error message.
LISTED = 20


@dataclasses.dataclass(frozen=True)
class RuleColumns:
    """What the rules give each item of an adapted model.

    Args:
        factor: `(items,)` float32: product of the boosts, times the freshness and the price.
        penalty: `(items,)` float32: what its popularity takes from the relevance.
        groups: By name of a category, its column.
        pinned, excluded: Item rows.

    Raises:
        InputError: for an item, feature or value that the model does not know, with its name.
    """

    factor: np.ndarray
    penalty: np.ndarray
    groups: dict
    pinned: np.ndarray
    excluded: np.ndarray

    @classmethod
    def of(cls, rules, model):
        size = model.schema.num_items
        factor, penalty = np.ones(size, "float32"), np.zeros(size, "float32")
        for number, boost in enumerate(rules.boost):
            factor[_boosted(boost, model, f"boost {number + 1}")] *= np.float32(boost.factor)
        if rules.freshness is not None:
            factor *= _freshness(rules.freshness, model)
        if rules.price is not None:
            factor *= _price(rules.price, model)
        if rules.popularity_damping:
            penalty[:] = rules.popularity_damping * _log_popularity(model)
        return cls(
            factor,
            penalty,
            {name: _column(model, name) for name in group_features(rules, model.schema)},
            _items([pin.item for pin in rules.pin], model, "pin"),
            _items(rules.exclude, model, "exclude"),
        )


def group_features(rules, schema):
    """The `Feature`s of the categories in the rules, by name."""
    names = list(rules.max_per)
    if rules.diversity is not None and rules.diversity.by != VECTORS:
        names.append(rules.diversity.by)
    return {name: _feature(schema, name, CATEGORIES) for name in names}


def _feature(schema, name, kinds):
    found = {feature.name: feature for feature in schema.item_features}
    fit = [feature.name for feature in found.values() if feature.kind in kinds]
    if name not in found:
        raise InputError(f"rules: there is no item feature {name}{nearest(name, fit)}")
    if name not in fit:
        raise InputError(
            f"rules: the item feature {name} is of kind {found[name].kind}, expected "
            f"{' or '.join(kinds)}{nearest(name, fit)}"
        )
    return found[name]


def _column(model, name):
    column = item_column(model, name)
    if column is not None:
        return column
    raise InputError(
        f"rules: {type(model).__name__} keeps no item features in a checkpoint, so the values of "
        f"{name} are not known: attach the rules after adapt, before it is saved"
    )


def _items(ids, model, rule):
    rows = model.items.vocabulary.rows(np.array(ids, dtype=object))
    unknown = [item for item, row in zip(ids, rows, strict=True) if row < FIRST]
    if unknown:
        more = f" and {len(unknown) - LISTED:,} more" if len(unknown) > LISTED else ""
        raise InputError(
            f"rules: {rule}: the model does not know the items "
            f"{', '.join(map(repr, unknown[:LISTED]))}{more}: correct them or leave them out"
        )
    return rows


def _boosted(boost, model, rule):
    """The rows, or bool `(items,)`, of the items that are boosted."""
    if boost.items is not None:
        return np.unique(_items(boost.items, model, rule))
    _feature(model.schema, boost.feature, CATEGORIES)
    vocabulary = model.items.encoders[boost.feature].vocabulary
    if vocabulary is None:
        raise InputError(
            f"rules: {rule}: {boost.feature} is a number in buckets, which have no names: boost "
            "items by their ids"
        )
    row = vocabulary.rows(np.array([boost.value], dtype=object))[0]
    if row < FIRST:
        near = nearest(boost.value, vocabulary.ids)
        if len(vocabulary.ids) > LISTED:
            near = near.partition(" (known")[0]
        raise InputError(f"rules: {rule}: {boost.feature} has no value {boost.value}{near}")
    column = _column(model, boost.feature)
    return (column.reshape(len(column), -1) == row).any(axis=1)


def _freshness(rule, model):
    """0.5 ** (how far the number lies below the newest / half-life), `(items,)`."""
    encoder = model.items.encoders.get(rule.feature)
    if encoder is not None and encoder.kind == "time":
        raise InputError(
            f"rules: freshness: {rule.feature} is a time, of which the catalog keeps hour, weekday "
            "and month alone: read it as a number too, for example in days"
        )
    value = _number(model, rule.feature)
    newest = value[FIRST:].max()
    return (0.5 ** ((newest - value) / rule.half_life)).astype("float32")


def _price(rule, model):
    """(the number / the largest) ** weight, `(items,)`."""
    value = _number(model, rule.feature)
    # Numbers are kept standardized in float32, so that a price of 0 may come back just below it.
    lowest, highest = value[FIRST:].min(), value[FIRST:].max()
    if highest <= 0 or lowest < -1e-5 * highest:
        raise InputError(
            f"rules: price: {rule.feature} is from {lowest:.6g} to {highest:.6g}, expected numbers "
            "from 0 on, and one above it"
        )
    return (np.maximum(value, 0.0) / highest) ** rule.weight


def _number(model, name):
    """A number of each item in its own unit, `(items,)`; a missing one is the mean."""
    _feature(model.schema, name, ("number",))
    encoder = model.items.encoders[name]
    return _column(model, name).astype("float64") * encoder.std + encoder.mean


def _log_popularity(model):
    """log(1 + interactions of the train part) / the largest of them, `(items,)`."""
    counts = np.bincount(model.histories.items, minlength=model.schema.num_items)
    counts = np.log1p(counts.astype("float64"))
    if not counts.max():
        raise InputError(
            "rules: popularity_damping: the model was adapted without histories, so popularity is "
            "not known: leave the rule out"
        )
    return counts / counts.max()
