"""Every zoo model keeps the contract, and so does each of its forms that reads something else."""

import inspect

import keras
import pytest

import kerasrec_zoo
from kerasrec.models import check_model
from kerasrec.models.contract.models_of import models_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]
MODELS = models_of(kerasrec_zoo)
SMALL = {"dim": 8, "epochs": 1, "hidden_dim": 8, "filters": (4, 4), "num_blocks": 1}
FORMS = [(cls, {}) for cls in MODELS]
FORMS += [
    (kerasrec_zoo.AutoRec, {"item_based": False}),
    (kerasrec_zoo.ContentBased, {"user_features": True, "encoder": "vectors"}),
    (kerasrec_zoo.EASE, {"num_neighbours": 5}),
    (kerasrec_zoo.Hybrid, {"encoder": "code", "alpha": None}),
    (kerasrec_zoo.Hybrid, {"cell": "bilstm"}),
    (kerasrec_zoo.ItemKNN, {"task": "rating"}),
    (kerasrec_zoo.LightGCN, {"biases": True, "candidates": "pair"}),
    (kerasrec_zoo.MatrixFactorization, {"biases": False, "candidates": "pair"}),
    *(
        (cls, {"features": True})
        for cls in MODELS
        if "features" in inspect.signature(cls).parameters
    ),
    (kerasrec_zoo.NMF, {"implicit": True}),
    (kerasrec_zoo.RNNRecommender, {"cell": "bilstm"}),
    (kerasrec_zoo.RNNRecommender, {"use_user": True}),
    (kerasrec_zoo.RNNRecommender, {"tied": False, "cell": ["rnn", "rnn"]}),
    (kerasrec_zoo.Seq2Seq, {"context_first": True, "cell": "cnn"}),
    (kerasrec_zoo.SVD, {"centred": True}),
    (kerasrec_zoo.SVD, {"ratings": True}),
    (kerasrec_zoo.TwoTower, {"statistics": True}),
    (kerasrec_zoo.UserKNN, {"task": "rating"}),
]


@pytest.mark.parametrize(
    "cls,given",
    FORMS,
    ids=["-".join([cls.__name__, *map(str, given.values())]) for cls, given in FORMS],
)
def test_keeps_the_contract(cls, given):
    keras.utils.set_random_seed(0)
    names = inspect.signature(cls).parameters
    check_model(cls, **{name: SMALL[name] for name in names if name in SMALL}, **given)
