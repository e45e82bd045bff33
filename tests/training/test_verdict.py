"""Every sentence of a verdict by given numbers."""

import pytest

from kerasrec.training.verdict import Measured, compare_verdict, still_rising, verdict

TEST = {"mean": 0.2, "low": 0.19, "high": 0.21}


def above(mean, low, high):
    return {"mean": mean, "low": low, "high": high}


def sentence(**values):
    given = {"name": "SASRec", "metric": "ndcg@10", "test": TEST, "users": 6040} | values
    return verdict(Measured(**given)).sentence


@pytest.mark.parametrize(
    "values,expected",
    [
        ({}, "SASRec has NDCG@10 .200."),
        (
            # The nearest of the baselines counts.
            {"above": {"Popularity": above(2.0, 1.8, 2.2), "ItemKNN": above(0.12, 0.09, 0.15)}},
            "SASRec, 12 % above ItemKNN [9, 15].",
        ),
        (
            {"above": {"ItemKNN": above(-0.5, -0.55, -0.45)}},
            "SASRec, 50 % below ItemKNN [45, 55]; take ItemKNN, or train longer and with other "
            "settings.",
        ),
        (
            {"above": {"ItemKNN": above(0.03, -0.02, 0.08)}},
            "SASRec cannot be told from ItemKNN: 3 % [-2, 8].",
        ),
        ({"above": {"ItemKNN": above(None, None, None)}}, "SASRec has NDCG@10 .200."),
        (
            {"curves": {"SASRec": [0.1, 0.15, 0.18, 0.2]}},
            "SASRec has NDCG@10 .200; validation was still rising at the last epoch: more epochs "
            "would help.",
        ),
        (
            {"curves": {"SASRec": [0.1, 0.2], "Hybrid": [0.2, 0.1]}, "unit": "minutes"},
            "SASRec has NDCG@10 .200; more minutes would help SASRec.",
        ),
        (
            {"untried": ("TwoTower", "Hybrid", "SASRec")},
            "SASRec has NDCG@10 .200; there was no time to train TwoTower, Hybrid and SASRec: give "
            "more minutes.",
        ),
        (
            {"above": {"ItemKNN": above(-0.5, -0.55, -0.45)}, "unit": "minutes"},
            "SASRec, 50 % below ItemKNN [45, 55]; the validation part chose otherwise.",
        ),
        (
            {"test": above(0.12, 0.11, 0.13), "validation": 0.21},
            "SASRec has NDCG@10 .120; validation .210, test .120: the test part is another: "
            "later, or of other users and items.",
        ),
        # An interval that reaches three quarters of the validation says nothing.
        ({"test": above(0.14, 0.12, 0.16), "validation": 0.2}, "SASRec has NDCG@10 .140."),
        (
            {"test": above(0.12, 0.08, 0.16), "users": 60},
            "SASRec has NDCG@10 .120; too few users to tell: NDCG@10 .120 ± .040 of 60 test users.",
        ),
        (
            {"test": above(0.0, None, None), "users": 1},
            "SASRec has NDCG@10 .000; too few users to tell: NDCG@10 .000 of 1 test user.",
        ),
    ],
)
def test_sentences(values, expected):
    assert sentence(**values) == expected


def test_warnings_are_what_asks_for_something():
    given = {"above": {"ItemKNN": above(0.12, 0.09, 0.15)}, "curves": {"A": [0.1, 0.2]}}
    found = verdict(Measured("A", "ndcg@10", TEST, 9, **given))
    assert found.warnings == (
        "validation was still rising at the last epoch: more epochs would help",
    )


@pytest.mark.parametrize(
    "curve,rises",
    [
        ([], False),
        ([0.1], False),  # one point is no curve
        ([0.1, 0.2], True),
        ([0.2, 0.1], False),
        ([0.10, 0.19, 0.199, 0.2], False),  # half a percent in the last quarter
        ([0.10, 0.15, 0.18, 0.2], True),
        ([0.0, 0.0], False),
    ],
)
def test_a_curve_rises_where_its_last_quarter_does(curve, rises):
    assert still_rising(curve) is rises


def test_models_whose_intervals_overlap_may_be_as_good():
    found = compare_verdict("ndcg@10", {"A": TEST, "B": above(0.195, 0.18, 0.2)}, {})
    assert found.sentence == (
        "A and B may be as good: NDCG@10 .200 [.190, .210] and .195 [.180, .200]."
    )
    assert compare_verdict("ndcg@10", {"A": TEST}, {"A": None}).sentence == (
        "A has NDCG@10 .200 [.190, .210]."
    )
