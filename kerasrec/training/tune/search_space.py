"""The parameters of a search, for Optuna."""

import itertools
import json
import math
import random


class SearchSpace:
    """Lists of values and ranges by dotted key, as `tune.parameters` of a config holds them.

    Optuna takes plain values only and knows a list or a mapping among them by its JSON: the
    `params` of its trials.

    Args:
        parameters: Dict of a dotted key -> list of values, or `{"low", "high"}` with two whole
            numbers or two others, and perhaps `"log": True`.

    Attributes:
        size: How many combinations there are; infinite if a range is not of whole numbers.

    >>> SearchSpace({"model.dim": [8, 16], "train.epochs": {"low": 1, "high": 3}}).size
    6
    """

    def __init__(self, parameters):
        self.parameters = parameters
        self.size = math.prod(_size(given) for given in parameters.values())

    def suggest(self, trial):
        """Draws a value for every key of an Optuna trial."""
        for key, given in self.parameters.items():
            if isinstance(given, list):
                trial.suggest_categorical(key, [_plain(value) for value in given])
            else:
                suggest = trial.suggest_int if _is_whole(given) else trial.suggest_float
                suggest(key, given["low"], given["high"], log=bool(given.get("log")))

    def values(self, params):
        """The values by key, of the `params` of an Optuna trial."""
        lists = {key: given for key, given in self.parameters.items() if isinstance(given, list)}
        return {
            key: next(one for one in lists[key] if _plain(one) == value) if key in lists else value
            for key, value in params.items()
        }

    def combinations(self, seed):
        """All `params`, if their number is finite, in random order."""
        lists = [
            [_plain(value) for value in given]
            if isinstance(given, list)
            else range(given["low"], given["high"] + 1)
            for given in self.parameters.values()
        ]
        found = [dict(zip(self.parameters, one, strict=True)) for one in itertools.product(*lists)]
        random.Random(seed).shuffle(found)
        return found


def _size(given):
    if isinstance(given, list):
        return len(given)
    return given["high"] - given["low"] + 1 if _is_whole(given) else math.inf


def _is_whole(given):
    return isinstance(given["low"], int) and isinstance(given["high"], int)


def _plain(value):
    return value if isinstance(value, str | int | float | None) else json.dumps(value)
