"""From the logits of tasks to one score."""

import math

from keras import ops

from kerasrec.errors import InputError

# Beyond it float32 would be infinite once two tasks are multiplied.
LARGEST_LOG = 40.0


def linked(tasks, logits):
    """Predictions by task, in float32.

    Args:
        tasks: `Task`s, whose kinds say what a prediction is.
        logits: Of each task `(n,)`, by name.
    """
    found = {}
    for task in tasks:
        logit = ops.cast(logits[task.name], "float32")
        if task.kind == "binary":
            logit = ops.sigmoid(logit)
        elif task.kind != "rating":
            logit = ops.exp(ops.minimum(logit, LARGEST_LOG))
        found[task.name] = logit
    return found


def blended(blend, predictions):
    """The score `(n,)`: the product over tasks of prediction ** weight.

    Args:
        blend: Weights by task, as of `checked_blend`.
        predictions: Of each task `(n,)`, by name.
    """
    score = None
    for name, weight in blend.items():
        part = predictions[name] if weight == 1 else predictions[name] ** weight
        score = part if score is None else score * part
    return score


def checked_blend(blend, tasks):
    """The weights of tasks as floats, without those of 0; None is the first task alone.

    Raises:
        InputError: for unknown tasks, weights below 0 or none above it, and a rating beside others.
    """
    kinds = {task.name: task.kind for task in tasks}
    blend = {tasks[0].name: 1.0} if blend is None else dict(blend)
    for name, weight in blend.items():
        if name not in kinds:
            raise InputError(f"blend: there is no task {name!r}; the tasks are {', '.join(kinds)}")
        if not isinstance(weight, (int, float)) or not 0 <= weight < math.inf:
            raise InputError(f"blend: {name}: expected a number from 0 on, got {weight!r}")
        if kinds[name] == "rating" and (len(blend) > 1 or weight != 1):
            raise InputError(
                f"blend: {name} is a rating, which may be negative: give it alone with weight 1, "
                "or leave it out"
            )
    if not any(blend.values()):
        raise InputError(f"blend: {blend!r} weighs no task: give at least one weight above 0")
    return {name: float(weight) for name, weight in blend.items() if weight}
