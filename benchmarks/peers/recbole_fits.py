"""RecBole's models with its own data loader, in the loop of its trainer."""

import pathlib
import tempfile

import numpy as np
import scipy.sparse
import torch
from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.utils import create_samplers, get_dataloader
from recbole.utils import get_model

from benchmarks.peers.threads import with_best_threads

FIELDS = "user_id:token\titem_id:token"


def setup(case):
    """Makes a function that trains n steps.

    Case: `data` (a file of `fit_time`), `class`, `batch` (observed pairs), `negatives` per pair,
    `rows` of a batch per pair, `learning_rate`, `arguments` of the model.
    """
    # RecBole 1.2.1 calls a method that scipy 1.13 removed.
    if not hasattr(scipy.sparse.dok_matrix, "_update"):
        scipy.sparse.dok_matrix._update = lambda self, items: self._dict.update(items)
    with tempfile.TemporaryDirectory() as folder:
        config = Config(case["class"], "table", config_dict=settings(case, folder))
        write(case["data"], pathlib.Path(folder))
        dataset = create_dataset(config)
        parts = dataset.build()
    sampler = create_samplers(config, dataset, parts)[0]
    loader = get_dataloader(config, "train")(config, parts[0], sampler, shuffle=True)
    model = get_model(case["class"])(config, loader.dataset)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), case["learning_rate"])
    batches = infinite(loader)

    def run(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            model.calculate_loss(next(batches)).backward()
            optimizer.step()

    return with_best_threads(run)


def settings(case, folder):
    return {
        **case["arguments"],
        "data_path": folder,
        "load_col": {"inter": ["user_id", "item_id"]},
        "train_batch_size": case["batch"] * case["rows"],
        "train_neg_sample_args": {
            "distribution": "uniform",
            "sample_num": case["negatives"],
            "dynamic": False,
        },
        "eval_args": {"split": {"RS": [1, 0, 0]}, "order": "RO", "mode": "full", "group_by": None},
        "use_gpu": False,
        "state": "ERROR",
    }


def write(data, folder):
    with np.load(data) as file:
        pairs = np.stack([file["user"], file["item"]], axis=1)
    target = folder / "table"
    target.mkdir(exist_ok=True)
    np.savetxt(target / "table.inter", pairs, "%d", "\t", header=FIELDS, comments="")


def infinite(loader):
    while True:
        yield from loader
