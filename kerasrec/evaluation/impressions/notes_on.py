"""Sentences that qualify the metrics of a task."""

import numpy as np


def notes_on(rows, found):
    """Sentences on rows without a label, and on metrics that do not exist.

    Args:
        rows: `Predictions`.
        found: dict name -> value; None where the metric does not exist.

    Returns:
        tuple of sentences.
    """
    return (*_missing(rows), *_undefined(rows, found))


def _missing(rows):
    missing = np.count_nonzero(~rows.known)
    if missing:
        yield f"{missing:,} of {len(rows.known):,} rows have no label and are left out."


def _undefined(rows, found):
    names = [name for name, value in found.items() if value is None]
    if not names:
        return
    values = np.unique(rows.labels)
    if not len(values):
        why = "there is no label"
    elif len(values) == 1:
        why = f"all labels are {values[0]:g}"
    elif not rows.weights.any():
        why = "all weights are 0"
    else:
        why = "no group has both classes"
    yield f"{', '.join(names)}: not defined, since {why}."
