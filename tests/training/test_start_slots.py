"""The optimizer of a run goes on in a training that starts from its weights."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.config import load_config
from kerasrec.config.factories import loss_by_name
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models import load_catalogs
from kerasrec.optimizers import LazyAdam
from kerasrec.training import run
from kerasrec.training.callbacks.start_slots import start_slots
from kerasrec_zoo import MatrixFactorization

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

CONFIG = """\
data: {path: clicks.csv}
split: {protocol: none}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 2, batch_size: 64, optimizer: {class: LazyAdam, learning_rate: 0.01}}
evaluate: {ks: [5], baselines: []}
"""


def clicks(users, items):
    rows = np.random.default_rng(users).permutation(users * items)[: users * items // 2]
    frame = pd.DataFrame({"user": rows // items, "item": rows % items})
    frame.assign(timestamp=np.arange(len(rows))).to_csv("clicks.csv", index=False)


def fit(*changes, run_dir):
    config = load_config("run.yaml", changes)
    return run(config, run_dir, say=lambda line: None, progress=False)[0]


@pytest.fixture
def first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.yaml").write_text(CONFIG)
    clicks(20, 30)
    return fit(run_dir="first")


def test_the_steps_are_those_of_one_long_training(first):
    # Two epochs and two more are four steps counts further than two, only with the optimizer.
    more = fit("init_from=first", "init_optimizer=true", "train.epochs=1", run_dir="more")
    new = fit("init_from=first", "train.epochs=1", run_dir="new")
    counts = []
    for folder in (first, more, new):
        with np.load(folder.state) as file:
            scalars = [file[name] for name in file.files if name != "state"]
        counts.append(max(int(one) for one in scalars if one.shape == () and one.dtype == "int64"))
    assert counts[1] == counts[0] + counts[2] and counts[2] == counts[0] // 2


def test_tables_that_grow_keep_their_moments(first):
    clicks(25, 40)
    base = load_catalogs(first.checkpoint)
    data = Interactions.from_csv("clicks.csv", base=base)
    model = MatrixFactorization(data.schema(), dim=4)
    model.adapt(data)
    model.compile(LazyAdam(0.5), loss_by_name("softmax", model.schema.num_items, None))
    start_slots(model, first.state)
    assert float(model.optimizer.learning_rate) == 0.5
    with np.load(first.state) as file:
        number = len(model.variables)
        grown = 0
        for variable in model.optimizer.variables:
            old, new = file[f"variable_{number}"], np.array(variable)
            number += 1
            if old.shape != new.shape:
                np.testing.assert_array_equal(new[: len(old)], old)
                assert not new[len(old) :].any() and old.any()
                grown += 1
        assert grown >= 4  # two moments of two tables


def test_another_optimizer_is_refused(first):
    with pytest.raises(InputError, match="of another model or optimizer: leave it out"):
        fit("init_from=first", "init_optimizer=true", "train.optimizer=sgd", run_dir="more")


def test_a_checkpoint_without_a_run_has_no_optimizer(first, tmp_path):
    first.checkpoint.rename(tmp_path / "alone")
    with pytest.raises(InputError, match="init_optimizer: .*state.npz is missing"):
        fit("init_from=alone", "init_optimizer=true", run_dir="more")


def test_it_needs_a_run_to_go_on_from(first):
    with pytest.raises(InputError, match="init_optimizer goes on with that of init_from"):
        fit("init_optimizer=true", run_dir="more")
