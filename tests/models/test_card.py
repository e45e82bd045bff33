import re

import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec_zoo import MatrixFactorization

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
