"""RecBole's own model classes and losses, in the plain loop, with dense Adam as in its trainer."""

import torch
from recbole.model.general_recommender.bpr import BPR
from recbole.model.general_recommender.neumf import NeuMF
from recbole.model.sequential_recommender.gru4rec import GRU4Rec
from recbole.model.sequential_recommender.sasrec import SASRec

from benchmarks.peers.torch_models import training_loop

MODELS = {"mf": BPR, "neumf": NeuMF, "lstm": GRU4Rec, "sasrec": SASRec}
# RecBole's names of the fields -> those of `examples`.
FIELDS = {
    "user_id": "user",
    "item_id": "item",
    "neg_item_id": "negative",
    "label": "label",
    "item_id_list": "history",
    "item_length": "lengths",
}


class Sizes:
    """As much of RecBole's data set as its models ask for."""

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
        "LIST_SUFFIX": "_list",
        "ITEM_LIST_LENGTH_FIELD": "item_length",
        "MAX_ITEM_LIST_LENGTH": case.get("length"),
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
        "hidden_size": dim,
        "num_layers": 1,
        "loss_type": "CE",
        "n_layers": 2,
        "n_heads": case.get("heads"),
        "inner_size": 4 * dim,
        "hidden_dropout_prob": 0.2,
        "attn_dropout_prob": 0.2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "initializer_range": 0.02,
    }
    # A RecBole config answers None for what it does not hold.
    return {**dict.fromkeys(("mf_pretrain_path", "mlp_pretrain_path")), **fields, **sizes}


def setup(case):
    """A function that trains n steps. Case: as for `torch_models`."""
    model = MODELS[case["model"]](config_of(case), Sizes(case))
    model.train()

    def loss_of(batch):
        return model.calculate_loss(
            {field: batch[name] for field, name in FIELDS.items() if name in batch}
        )

    return training_loop(loss_of, [torch.optim.Adam(model.parameters())], case)
