"""The assignment of people to versions: sticky, uniform and in the shares asked for."""

import numpy as np
import pytest
from scipy import stats

from kerasrec.errors import InputError
from kerasrec.serving.version_shares import VersionShares, parse_shares

PEOPLE = [f"user-{n}" for n in range(50_000)]


def test_shares_are_kept():
    shares = VersionShares({"a": 90, "b": 9, "c": 1})
    names, counts = np.unique([shares.version_of(one) for one in PEOPLE], return_counts=True)
    assert names.tolist() == ["a", "b", "c"]
    assert stats.chisquare(counts, np.array([0.9, 0.09, 0.01]) * len(PEOPLE)).pvalue > 0.001


def test_a_person_stays_and_salts_are_independent():
    one, same, other = (VersionShares({"a": 1, "b": 1}, salt) for salt in ("x", "x", "y"))
    first = np.array([one.version_of(person) == "a" for person in PEOPLE])
    assert first.tolist() == [same.version_of(person) == "a" for person in PEOPLE]
    again = np.array([other.version_of(person) == "a" for person in PEOPLE])
    table = [[(first & again).sum(), (first & ~again).sum()],
             [(~first & again).sum(), (~first & ~again).sum()]]  # fmt: skip
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_a_growing_canary_keeps_its_people():
    small, large = VersionShares({"a": 90, "b": 10}), VersionShares({"a": 80, "b": 20})
    kept = [one for one in PEOPLE[:5000] if small.version_of(one) == "b"]
    assert kept and all(large.version_of(one) == "b" for one in kept)


@pytest.mark.parametrize(
    "text", ["", "a", "a=0", "a=-1", "a=1,a=2", "a=nan", "=1", "a=inf", "a=1,"]
)
def test_refused(text):
    with pytest.raises(InputError, match="such as stable=90,canary=10: got"):
        parse_shares(text)


def test_refused_shares():
    with pytest.raises(InputError, match="above 0"):
        VersionShares({})
