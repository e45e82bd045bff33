"""RecBole's model classes and losses in a plain loop, with dense Adam as in its trainer."""

import torch
from recbole.model.general_recommender.bpr import BPR
from recbole.model.general_recommender.neumf import NeuMF

from benchmarks.peers.torch_models import training_loop

MODELS = {"mf": BPR, "neumf": NeuMF}
# RecBole's names of the fields -> those of `examples`.
FIELDS = {
    "user_id": "user",
    "item_id": "item",
    "neg_item_id": "negative",
    "label": "label",
}


class Sizes:
    """The part of RecBole's data set that its models read."""

    def __init__(self, case):
        self.rows = {"user_id": case.get("users"), "item_id": case["items"]}

    def num(self, field):
        return self.rows[field]


def config_of(case):
    dim = case["dim"]
    fields = {
        "USER_ID_FIELD": "user_id",
        "ITEM_ID_FIELD": "item_id",
        "NEG_PREFIX": "neg_",
        "LABEL_FIELD": "label",
        "device": "cpu",
    }
    sizes = {
        "embedding_size": dim,
        "mf_embedding_size": dim,
        "mlp_embedding_size": dim,
        "mlp_hidden_size": [2 * dim, dim],
        "mf_train": True,
        "mlp_train": True,
        "use_pretrain": False,
        "dropout_prob": 0.0,
    }
    # A RecBole config returns None for missing keys.
    return {**dict.fromkeys(("mf_pretrain_path", "mlp_pretrain_path")), **fields, **sizes}


def setup(case):
    """Makes a function that trains n steps. Case: as for `torch_models`."""
    model = MODELS[case["model"]](config_of(case), Sizes(case))
    model.train()

    def loss_of(batch):
        return model.calculate_loss(
            {field: batch[name] for field, name in FIELDS.items() if name in batch}
        )

    return training_loop(loss_of, [torch.optim.Adam(model.parameters())], case)
