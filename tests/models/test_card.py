import re

import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.models import Blend
from kerasrec.models.checkpoints import checkpoint
from kerasrec_zoo import MatrixFactorization, Popularity

USERS, ITEMS = ["a", "a", "b", "b", "c"], ["x", "y", "y", "z", "x"]


class Ours(MatrixFactorization):
    """First line:
    a second line.

    A second paragraph.
    """


@pytest.fixture(scope="module")
def train():
    return Interactions.from_frame(pd.DataFrame({"user": USERS, "item": ITEMS}))


def saved(cls, train, path):
    model = cls(train.schema(), dim=3, l2=0.125)
    model.adapt(train)
    model.save(path)
    return (path / "README.md").read_text(encoding="utf-8")


def test_states_facts_of_this_model_only(train, tmp_path):
    text = saved(MatrixFactorization, train, tmp_path / "checkpoint")
    assert text.startswith("# MatrixFactorization\n\n")
    assert "| class | `kerasrec_zoo.MatrixFactorization` |" in text
    assert "| users | 3 |" in text and "| items | 3 |" in text
    assert "| interactions | 5 |" in text
    assert "| `dim` | `3` |" in text and "| `l2` | `0.125` |" in text
    assert "saved without an evaluation" in text
    # Results, licence and links belong to the card of the zoo model.
    for foreign in ("icense", "icence", "MovieLens", "](", "results"):
        assert foreign not in text


def test_parts_are_shown_by_class_and_arguments(train, tmp_path):
    parts = [Popularity(train.schema()), MatrixFactorization(train.schema(), dim=2)]
    blend = Blend(parts)
    blend.adapt(train)
    blend.save(tmp_path / "blend")
    text = (tmp_path / "blend" / "README.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("| `models` |")]
    assert '{"class": "Popularity"}, {"class": "MatrixFactorization", "dim": 2' in line
    assert "num_users" not in line


def test_the_example_code_runs(train, tmp_path, monkeypatch):
    text = saved(MatrixFactorization, train, tmp_path / "checkpoint")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    *lines, last = code.strip().splitlines()
    monkeypatch.chdir(tmp_path / "checkpoint")
    names = {}
    exec("\n".join(lines), names)
    assert eval(last, names)["item"].tolist() == ["z"]  # "a" has seen x and y


def test_a_class_from_outside_kerasrec_needs_trust(train, tmp_path):
    text = saved(Ours, train, tmp_path / "checkpoint")
    assert text.startswith("# Ours\n\nFirst line:\na second line.\n\n|")
    assert "second paragraph" not in text
    assert 'load(".", trust=True)' in text and "--user ID --trust" in text


def test_a_metric_of_a_ranker_that_is_not_defined_is_a_dash(train, tmp_path):
    value = {"mean": 0.5, "low": 0.25, "high": 0.75}
    evaluation = {
        "rows": [
            {"model": "DeepFM", "metrics": {"click.auc": None, "click.log_loss": value}},
            {"model": "MeanRates", "metrics": {"click.auc": value, "click.log_loss": None}},
        ],
        "tasks": ["click"], "ks": [], "part": "test", "n_queries": 7, "protocol": "time",
        "notes": ["click: all labels are 1."],
    }  # fmt: skip
    about = {"dataset": "shown", "seed": 0, "epochs": 1, "best_epoch": 1, "data": []}
    model = MatrixFactorization(train.schema(), dim=3)
    model.adapt(train)
    about |= {"split": "time", "evaluations": [evaluation]}
    checkpoint.save(model, tmp_path / "c", run=about)
    text = (tmp_path / "c" / "README.md").read_text(encoding="utf-8")
    assert "## Labels: test part\n\n7 requests, time." in text
    assert "| click.auc | - | - | 0.5000 |" in text
    assert "| click.log_loss | 0.5000 | 0.2500 to 0.7500 | - |" in text
