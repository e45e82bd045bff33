"""The attack benchmark judges right; it is run by hand: `python -m benchmarks attack`."""

import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are no part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_what_an_attack_got_is_judged():
    from benchmarks.attack import Outcome
    from benchmarks.runner.attacks import Attack

    outcome = Outcome(Attack("bodies", ("400", "closed"), None))
    # Turning away is no failure, but not what this attack should get.
    outcome.got.update({"400": 5, "closed": 1, "503": 2, "500": 3, "INTERNAL": 4, "200": 1})
    assert (outcome.failed, outcome.wrong) == (7, 10)
    outcome.seconds, outcome.before, outcome.after, outcome.p99 = [0.25], 100.0, 101.0, 5.0
    row = outcome.row()
    assert row.samples == (0.25,)
    assert row.note.startswith("expected 400 or closed; got 400 x 5, INTERNAL x 4")
    assert row.note.endswith("100 -> 101 MiB; others' p99 5 ms")


def test_every_attack_has_a_name_of_its_own():
    from benchmarks.runner.attacks import attacks

    names = [attack.name for attack in attacks()]
    assert len(set(names)) == len(names) == 18
    assert all(attack.right for attack in attacks())
