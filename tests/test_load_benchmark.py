"""The load benchmark counts correctly; run it by `python -m benchmarks load`."""

import pathlib
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_clients_run_concurrently_with_their_own_requests():
    from benchmarks.runner.clients import run_clients

    barrier, sent = threading.Barrier(3), [[], [], []]

    def client(place):
        def ask(number):
            if not sent[place]:
                barrier.wait(30)
            sent[place].append(number)

        return ask

    times, rate = run_clients([client(place) for place in range(3)], 0.05)
    assert len(times) == sum(map(len, sent)) and rate > 0
    for place, numbers in enumerate(sent):
        assert numbers == list(range(place, place + 3 * len(numbers), 3))


def test_an_error_of_a_client_is_raised():
    from benchmarks.runner.clients import run_clients

    with pytest.raises(ZeroDivisionError):
        run_clients([lambda number: 1 / number], 30)


@pytest.mark.parametrize(
    ("malformed", "code", "message", "found"),
    [
        (False, 200, "", {}),
        (False, 400, "three words here", {"refused": 1}),
        (False, 503, "try again", {"failed": 1}),
        (True, 400, "three words here", {}),
        (True, 200, "", {"unexplained": 1}),
        (True, 400, "Bad Request", {"unexplained": 1}),
        (True, 400, "Traceback (most recent call last)", {"unexplained": 1}),
        (True, 500, "three words here", {"failed": 1, "unexplained": 1}),
    ],
)
def test_answers_are_counted_as_failed_refused_or_unexplained(malformed, code, message, found):
    from benchmarks.load import _Counts

    counts = _Counts()
    counts.note(malformed, code, message)
    assert counts.requests == 1 and counts.malformed == malformed
    counted = {name: int(getattr(counts, name)) for name in ("failed", "refused", "unexplained")}
    assert counted == {"failed": 0, "refused": 0, "unexplained": 0, **found}


def test_a_published_version_is_complete_and_old_ones_are_removed(tmp_path):
    from benchmarks.load import _publish

    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"graph")
    for number in (2, 3, 4):
        _publish(tmp_path, number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]
    assert (tmp_path / "4" / "saved_model.pb").read_bytes() == b"graph"
