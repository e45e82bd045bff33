import pytest

from kerasrec.data.datasets import load
from kerasrec.data.splits import next_item


@pytest.fixture(scope="session")
def split():
    return next_item(load("synthetic", users=60, items=100))
