"""The checks of a log before anything is estimated from it."""

import numpy as np

from kerasrec.errors import InputError

ADVICE = "serve with `kerasrec serve --explore` and log what it answers"


def check_log(log, reward):
    """Returns propensities and rewards of a log as float64 `(n,)`.

    Raises:
        InputError: without rows, propensities or rewards, or for a value out of its range.
    """
    for name in ("propensity", reward):
        if name not in log:
            raise InputError(
                f"the log has no column {name!r}, it has {', '.join(map(str, log.columns))}"
                + (f": {ADVICE}" if name == "propensity" else "")
            )
    if not len(log):
        raise InputError("the log has no rows")
    propensity, rewards = (
        np.asarray(log[name], dtype="float64") for name in ("propensity", reward)
    )
    wrong = np.flatnonzero(~((propensity > 0) & (propensity <= 1)))
    if len(wrong):
        raise InputError(
            f"propensity: {len(wrong):,} of {len(log):,} rows are not above 0 and at most 1, such "
            f"as {propensity[wrong[0]]:g} in row {wrong[0]}: it is the probability of what was "
            "shown, which a log must have been drawn with"
        )
    if not np.isfinite(rewards).all():
        row = int(np.argmin(np.isfinite(rewards)))
        raise InputError(f"{reward}: expected finite numbers, got {rewards[row]:g} in row {row}")
    return propensity, rewards


def check_target(target, rows):
    """Returns the target probabilities of the logged items as float64 `(n,)`.

    Raises:
        InputError: for another shape, or a value that is no probability.
    """
    target = np.asarray(target, dtype="float64")
    if target.shape != (rows,):
        raise InputError(
            f"target: expected one probability for each of the {rows} rows, got the shape "
            f"{target.shape}"
        )
    wrong = np.flatnonzero(~((target >= 0) & (target <= 1 + 1e-9)))
    if len(wrong):
        raise InputError(
            f"target: expected probabilities from 0 to 1, got {target[wrong[0]]:g} in row "
            f"{wrong[0]}"
        )
    return target
