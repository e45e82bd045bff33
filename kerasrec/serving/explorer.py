"""Explores in the answers of `recommend`."""

import numpy as np

from kerasrec.exploration import request_random

EXPLORED = ("recommend", "recommend_explained", "serving_default")
CANDIDATES = 100
PROPENSITY = "propensity"


class Explorer:
    """Asks a model for more items than are shown, and lets a policy draw those that are.

    The answer has the outputs of the model in the order shown, and one more, `propensity`
    `(batch, k)`: the probability of each item at its position, 0 for padding. A row with pinned
    items is answered as the model ranks it, with propensities of 1, and so is a request of another
    signature, without `propensity`.

    Args:
        policy: A policy of `kerasrec.exploration`.
        salt: A text that another server or experiment has differently.
        candidates: How many items are asked for; the export has at most its own k.

    Example:

        explorer = Explorer(EpsilonGreedy(0.05))
        outputs = explorer.run(version, "recommend", inputs, timeout=30.0, request="r-17")
    """

    def __init__(self, policy, salt="", candidates=CANDIDATES):
        self.policy, self._salt, self._candidates = policy, str(salt), candidates

    def explores(self, name, signature):
        """Whether it changes the answers of a signature, a `c_loader.Signature`."""
        answers = {"item", "score"} <= signature.outputs.keys()
        return name in EXPLORED and answers and "k" in signature.inputs

    def run(self, version, name, inputs, timeout, request):
        """As `version.run(name, inputs, timeout)`; `request` is the id that seeds the draws."""
        signature = version.signatures[name]
        if not self.explores(name, signature):
            return version.run(name, inputs, timeout)
        k = np.asarray(inputs.get("k", signature.inputs["k"].default))
        # A row that asks for nothing gets nothing.
        more = np.where(k > 0, np.maximum(k, self._candidates), k).astype(k.dtype)
        outputs = version.run(name, {**inputs, "k": more}, timeout)
        rows, width = outputs["item"].shape
        wanted = np.broadcast_to(k, rows) if len(k) in (1, rows) else np.full(rows, width)
        lists = [one for one, array in outputs.items() if array.shape[:2] == (rows, width)]
        shown = {one: _padding(one, outputs[one]) for one in lists}
        shown[PROPENSITY] = np.zeros((rows, width))
        for row in range(rows):
            real = np.isfinite(outputs["score"][row]) & (outputs["item"][row] != b"")
            places = np.flatnonzero(real)
            size = min(max(int(wanted[row]), 0), len(places))
            if not size:
                continue
            order, chances = np.arange(size), np.ones(size)
            if not _pinned(inputs, row):
                items = [one.decode(errors="replace") for one in outputs["item"][row][places]]
                random = request_random(request, self._salt, row)
                scores = outputs["score"][row][places]
                order, chances = self.policy.draw(scores, size, random, items)
            for one in lists:
                shown[one][row, :size] = outputs[one][row][places[order]]
            shown[PROPENSITY][row, :size] = chances
        return {**outputs, **shown}


def _padding(name, array):
    """An array of this shape that says nothing, as exports pad: "", -inf for scores, else 0."""
    fill = b"" if array.dtype.kind in "SO" else -np.inf if name == "score" else 0
    return np.full(array.shape, fill, array.dtype)


def _pinned(inputs, row):
    if "pin" not in inputs:
        return False
    pins = np.asarray(inputs["pin"])
    return any(one not in (b"", "") for one in pins[row if len(pins) > 1 else 0])
