import types

import numpy as np
import pytest

from kerasrec.models.trained_on import TrainedOn


class ScriptedModel:
    """Ranks by given scores (users, items); keeps what it was asked."""

    capabilities = frozenset({"users"})
    train_inputs = ("user", "item")
    query_inputs = ("user",)
    context = {}
    repeats = "mask"

    def __init__(self, interactions, scores):
        self.users, self.items = interactions.users, interactions.items
        self.schema = types.SimpleNamespace(
            num_users=len(self.users.vocabulary),
            num_items=len(self.items.vocabulary),
            history_length=3,
        )
        self.scores = np.asarray(scores, dtype="float64")
        self.trained_on = TrainedOn()
        self.asked = []
        self.encoded = 0

    def check_finite(self, what):
        assert np.isfinite(self.scores).all()

    def encode_catalog(self):
        self.encoded += 1
        return "catalog"

    def score(self, inputs):
        return self.scores[inputs["user"]]

    def top_k(self, inputs, k, exclude=None, allow=None, catalog=None):
        assert catalog == "catalog"
        self.asked.append((inputs, exclude))
        scores = self.score(inputs).copy()
        if exclude is not None:
            np.put_along_axis(scores, exclude.astype("int64"), -np.inf, axis=1)
        scores[:, :2] = -np.inf
        if allow is not None:
            allowed = np.zeros(scores.shape, bool)
            np.put_along_axis(allowed, allow.astype("int64"), True, axis=1)
            scores[~allowed] = -np.inf
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :k].astype("int32")
        best = np.take_along_axis(scores, rows.astype("int64"), axis=1).astype("float32")
        return np.where(np.isinf(best), 0, rows).astype("int32"), best

    def score_pairs(self, inputs, items):
        self.asked.append((inputs, items))
        return self.score(inputs)[np.arange(len(items)), items]


@pytest.fixture
def scripted():
    return ScriptedModel
