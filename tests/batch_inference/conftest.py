import pandas as pd
import pytest

USERS, ITEMS = 12, 10


@pytest.fixture(scope="session")
def train():
    """Twelve users, u0 to u11, who take two to seven of ten items."""
    from kerasrec.data import Interactions

    rows = [
        (f"u{user}", f"i{(user + step * (1 + user % 2)) % ITEMS}")
        for user in range(USERS)
        for step in range(2 + user % 6)
    ]
    items = pd.DataFrame({"item": [f"i{n}" for n in range(ITEMS)]})
    items["name"] = [f"Item {n}" for n in range(ITEMS)]
    frame = pd.DataFrame(rows, columns=["user", "item"])
    return Interactions.from_frame(frame, item_frame=items, item_title="name")


@pytest.fixture(scope="session")
def knn(train):
    from kerasrec_zoo import ItemKNN

    model = ItemKNN(train.schema(history_length=5))
    model.adapt(train)
    return model


@pytest.fixture(scope="session")
def factors(train):
    """A model of known users alone, with vectors."""
    from kerasrec_zoo import MatrixFactorization

    model = MatrixFactorization(train.schema(), dim=4)
    model.adapt(train)
    return model


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of five queries, read three at a time, and batches of at most two."""
    from kerasrec.batch_inference import answer_all, bounded_batches, history_file, id_queries

    monkeypatch.setattr(id_queries, "PART_ROWS", 5)
    monkeypatch.setattr(history_file, "PART_ROWS", 5)
    monkeypatch.setattr(history_file, "READ_ROWS", 3)
    small = bounded_batches.bounded_batches
    monkeypatch.setattr(
        answer_all, "bounded_batches", lambda widths, given: small(widths, given, most=2)
    )
