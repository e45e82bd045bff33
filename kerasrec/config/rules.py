"""Rules of a business for the best items of a model, as plain values."""

import math
import pathlib
from typing import Annotated, Literal

import pydantic
from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from kerasrec.config.node import Count, Node
from kerasrec.config.validate import type_errors
from kerasrec.config.yaml_file import read_yaml
from kerasrec.errors import InputError

VECTORS = "vectors"


def _number(value):
    if type(value) not in (int, float) or not math.isfinite(value):
        raise PydanticCustomError("number", "should be a number")
    return float(value)


def _text(value):
    # An id may look like a number in YAML; what looks like a bool or a date lost its spelling.
    if type(value) is int:
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise PydanticCustomError("text", "should be a text: put it in quotes")
    return value


Text = Annotated[str, BeforeValidator(_text)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0)]
NotNegative = Annotated[float, BeforeValidator(_number), Field(ge=0)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]


class DiversityRule(Node):
    """How a list is made of items that differ: by `MMR` or by `DPPGreedy`."""

    method: Literal["mmr", "dpp"] = "mmr"
    weight: Share = 0.3
    by: Text = VECTORS


class BoostRule(Node):
    """The relevance of some items, by name or by the value of a category, times a factor."""

    feature: Text | None = None
    value: Text | None = None
    items: list[Text] | None = None
    factor: Positive

    @model_validator(mode="after")
    def _one_kind(self):
        by_value = self.feature is not None and self.value is not None
        some = any(one is not None for one in (self.feature, self.value))
        if (self.items is None and not by_value) or (self.items is not None and some):
            raise PydanticCustomError("rule", "give feature and value, or items, and a factor")
        return self


class PinRule(Node):
    """An item at a position of every list."""

    item: Text
    position: Count = 1


class FreshnessRule(Node):
    """Relevance falls by a half for every `half_life` that a number lies below the newest one."""

    feature: Text
    half_life: Positive


class PriceRule(Node):
    """Relevance grows with a number of the item, such as its price, its margin or a bid."""

    feature: Text
    weight: Positive = 1.0


class _RulesNode(Node):
    """The keys of the rules."""

    diversity: DiversityRule | None = None
    max_per: dict[Text, Count] = {}
    boost: list[BoostRule] = []
    pin: list[PinRule] = []
    popularity_damping: NotNegative = 0.0
    freshness: FreshnessRule | None = None
    price: PriceRule | None = None
    exclude: list[Text] = []

    @model_validator(mode="after")
    def _no_conflict(self):
        for name, values in (
            ("item", [pin.item for pin in self.pin]),
            ("position", [pin.position for pin in self.pin]),
        ):
            if twice := [value for value in values if values.count(value) > 1]:
                raise PydanticCustomError("rule", f"the {name} {twice[0]} is pinned twice")
        if both := {pin.item for pin in self.pin} & set(self.exclude):
            raise PydanticCustomError("rule", f"the item {min(both)} is pinned and excluded")
        return self


class Rules(_RulesNode):
    """What `Reranked` does with the candidates of a model: plain values, as in a YAML file.

    docs/reranking.md describes every rule. All ids, features and values are looked up when the
    rules are attached to a model.

    Args:
        diversity: {method: mmr or dpp, weight: 0 to 1, by: vectors or the name of a category}.
        max_per: Name of a category -> the most items of each of its values.
        boost: [{feature, value, factor} or {items, factor}].
        pin: [{item, position}].
        popularity_damping: What the most popular item loses of its relevance, which is 0 to 1.
        freshness: {feature, half_life}.
        price: {feature, weight}.
        exclude: Items that are never shown.

    Raises:
        InputError: for an unknown key, with the nearest known one, or a wrong value.

    Example:

    >>> rules = Rules(max_per={"brand": 2}, pin=[{"item": 7}])
    >>> rules.to_dict()
    {'max_per': {'brand': 2}, 'pin': [{'item': '7', 'position': 1}]}
    >>> Rules(pin=[{"item": "7", "position": 0}])
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: rules: pin.0.position: should be greater than or equal to 1, got 0
    """

    def __init__(self, **rules):
        try:
            super().__init__(**rules)
        except pydantic.ValidationError as error:
            problems = type_errors(error, rules)
        else:
            return
        raise InputError("\n".join(_said("rules", keys, text) for keys, text in problems))

    @classmethod
    def from_yaml(cls, path):
        """The rules of a YAML file; an `InputError` names the file and the line."""
        path = pathlib.Path(path)
        data, lines = read_yaml(path, "rules file", "keys such as diversity:")
        try:
            _RulesNode.model_validate(data)
        except pydantic.ValidationError as error:
            problems = type_errors(error, data)
        else:
            return cls(**data)
        messages = []
        for keys, text in problems:
            known = keys
            while known and known not in lines:
                known = known[:-1]
            place = f"{path}:{lines[known]}" if known else str(path)
            messages.append(_said(place, keys, text))
        raise InputError("\n".join(dict.fromkeys(messages)))

    def to_dict(self):
        """The rules that are given, as plain JSON values: `Rules(**rules.to_dict())` is `rules`."""
        plain = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in plain.items() if value}


def _said(place, keys, text):
    return ": ".join(part for part in (place, ".".join(keys), text) if part)
