import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec_zoo import TwoTower

MONDAY = 1704103200  # 2024-01-01, 10:00 UTC
ITEMS = pd.DataFrame(
    {
        "item": ["tea", "coffee", "jam", "rye"],
        "kind": ["drink|hot", "drink|hot", "food", "food"],
        "name": ["Green tea", "Black coffee", "Black jam", "Rye bread"],
        "price": [2, 4, 6, 8],
    }
)
FEATURES = {
    "kind": {"kind": "categories"},
    "name": {"kind": "text"},
    "price": {"kind": "number"},
}


@pytest.fixture(scope="package")
def train():
    frame = pd.DataFrame(
        {
            "user": ["u", "u", "u", "v"],
            "item": ["tea", "coffee", "jam", "rye"],
            # Monday at 10:00 and at 10:59, Sunday at 23:00.
            "timestamp": [MONDAY, MONDAY + 59 * 60, MONDAY + 6 * 86400 + 13 * 3600, MONDAY],
        }
    )
    return Interactions.from_frame(frame, item_frame=ITEMS, item_features=FEATURES)


@pytest.fixture(scope="package")
def model(train):
    model = TwoTower(train.schema(), dim=4)
    model.adapt(train)
    return model
