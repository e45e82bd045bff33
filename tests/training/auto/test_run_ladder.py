"""A training rung by a clock that a look moves on."""

import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.data.splits import next_item
from kerasrec.training.auto import blend_rungs, run_ladder
from kerasrec.training.auto.blend_rungs import blend_name, candidates
from kerasrec.training.auto.budget import Budget
from kerasrec.training.auto.run_ladder import Ladder
from kerasrec.training.auto.rung import Rung
from kerasrec.training.auto.table_facts import TableFacts
from kerasrec.training.auto.tried import Tried

ITEM_KNN = Rung("ItemKNN", "ItemKNN")
TRAINED = Rung(
    "Small",
    "MatrixFactorization",
    {"dim": 4, "candidates": "all"},
    {"epochs": 400, "batch_size": 256, "monitor": "ndcg@10", "patience": 400},
    weight=1.0,
)


@pytest.fixture
def climb(monkeypatch, make_clock):
    """`climb(rungs, trained, seconds, step)`: a ladder of these rungs on a ring of 20 items."""
    rows = [(f"u{u}", f"i{(u + at) % 20}", at) for u in range(40) for at in range(6)]
    data = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "timestamp"]))
    split = next_item(data)

    def make(counted, trained, seconds=100.0, step=0.0, **options):
        monkeypatch.setattr(run_ladder, "counted_rungs", lambda facts: counted)
        monkeypatch.setattr(run_ladder, "trained_rungs", lambda facts, order: trained)
        monkeypatch.setattr(run_ladder, "blend_rungs", lambda ladder, seconds=0: False)
        budget = Budget(seconds, make_clock(step))
        return Ladder(split, TableFacts.of(split.train), budget, **options)

    return make


@pytest.mark.slow
def test_a_training_ends_at_its_share_with_its_best_weights(climb):
    lines = []
    ladder = climb([ITEM_KNN], [TRAINED], seconds=60, step=0.5, note=lines.append)
    ladder.run()
    counted, trained = ladder.tried
    assert trained.ended in ("time", "hopeless") and trained.seconds < 60
    assert trained.curve and trained.mean == pytest.approx(max(v for _, v in trained.curve))
    assert 1 <= trained.rung.train["epochs"] <= 400
    assert ladder.budget.spent() < 66
    assert any(line.startswith("Small: trains for at most") for line in lines)


@pytest.mark.slow
def test_ctrl_c_in_a_training_keeps_its_best_weights(climb, monkeypatch):
    def note(line):
        if line.startswith("Small: epoch"):
            raise KeyboardInterrupt

    monkeypatch.setattr(run_ladder, "NOTE_EVERY", 0.0)
    ladder = climb([ITEM_KNN], [TRAINED], seconds=60, step=0.5, note=note)
    with pytest.raises(KeyboardInterrupt):
        ladder.run()
    assert ladder.tried[-1].ended == "stopped" and len(ladder.tried[-1].curve) == 1


def test_a_rung_that_fails_is_left_out(climb):
    bad = Rung("Bad", "EASE", {"l2": -1.0})
    ladder = climb([ITEM_KNN, bad], [])
    ladder.run()
    assert [one.rung.name for one in ladder.tried] == ["ItemKNN"]
    assert ladder.left_out["Bad"].startswith("l2: expected a number above 0")


def test_a_budget_for_nothing_still_tries_the_first(climb):
    ladder = climb([Rung("Popularity", "Popularity"), ITEM_KNN], [TRAINED], seconds=1, step=1.0)
    ladder.run()
    assert [one.rung.name for one in ladder.tried] == ["Popularity"]
    assert ladder.left_out["ItemKNN"] == "no time is left"
    assert ladder.untrained == ["Small"]


def test_equal_models_are_told_by_their_order(climb):
    twice = Rung("ItemKNN again", "ItemKNN")
    ladder = climb([ITEM_KNN, twice], [])
    ladder.run()
    assert ladder.winner() is ladder.tried[0]
    # Better by a hundredth in the mean, and by nobody when the users are compared.
    better = {**ladder.tried[1].validation, "mean": 1.01 * ladder.tried[1].mean}
    last = ladder.tried[1]
    ladder.tried[1] = Tried(last.rung, last.model, better, 1.0, 1.0)
    assert ladder.best is ladder.tried[1] and ladder.winner() is ladder.tried[0]


@pytest.mark.slow
def test_blends_take_their_time_alone_and_no_part_without_weight(climb, monkeypatch):
    lines = []
    ladder = climb([Rung("Markov", "Markov"), ITEM_KNN], [], note=lines.append)
    ladder.run()
    name = "Blend of Markov and ItemKNN"
    assert blend_rungs.blend_rungs(ladder, -1.0)
    assert ladder.left_out == {name: "no time is left"} and not lines
    weights = {"Markov": 1.0, "ItemKNN": 0.0}
    monkeypatch.setattr(blend_rungs, "fit_blend", lambda *given: Weights(weights))
    assert not blend_rungs.blend_rungs(ladder)
    assert lines == [f"{name}, {how}: the last one gets no weight" for how in ("product", "sum")]
    assert ladder.left_out == {} and len(ladder.tried) == 2


class Weights:
    def __init__(self, part_weights):
        self.part_weights = part_weights


def test_parts_are_the_best_of_other_classes():
    def tried(name, class_, mean, parts=()):
        return Tried(Rung(name, class_), None, {"mean": mean}, 1.0, 1.0, parts=parts)

    markov, other = tried("Markov", "Markov", 0.3), tried("Markov (1)", "Markov", 0.2)
    knn, poor = tried("ItemKNN", "ItemKNN", 0.1), tried("Popularity", "Popularity", 0.01)
    ease = tried("EASE", "EASE", 0.25)
    blend = tried("Blend", "Blend", 0.4, (markov, ease))
    assert candidates([other, markov, knn, poor, ease, blend], [ease]) == [markov, knn]
    assert blend_name([markov, ease, knn]) == "Blend of Markov, EASE and ItemKNN"
