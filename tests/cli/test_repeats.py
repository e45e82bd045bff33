"""Readers who buy the same two things in turn: one switch, for all that ranks."""

import pytest

from kerasrec.cli import main
from kerasrec.models import load

pytestmark = pytest.mark.slow

CONFIG = """\
data: {{path: {folder}/weeks.csv, columns: {{timestamp: week}}, history_length: 8}}
model: {{class: Markov, window: 1, shrinkage: 0.0}}
evaluate: {{ks: [1, 2], baselines: [Popularity]}}
train: {{monitor: ndcg@1}}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of the same config, by `evaluate.repeats`, and an export of the one that allows them."""
    folder = tmp_path_factory.mktemp("repeats")
    taken = [(u, f"{thing}{u}") for u in range(9) for thing in ["milk", "bread"] * 4]
    rows = [f"u{user},{item},{week % 8}" for week, (user, item) in enumerate(taken)]
    (folder / "weeks.csv").write_text("\n".join(["user,item,week", *rows]))
    (folder / "markov.yaml").write_text(CONFIG.format(folder=folder))
    for repeats in ("mask", "allow"):
        run = ("--run-dir", str(folder / repeats), f"evaluate.repeats={repeats}", "--json")
        assert main(["fit", str(folder / "markov.yaml"), *run]) == 0
    assert main(["export", str(folder / "allow"), str(folder / "served" / "1"), "-k", "5"]) == 0
    return folder


@pytest.mark.parametrize("repeats,recall", [("mask", 0.0), ("allow", 1.0)])
def test_what_is_bought_again_counts_where_repeats_are_allowed(kerasrec, runs, repeats, recall):
    # Seven of eight weeks are known; what comes next is what was bought the week before last.
    status, found, _ = kerasrec("evaluate", runs / repeats, "--json")
    assert status == 0 and found["repeats"] == repeats
    assert found["rows"][0]["metrics"]["recall@1"]["mean"] == recall
    # All baselines are asked the same: of Popularity no more than chance, and nothing if masked.
    assert (found["rows"][1]["metrics"]["recall@2"]["mean"] > 0) == (repeats == "allow")
    assert found["notes"][-1].startswith("9 of 9 truths were in the user's history (100%)")
    head = {"mask": "9 users, seen items masked", "allow": "9 users, seen items ranked"}[repeats]
    assert head in kerasrec("evaluate", runs / repeats)[1]


def test_the_checkpoint_keeps_the_repeats_of_the_evaluation(kerasrec, runs):
    model = load(runs / "allow" / "checkpoint")
    assert model.repeats == "allow" and load(runs / "mask" / "checkpoint").repeats == "mask"
    # The eighth week is known by now: milk comes next.
    best = ["milk4", "bread4"]
    assert model.recommend(users=["u4"], k=2)["item"].tolist() == best
    assert not set(model.recommend(users=["u4"], k=16, repeats="mask")["item"]) & set(best)
    for source in (runs / "allow", runs / "served" / "1"):
        for repeats, seen in ((None, True), ("allow", True), ("mask", False)):
            asked = ("recommend", source, "--user", "u4", "-k", 2, "--json")
            asked += () if repeats is None else ("--repeats", repeats)
            rows = kerasrec(*asked)[1]["recommendations"]
            assert ([row["item"] for row in rows] == best) == seen
            assert bool({row["item"] for row in rows} & set(best)) == seen


def test_an_export_records_its_repeats(kerasrec, runs):
    about = kerasrec("inspect", runs / "served", "--json")[1]
    assert about["repeats"] == "allow"
    assert about["signatures"]["recommend"]["inputs"]["repeats"]["default"] == [""]


def test_a_wrong_value_is_refused(kerasrec, runs):
    status, _, error = kerasrec("fit", runs / "markov.yaml", "evaluate.repeats=sometimes")
    assert status == 2 and "evaluate.repeats" in error and "mask" in error
