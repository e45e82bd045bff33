"""The load benchmark counts correctly; run it by `python -m benchmarks load`."""

import pathlib
import threading

import numpy as np
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


def test_recorded_requests_are_sent_without_the_padding_of_the_longest(tmp_path):
    from benchmarks.runner.recorded_requests import recorded_requests
    from kerasrec.savedmodel.npz_file import write_arrays

    columns = {
        "item": np.array(["a", ""], object),
        "history": np.array([["a", "", "b", ""], [""] * 4], object),
        "timestamp": np.array([[5, 6, 7, 0], [0] * 4]),
        "tags": np.array([["x", ""], ["y", "z"]], object),
        "price": np.float32([1.5, np.nan]),
        "place": np.float32([[1, 2], [3, 4]]),
        "k": np.int32([-3, 100]),
    }
    (tmp_path / "assets.extra").mkdir()
    recorded = {f"request/{name}": x for name, x in columns.items()}
    path = tmp_path / "assets.extra" / "expected.npz"
    write_arrays(path, {**recorded, "answer/score/score": np.float32([1, 2])})
    first, second = recorded_requests(tmp_path, k=10)
    assert first["history"].tolist() == [["", "a", "", "b"]]
    assert first["timestamp"].tolist() == [[0, 5, 6, 7]]
    assert second["history"].tolist() == [[""]] and second["timestamp"].tolist() == [[0]]
    assert first["tags"].tolist() == [["", "x"]] and second["tags"].tolist() == [["", "y", "z"]]
    assert first["price"].tolist() == [1.5] and second["place"].tolist() == [[3, 4]]
    assert [one["k"].tolist() for one in (first, second)] == [[10], [10]]
    assert first["k"].dtype == "int32" and set(first) == set(columns)


@pytest.mark.parametrize("has", [("score",), ("similar_items", "score", "recommend_explained")])
def test_the_share_of_a_missing_signature_goes_to_recommend(has):
    from benchmarks.load import _draw_signature

    random = np.random.default_rng(0)
    drawn = [_draw_signature(random, ["recommend", *has]) for _ in range(20_000)]
    shares = {"similar_items": 0.1, "score": 0.08, "recommend_explained": 0.02}
    shares = {name: share for name, share in shares.items() if name in has}
    shares["recommend"] = 1 - sum(shares.values())
    found = {name: drawn.count(name) / len(drawn) for name in set(drawn)}
    assert found == pytest.approx(shares, abs=0.01)
