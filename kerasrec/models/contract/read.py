"""Checks of what a model reads; each yields a sentence for every mistake."""

import numpy as np
from keras import ops

from kerasrec.data.query_spec import EXAMPLE_AGE
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.models.contract.queries import (
    item_features_read,
    scores_of,
    trained_queries,
    untrained_items,
)

ROUNDING = 1e-5
STEPS = 6
CONTEXT = {"behavior": "behaviors", "time_gap": "times"}


def untrained_embeddings_used(model, train, arguments):
    """Of a model that reads no item features: an embedding that no step has touched is noise."""
    untrained = untrained_items(train)
    if item_features_read(model) or not len(untrained):
        return
    inputs = trained_queries(model, train)
    scores = scores_of(model, inputs)
    off = np.abs(scores[:, untrained] - scores[:, [UNKNOWN]]).max()
    if off > ROUNDING:
        yield (
            "no item feature is read, and an item without train interactions has a score that "
            f"differs from the unknown item's by {off:.2g}: its embedding was never trained; look "
            "items up by `ItemInputs().known`, see KnownItems"
        )
    if not (model.trained and "history" in model.query_inputs):
        return
    asked = [np.where(inputs["history"] > 0, row, 0) for row in (UNKNOWN, untrained[0])]
    found = [scores_of(model, {**inputs, "history": one}) for one in asked]
    off = np.abs(found[0] - found[1]).max()
    if off > ROUNDING:
        yield (
            "no item feature is read, and an item without train interactions in a history is read "
            f"otherwise than the unknown item, which changes scores by {off:.2g}: leave known_only "
            "of HistoryInputs True, see KnownItems"
        )


def context_not_read(model, train, arguments):
    """Of a model that is trained on the steps of histories, unless it says `context_read` False."""
    sequence = model.steps in ("all", "last") and "history" in model.train_inputs
    if not (model.trained and sequence and model.context_read):
        return
    schema = model.schema
    inputs = trained_queries(model, train)
    scores = scores_of(model, inputs)
    for name, there in (("behavior", schema.num_behaviors), ("time_gap", schema.timed)):
        if not there:
            continue
        read = name in inputs
        if read:
            changed = {**inputs, name: _other(inputs[name], schema)}
            read = np.abs(scores_of(model, changed) - scores).max() > ROUNDING
        if not read:
            yield (
                f"the scores do not change with the {CONTEXT[name]} of a history, which the data "
                "has: read `vectors` of HistoryInputs, not `item_vectors`, see StepContext; or "
                "declare context_read = False"
            )


def future_read(model, train, arguments):
    """Of a model that is trained at every step of a history."""
    if not (model.trained and model.steps == "all" and "history" in model.train_inputs):
        return
    known = np.flatnonzero(train.item_counts() > 0)
    history = known[np.arange(STEPS) % len(known)].astype("int32")
    # Row n differs from row 0 in step n alone.
    other = np.eye(STEPS, dtype=bool)
    other[0, 0] = False
    inputs = {
        "history": np.where(other, np.roll(history, 1), history).astype("int32"),
        "behavior": np.full((STEPS, STEPS), FIRST, "int32"),
        "time_gap": np.full((STEPS, STEPS), 60, "float32"),
        "item": np.tile(np.roll(history, -1), (STEPS, 1)),
        "user": np.full(STEPS, FIRST, "int32"),
        EXAMPLE_AGE: np.zeros((STEPS, STEPS), "float32"),
    }
    for name in CONTEXT:
        inputs[name] = np.where(other, _other(inputs[name], model.schema), inputs[name])
    if model.horizon > 1:
        inputs["item"] = np.repeat(inputs["item"][..., None], model.horizon, axis=-1)
    inputs = {name: inputs[name] for name in model.train_inputs}
    logits = ops.convert_to_numpy(model(inputs, training=False)).astype("float64")
    if model.horizon > 1:
        logits = logits[:, :, 0]  # the items after the first are predicted from those before them
    for step in range(1, STEPS):
        off = np.abs(logits[step, :step] - logits[0, :step]).max(axis=-1)
        if off.max() > ROUNDING:
            position = int(np.argmax(off > ROUNDING))
            yield (
                f"position {position} of the training query changes when step {step} changes "
                "(positions and steps from 0): the model reads the future, and learns to copy the "
                "item that it is to predict; the state of a step may depend on that step and on "
                "those before it"
            )
            return


def _other(values, schema):
    """Other behaviors, or other gaps, where they are known."""
    if values.dtype.kind == "f":
        return np.where(values >= 0, values * 1000 + 100_000, values).astype("float32")
    real = max(schema.num_behaviors - FIRST, 1)
    return np.where(values >= FIRST, (values - FIRST + 1) % real + FIRST, values).astype("int32")
