"""The load benchmark counts right; it is run by hand: `python -m benchmarks load`."""

import pathlib
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are no part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_every_client_asks_its_own_requests_at_the_same_time():
    from benchmarks.runner.clients import asked_by

    together, asked = threading.Barrier(3), [[], [], []]

    def client(place):
        def ask(number):
            if not asked[place]:
                together.wait(30)
            asked[place].append(number)

        return ask

    times, rate = asked_by([client(place) for place in range(3)], 0.05)
    assert len(times) == sum(map(len, asked)) and rate > 0
    for place, numbers in enumerate(asked):
        assert numbers == list(range(place, place + 3 * len(numbers), 3))


def test_a_client_that_fails_is_told():
    from benchmarks.runner.clients import asked_by

    with pytest.raises(ZeroDivisionError):
        asked_by([lambda number: 1 / number], 30)


@pytest.mark.parametrize(
    ("malformed", "code", "sentence", "found"),
    [
        (False, 200, "", {}),
        (False, 400, "three words here", {"refused": 1}),
        (False, 503, "ask again", {"failed": 1}),
        (True, 400, "three words here", {}),
        (True, 200, "", {"unsaid": 1}),
        (True, 400, "Bad Request", {"unsaid": 1}),
        (True, 400, "Traceback (most recent call last)", {"unsaid": 1}),
        (True, 500, "three words here", {"failed": 1, "unsaid": 1}),
    ],
)
def test_what_counts_as_a_fault(malformed, code, sentence, found):
    from benchmarks.load import _Counts

    counts = _Counts()
    counts.note(malformed, code, sentence)
    assert counts.asked == 1 and counts.malformed == malformed
    counted = {name: int(getattr(counts, name)) for name in ("failed", "refused", "unsaid")}
    assert counted == {"failed": 0, "refused": 0, "unsaid": 0, **found}


def test_a_new_version_is_whole_and_old_ones_go(tmp_path):
    from benchmarks.load import _publish

    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"graph")
    for number in (2, 3, 4):
        _publish(tmp_path, number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]
    assert (tmp_path / "4" / "saved_model.pb").read_bytes() == b"graph"
