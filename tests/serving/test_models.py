"""Versions that come, go, are broken, and change under a stream of requests."""

import concurrent.futures
import shutil
import threading
import time

import pytest

from kerasrec.serving.limits import Limits
from kerasrec.serving.models import Models
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.server import Server
from kerasrec.serving.version import Version

ASK = ("recommend", {"history": [["a"]]})


@pytest.fixture
def models(publish):
    said = []
    models = Models(publish.folder, limits=Limits(), say=said.append)
    models.said = said
    yield models
    models.close()


def states(models):
    return {v.number: v.state for v in models.versions("toy")}


def best_score(models):
    with models.current("toy") as version:
        return round(float(version.run(*ASK)["score"][0, 0]), 1)


def test_the_newest_version_takes_the_place_of_the_old_one(models, publish):
    publish(1, 1)
    models.poll()
    assert best_score(models) == 1.1
    publish(2, 12)
    models.poll()
    assert best_score(models) == 1.2
    assert states(models) == {12: "AVAILABLE", 1: "END"}
    assert models.said == [
        "toy: version 1 is served", "toy: version 12 is served", "toy: version 1 is unloaded",
    ]  # fmt: skip
    with pytest.raises(Refusal, match=r"Specific\(toy, 1\)"), models.current("toy", 1):
        pass


def test_folders_that_are_no_version_are_left_alone(models, publish):
    publish(1, 1)
    for name in (".partial-7", "7.old", "seven", "-7", "٧", "9" * 20):
        shutil.copytree(publish.folder / "1", publish.folder / name)
    (publish.folder / "8").write_text("a file")
    models.poll()
    assert states(models) == {1: "AVAILABLE"}


def no_graph(folder):
    (folder / "saved_model.pb").unlink()


def half_a_graph(folder):
    path = folder / "saved_model.pb"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def bad_warm_up(folder):
    (folder / "assets.extra").mkdir()
    (folder / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"no record at all")


@pytest.mark.parametrize("spoil", [no_graph, half_a_graph, bad_warm_up])
def test_a_broken_version_is_kept_out_and_named_in_the_status(models, publish, spoil):
    publish(1, 1)
    models.poll()
    publish(2, 2, spoil)
    models.poll()
    assert best_score(models) == 1.1
    broken, served = models.versions("toy")
    assert (broken.state, served.state) == ("END", "AVAILABLE")
    assert broken.error and "\n" not in broken.error
    assert models.said[-1].startswith("toy: version 2 does not load; version 1 stays: ")
    lines = len(models.said)
    models.poll()
    assert len(models.said) == lines  # not tried again
    shutil.rmtree(publish.folder / "2")
    publish(2, 2)
    models.poll()
    assert best_score(models) == 1.2


def test_at_the_start_the_newest_that_loads_is_served(models, publish):
    publish(1, 1)
    publish(2, 2, half_a_graph)
    models.poll()
    assert best_score(models) == 1.1


def test_without_the_newest_folder_the_one_before_is_served_again(models, publish):
    publish(1, 1)
    models.poll()
    publish(2, 2)
    models.poll()
    shutil.rmtree(publish.folder / "2")
    models.poll()
    assert best_score(models) == 1.1
    shutil.rmtree(publish.folder / "1")
    models.poll()  # nothing is left that could take its place
    assert best_score(models) == 1.1


def test_a_version_in_use_is_unloaded_after_its_last_request(models, publish):
    publish(1, 1)
    models.poll()
    publish(2, 2)
    unloading = threading.Event()
    models._say = lambda line: unloading.set() if "2 is served" in line else None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with models.current("toy") as old:
            swap = pool.submit(models.poll)
            assert unloading.wait(30)
            deadline = time.monotonic() + 30
            while old.state == "AVAILABLE" and time.monotonic() < deadline:
                pass  # what the poller does next
            assert best_score(models) == 1.2
            assert old.state == "UNLOADING"
            assert old.run(*ASK)["item"][0, 0] == b"a"
        swap.result(30)
    assert old.state == "END"


def test_no_request_fails_while_versions_change(publish, ask):
    """8 clients ask all the time, while 5 versions take each other's place."""
    publish(1, 1)
    with Server(publish.folder, port=0, poll=0.01, say=lambda line: None) as server:
        swapped, failed, scores = threading.Event(), [], set()

        def client():
            while not swapped.is_set():
                body = {"inputs": {"history": [["a"]], "exclude": [[""]], "k": [1]}}
                status, answer = ask(server, "/v1/models/toy:predict", body)
                if status != 200:
                    failed.append((status, answer))
                    return
                scores.add(answer["outputs"]["score"][0][0])

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            clients = [pool.submit(client) for _ in range(8)]
            try:
                for number in range(2, 7):
                    served = threading.Event()
                    line = f"toy: version {number - 1} is unloaded"
                    server.models._say = lambda said, line=line, served=served: (
                        served.set() if said == line else None
                    )
                    publish(2 - number % 2, number)
                    assert served.wait(60)
            finally:
                swapped.set()
            for one in clients:
                one.result(60)
        assert not failed
        assert scores == {1.1, 1.2}


def test_the_sessions_of_unloaded_versions_are_closed(models, publish, monkeypatch):
    from kerasrec.savedmodel import CLoader

    closed, close = [], CLoader.close
    monkeypatch.setattr(CLoader, "close", lambda self: (closed.append(1), close(self)))
    for number in range(1, 5):
        publish(1, number)
        models.poll()
    assert len(closed) == 3
    assert states(models)[4] == "AVAILABLE"


def test_the_status_does_not_grow_without_end(models, publish, monkeypatch):
    monkeypatch.setattr(Version, "load", lambda self: setattr(self, "state", "END"))
    for number in range(1, 40):
        (publish.folder / str(number)).mkdir()
        models.poll()
    assert len(states(models)) <= 18
    assert max(states(models)) == 39
