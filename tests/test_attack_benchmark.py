"""The attack benchmark counts outcomes correctly; run it by `python -m benchmarks attack`."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_outcomes_are_counted_as_failed_or_wrong():
    from benchmarks.attack import Outcome
    from benchmarks.runner.attacks import Attack

    outcome = Outcome(Attack("bodies", ("400", "closed"), None))
    # 503 is not a failure, but not expected for this attack.
    outcome.got.update({"400": 5, "closed": 1, "503": 2, "500": 3, "INTERNAL": 4, "200": 1})
    assert (outcome.failed, outcome.wrong) == (7, 10)
    outcome.seconds, outcome.before, outcome.after, outcome.p99 = [0.25], 100.0, 101.0, 5.0
    row = outcome.row()
    assert row.samples == (0.25,)
    assert row.note.startswith("expected 400 or closed; got 400 x 5, INTERNAL x 4")
    assert row.note.endswith("100 -> 101 MiB; others' p99 5 ms")


def test_attacks_have_unique_names_and_expected_outcomes():
    from benchmarks.runner.attacks import attacks

    names = [attack.name for attack in attacks()]
    assert len(set(names)) == len(names) == 18
    assert all(attack.expected for attack in attacks())
