"""Checks a model class against the contract of all models."""

import inspect

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models.contract.declared import (
    lost_arguments,
    unregistered,
    wrong_bias_columns,
    wrong_capabilities,
    wrong_inputs,
)
from kerasrec.models.contract.every_kind import every_kind
from kerasrec.models.contract.read import (
    context_not_read,
    future_read,
    untrained_embeddings_used,
)
from kerasrec.models.contract.stochastic import random_without_dropout
from kerasrec.tables.rows import vocabulary_of

CONSTRUCTION = (unregistered, lost_arguments, wrong_inputs)
# Scores are computed only by a model whose inputs are what it says.
ANSWERS = (
    wrong_capabilities,
    wrong_bias_columns,
    untrained_embeddings_used,
    context_not_read,
    future_read,
    random_without_dropout,
)
HISTORY_LENGTH = 8


def check_model(model_class, train=None, **arguments):
    """Makes a small model of a class and checks what the library relies on.

    The class is registered. A checkpoint keeps its arguments. Its inputs, `capabilities` and
    `bias_columns` are correct. An item without train interactions is scored as the unknown item,
    unless item features are read. Behaviors and times of a history are read. No position reads a
    later step. With all dropout arguments 0 training is deterministic. No check can see whether the
    formula is right: compare one score with a value worked out by hand.

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
    fixed = {name: 0.0 for name in names if "dropout" in name}
    if "candidates" in names:
        fixed["candidates"] = "all"
    arguments = {**fixed, **arguments}
    model = model_class(train.schema(history_length=HISTORY_LENGTH), **arguments)
    _fill_zero_weights(model, train)
    model.adapt(train)
    for checks in (CONSTRUCTION, ANSWERS):
        found = [f"- {line}" for check in checks for line in check(model, train, arguments)]
        if found:
            name = model_class.__name__
            raise InputError("\n".join([f"{name} does not keep the contract of models:", *found]))


def _fill_zero_weights(model, train):
    """Gives weights that start at zero random values, since zeros hide what they multiply.

    Rows of users and items without train interactions stay zero: no training would change them.
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
