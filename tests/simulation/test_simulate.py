"""Five days with thirty people."""

import collections
import json

import numpy as np
import pytest

from kerasrec.cli import main
from kerasrec.errors import InputError
from kerasrec.simulation.diary import Diary
from kerasrec.simulation.plot_days import plot_days
from kerasrec.simulation.ranked import ranked
from kerasrec.simulation.simulate import simulate
from kerasrec.simulation.simulation import FIRST
from kerasrec.simulation.world import DAY, OPENING, World
from kerasrec.update.gate import Gate

GATE = Gate(margin=0.9, fewest=5)


@pytest.fixture(scope="module")
def found():
    return simulate(people=30, days=5, seed=1, gate=GATE)


def shop(simulation, name):
    (one,) = [one for one in simulation.shops if one.name == name]
    return one


def test_a_seed_gives_the_same_days(found):
    again = simulate(people=30, days=5, seed=1, gate=GATE)
    for one, two in zip(found.shops, again.shops, strict=True):
        np.testing.assert_array_equal(one.clicks, two.clicks)
        assert one.diary.frame().equals(two.diary.frame())
    assert found.to_dict() == again.to_dict()


def test_people_are_paired(found):
    """The same visits in all shops; nobody who does not come clicks, and day 0 is equal."""
    for one in found.shops:
        assert (one.clicks[found.visits == 0] == 0).all()
        assert (one.young <= one.clicks).all()
    frozen, nightly = shop(found, "frozen"), shop(found, "nightly")
    np.testing.assert_array_equal(frozen.clicks[0], nightly.clicks[0])
    # The searches of the first day are those of the same people.
    searches = [
        set(one.diary.frame().query("searched and timestamp >= @OPENING")["user"])
        for one in found.shops
    ]
    assert searches[0] == searches[1] == searches[2] == searches[3]


def test_nobody_reads_a_book_twice_or_before_it_is_out(found):
    for one in found.shops:
        frame = one.diary.frame()
        assert not frame.duplicated(["user", "item"]).any()
        assert frame["timestamp"].is_monotonic_increasing
        born = dict(zip(found.world.ids, found.world.born, strict=True))
        day = (frame["timestamp"] - OPENING) // DAY
        assert (frame["item"].map(born) <= day).all()


def test_clicks_and_searches_are_the_diary(found):
    for one in found.shops:
        frame = one.diary.frame()
        clicked = ~frame["searched"] & (frame["timestamp"] >= OPENING)
        assert clicked.sum() == one.clicks.sum()


def test_the_popular_shop_by_hand(found):
    """After the last night it shows what was read most often in the 30 days before."""
    one, world = shop(found, "popular"), found.world
    frame = one.diary.frame()
    recent = frame[frame["timestamp"] >= OPENING + (5 - 30) * DAY]
    counts = collections.Counter(recent["item"])
    items, scores = ranked(one.learner.model, [["book-0"]], 10, world.ids.tolist())
    most = sorted((n for book, n in counts.items() if book != "book-0"), reverse=True)[:10]
    assert scores[0].tolist() == most
    assert [counts[book] for book in items[0]] == most


def test_the_nightly_shop_makes_versions(found):
    learner = shop(found, "nightly").learner
    assert learner.promoted + learner.refused > 0
    assert shop(found, "frozen").learner.promoted == 0


def test_the_log_of_the_exploring_shop(found):
    off, log = found.off_policy(), shop(found, "exploring").log
    assert sum(map(len, log)) == 10 * found.visits.sum()
    assert off["snips"]["low"] < off["true"] < off["snips"]["high"]
    assert off["ips"]["low"] < off["true"] < off["ips"]["high"]


def test_the_table_by_hand(found):
    rows = {row["shop"]: row for row in found.table()}
    visits = found.visits.sum()
    for one in found.shops:
        row = rows[one.name]
        assert row["rate"]["mean"] == pytest.approx(one.clicks.sum() / visits / 10)
        assert row["young"]["mean"] == pytest.approx(one.young.sum() / visits)
        above = one.clicks.sum() - shop(found, "frozen").clicks.sum()
        assert row["above"]["mean"] == pytest.approx(above / visits / 10)
    assert rows["frozen"]["above"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert found.first == 0 and FIRST == 20


def test_a_plot(found, tmp_path):
    plot_days(tmp_path / "days.png", found)
    assert (tmp_path / "days.png").read_bytes().startswith(b"\x89PNG")


def test_the_command(capsys):
    assert main(["simulate", "--days", "1", "--people", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["shop"] for row in found["shops"]] == [
        "frozen", "nightly", "exploring", "popular",
    ]  # fmt: skip
    assert main(["simulate", "--days", "1", "--people", "20"]) == 0
    text = capsys.readouterr().out
    assert "Days 0 to 0, 20 people" in text and "Off-policy" in text


def test_a_model_that_is_not_counted_quickly():
    with pytest.raises(InputError, match="expected one of ItemKNN, Markov, EASE, got 'SASRec'"):
        simulate(people=20, days=1, model="SASRec")


def test_a_diary_that_is_copied_goes_on_alone():
    world = World(people=3, days=1)
    first = Diary(world)
    first.add(np.array([0]), np.array([4]), np.array([10]), np.array([True]))
    second = first.copy()
    second.add(np.array([0]), np.array([5]), np.array([11]), np.array([False]))
    assert len(first.frame()) == 1 and len(second.frame()) == 2
    assert first.histories[0] == [world.ids[4]] and not first.read[0, 5]
