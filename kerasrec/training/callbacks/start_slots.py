"""The state of the optimizer of an earlier run, for a training that goes on from its weights."""

import keras
import numpy as np

from kerasrec.errors import InputError
from kerasrec.training.callbacks.training_state import naming_damage, read_shapes


def start_slots(model, path):
    """Copies the variables of an optimizer from the state of a run, whose tables may be smaller.

    Moments and counts of steps go on where they were, so that the first steps are as careful as
    the last ones of the run; rows that a table has grown by keep their initial ones. The learning
    rate is that of the new training.

    Args:
        model: A compiled `Recommender` with the weights of the run.
        path: `state.npz` of the run.

    Raises:
        InputError: if the file is missing or damaged, or of another model or optimizer.
    """
    if not path.exists():
        raise InputError(
            f"init_optimizer: {path} is missing: give init_from the folder of a run, or leave "
            "init_optimizer out"
        )
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    rate = keras.ops.convert_to_numpy(optimizer.learning_rate)
    with naming_damage(path), np.load(path, allow_pickle=False) as file:
        shapes = read_shapes(file)
        before = len(model.variables)
        if len(shapes) != before + len(optimizer.variables):
            raise InputError(
                f"init_optimizer: {path} is of another model or optimizer: leave it out"
            )
        pairs = enumerate(optimizer.variables, start=before)
        for number, variable in pairs:
            old, new = tuple(shapes[number]), tuple(variable.shape)
            if old[1:] != new[1:] or old[:1] > new[:1]:
                raise InputError(
                    f"init_optimizer: {variable.path} is {old} in {path} and {new} here: use the "
                    "optimizer of the run, or leave init_optimizer out"
                )
            value = file[f"variable_{number}"]
            if old != new:
                grown = np.array(keras.ops.convert_to_numpy(variable))
                grown[: len(value)] = value
                value = grown
            variable.assign(value)
    optimizer.learning_rate = rate
