"""Holds a model class to what the library relies on."""

import inspect

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models.contract.declared import (
    arguments_that_are_lost,
    unregistered,
    wrong_bias_columns,
    wrong_capabilities,
    wrong_inputs,
)
from kerasrec.models.contract.every_kind import every_kind
from kerasrec.models.contract.read import (
    context_not_read,
    future_read,
    untrained_items_told_apart,
)
from kerasrec.models.contract.stochastic import drops_without_dropout
from kerasrec.tables.rows import vocabulary_of

CONSTRUCTION = (unregistered, arguments_that_are_lost, wrong_inputs)
# Scores are computed only by a model whose inputs are what it says.
ANSWERS = (
    wrong_capabilities,
    wrong_bias_columns,
    untrained_items_told_apart,
    context_not_read,
    future_read,
    drops_without_dropout,
)
HISTORY_LENGTH = 8


def check_model(model_class, train=None, **arguments):
    """Makes a small model of a class and checks what the library relies on.

    It is registered; its arguments are kept; its inputs, `capabilities` and `bias_columns` are
    true; an item without train interactions is scored as the unknown item, unless item features are
    read; behaviors and times of a history are read; no position reads a later step; without dropout
    nothing is dropped. That the formula is right no such check can see: work one score out by hand.

    Args:
        model_class: A class derived from one of the shapes.
        train: `Interactions`; None: `every_kind()`, which has a column of every kind.
        arguments: Of the constructor. Where they are not given, `candidates` is "all" and every
            argument with "dropout" in its name is 0, so that two passes can be compared.

    Raises:
        InputError: with one line for each thing that is wrong.

    Example:

    >>> from kerasrec.models import check_model
    >>> from kerasrec_zoo import EASE
    >>> check_model(EASE, l2=1.0)
    """
    train = every_kind() if train is None else train
    names = inspect.signature(model_class).parameters
    still = {name: 0.0 for name in names if "dropout" in name}
    if "candidates" in names:
        still["candidates"] = "all"
    arguments = {**still, **arguments}
    model = model_class(train.schema(history_length=HISTORY_LENGTH), **arguments)
    _wake(model, train)
    model.adapt(train)
    for checks in (CONSTRUCTION, ANSWERS):
        found = [f"- {line}" for check in checks for line in check(model, train, arguments)]
        if found:
            name = model_class.__name__
            raise InputError("\n".join([f"{name} does not keep the contract of models:", *found]))


def _wake(model, train):
    """Weights that start as zeros hide what is multiplied with them.

    Of a table the rows that no training touches stay zeros, as they would.
    """
    random = np.random.default_rng(0)
    counts = {"users": train.user_counts(), "items": train.item_counts()}
    for weight in model.trainable_weights:
        if np.any(weight):
            continue
        values = random.normal(size=weight.shape)
        if vocabulary_of(weight) in counts:
            values[counts[vocabulary_of(weight)] == 0] = 0.0
        weight.assign(values)
