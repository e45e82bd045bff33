import numpy as np
import pytest

from kerasrec.data.clean_rows import COLUMNS


@pytest.fixture
def assert_same_parts():
    """`assert_same_parts(found, wanted)`: a split on disk has the rows and ids of one in memory."""

    def check(found, wanted):
        for name in ("train", "validation", "test"):
            ours, theirs = getattr(found, name).in_time_order(), getattr(wanted, name)
            for column in COLUMNS:
                np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column))
            assert ours.users.vocabulary == theirs.users.vocabulary
            assert ours.items.vocabulary == theirs.items.vocabulary
            assert ours.behaviors == theirs.behaviors

    return check
