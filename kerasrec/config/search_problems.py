"""Checks the `tune` node of a config before the first trial."""

import inspect

from kerasrec.config.change import try_change
from kerasrec.config.model_class import find_model_class
from kerasrec.config.nearest import nearest
from kerasrec.config.train_node import TrainNode

# They choose what is measured or written, where it is computed, or the luck of one draw.
FIXED = ("monitor", "validate_every", "validate_users", "callbacks", "strategy", "seed")
MEASURED = ("data.", "split.", "evaluate.", *(f"train.{name}" for name in FIXED))


def search_problems(config):
    """Pairs of a path of keys and a message, for the `tune` node of a `RunConfig`.

    Every value of a list is set in the config and checked, and both ends of a range.
    """
    parameters = config.tune.parameters if config.tune else {}
    known = _known(config) if parameters else []
    for key, choices in parameters.items():
        where = ("tune", "parameters", key)
        if key not in known and not key.startswith(("train.optimizer.", "model.")):
            hint = nearest(key, known)
            if key.startswith(MEASURED):
                hint = ": all trials are measured in the same way, on the same data"
            yield where, f"a search cannot change {key}{hint}"
            continue
        values = choices if isinstance(choices, list) else (choices["low"], choices["high"])
        for value in values:
            _, problems = try_change(config, {key: value})
            yield from ((where, message) for _, message in problems)
            if problems:
                break


def _known(config):
    model = inspect.signature(find_model_class(config.model.class_, config.model.trust)).parameters
    return [
        "data.history_length",
        "train.optimizer.learning_rate",
        *(f"train.{name}" for name in TrainNode.model_fields if name not in FIXED),
        *(f"model.{name}" for name in model if name not in ("schema", "name")),
    ]
