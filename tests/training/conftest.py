import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.datasets import load
from kerasrec.data.splits import next_item, random_ratio


@pytest.fixture(scope="session")
def split():
    return next_item(load("synthetic", users=60, items=100))


@pytest.fixture(scope="session")
def ratings():
    """A table of 40 users, 30 items: 3 + b_u + b_i + <p_u, q_i> + noise of 0.1."""
    rng = np.random.default_rng(0)
    users, items = rng.normal(0, 0.7, (40, 2)), rng.normal(0, 0.7, (30, 2))
    biases = rng.normal(0, 0.5, 40)[:, None] + rng.normal(0, 0.5, 30)[None]
    whole = 3 + biases + users @ items.T + rng.normal(0, 0.1, (40, 30))
    user, item = np.nonzero(rng.random((40, 30)) < 0.7)
    return pd.DataFrame(
        {
            "user": [f"u{n}" for n in user],
            "item": [f"i{n}" for n in item],
            "value": whole[user, item].round(3),
        }
    )


@pytest.fixture(scope="session")
def rated(ratings):
    return random_ratio(Interactions.from_frame(ratings))


@pytest.fixture
def write_run(tmp_path, monkeypatch):
    """`write_run(config)`: the current folder, with clicks.csv and the config as run.yaml."""

    def write(config):
        monkeypatch.chdir(tmp_path)
        rows = [
            (f"u{u}", f"i{(u + step * (1 + u % 2)) % 8}") for u in range(12) for step in range(5)
        ]
        pd.DataFrame(rows, columns=["user", "item"]).to_csv("clicks.csv", index=False)
        (tmp_path / "run.yaml").write_text(config)
        return tmp_path

    return write
