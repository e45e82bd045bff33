import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.simulation.world import BASE, FADE, LOVE, NEW, STOCK, World


@pytest.fixture(scope="module")
def world():
    return World(people=30, days=5, seed=3)


def test_books_come_out_every_day(world):
    assert world.published(-31) == STOCK
    assert world.published(3) - world.published(2) == NEW
    for day in (-30, 0, 4):
        out = world.published(day)
        assert (world.born[:out] <= day).all() and (world.born[out:] > day).all()
    assert len(world.ids) == world.published(4) == len(set(world.ids))


def test_utility_of_love_and_age(world):
    # The difference of two days, for people whose tastes stay: the fashion and the age of a book.
    both = [world.utility(day, np.arange(30)) for day in (0, 1)]
    change = both[1] - both[0]
    same = np.abs(change) < LOVE / 2  # nobody's favourites changed to or from the genre
    assert same.mean() > 0.9
    old, young = world.born < -120, (world.born > -20) & (world.born <= 0)
    for theme in np.unique(world.theme):
        faded = change[:, young & (world.theme == theme)]
        steady = change[:, old & (world.theme == theme)]
        if faded.size and steady.size:
            difference = np.median(faded) - np.median(steady)
            assert difference == pytest.approx(-FADE / 30)
    assert abs(np.median(both[0]) - BASE) < 3


def test_a_seed_is_a_world():
    first, again, other = (World(20, 2, seed) for seed in (1, 1, 2))
    for one, two in zip(first.day(1), again.day(1), strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first.day(1).takes, other.day(1).takes)


def test_rows_do_not_depend_on_the_table(world):
    import pandas as pd

    frame = pd.DataFrame({"user": ["reader-7", "reader-3"], "item": world.ids[[40, 20]]})
    data = world.interactions(frame.assign(timestamp=[5, 6]))
    assert len(data.items) == len(world.ids) + 2 and len(data.users) == 32
    assert data.items.vocabulary.lookup(data.item).tolist() == world.ids[[40, 20]].tolist()
    assert data.item.tolist() == [42, 22]


@pytest.mark.parametrize(("name", "value"), [("people", 1), ("days", 0), ("seed", -1)])
def test_numbers_out_of_range(name, value):
    with pytest.raises(InputError, match=name):
        World(**{"people": 20, "days": 2, "seed": 0, name: value})
