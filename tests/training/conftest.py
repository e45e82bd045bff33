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
