"""Versions that appear, disappear, are broken, and change under load."""

import concurrent.futures
import shutil
import threading
import time

import pytest
import tensorflow as tf

from kerasrec.savedmodel import files
from kerasrec.savedmodel.metadata import METADATA, WARM_UP_FILE
from kerasrec.serving.limits import Limits
from kerasrec.serving.models import Models
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.server import Server
from kerasrec.serving.version import Version

ASK = ("recommend", {"history": [["a"]]})


@pytest.fixture
def models(publish):
    lines = []
    models = Models(publish.folder, limits=Limits(), say=lines.append)
    models.lines = lines
    yield models
    models.close()


def states(models):
    return {v.number: v.state for v in models.versions("toy")}


def best_score(models):
    with models.current("toy") as version:
        return round(float(version.run(*ASK)["score"][0, 0]), 1)


def test_the_newest_version_replaces_the_old_one(models, publish):
    publish(1, 1)
    models.poll()
    assert best_score(models) == 1.1
    publish(2, 12)
    models.poll()
    assert best_score(models) == 1.2
    assert states(models) == {12: "AVAILABLE", 1: "END"}
    assert models.lines == [
        "toy: version 1 is served", "toy: version 12 is served", "toy: version 1 is unloaded",
    ]  # fmt: skip
    with pytest.raises(Refusal, match=r"Specific\(toy, 1\)"), models.current("toy", 1):
        pass


def test_other_folders_are_ignored(models, publish):
    publish(1, 1)
    for name in (".partial-7", "7.old", "seven", "-7", "٧", "9" * 20):
        shutil.copytree(publish.folder / "1", publish.folder / name)
    (publish.folder / "8").write_text("a file")
    models.poll()
    assert states(models) == {1: "AVAILABLE"}


def remove_graph(folder):
    (folder / "saved_model.pb").unlink()


def cut_graph(folder):
    path = folder / "saved_model.pb"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_byte(folder):
    path = folder / "variables" / "variables.index"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def add_file(folder):
    (folder / "variables" / "variables.data-00001-of-00002").write_bytes(b"more")


def remove_metadata(folder):
    (folder / METADATA).unlink()


def change_operation(folder):
    path = folder / "saved_model.pb"
    content = path.read_bytes()
    assert b"\x12\x06TopKV2" in content
    path.write_bytes(content.replace(b"\x12\x06TopKV2", b"\x12\x06TopKV9"))


SPOILED = [
    (remove_graph, "is not complete", "saved_model.pb is missing"),
    (cut_graph, "is not complete", "saved_model.pb ends too early"),
    (change_byte, "does not load", "variables/variables.index is not the file that was written"),
    (add_file, "does not load", "variables.data-00001-of-00002 does not belong to the export"),
    (remove_metadata, "does not load", "has no assets.extra/kerasrec.json"),
    (change_operation, "does not load", "saved_model.pb is not the file that was written"),
]


@pytest.mark.parametrize(("spoil", "what", "why"), SPOILED)
def test_a_broken_version_is_not_served_and_its_error_is_reported(
    models, publish, spoil, what, why
):
    publish(1, 1)
    models.poll()
    publish(2, 2, spoil)
    models.poll()
    assert best_score(models) == 1.1
    broken, served = models.versions("toy")
    assert (broken.state, served.state) == ("END", "AVAILABLE")
    assert why in broken.error and "\n" not in broken.error
    assert models.lines[-1] == f"toy: version 2 {what}; version 1 stays: {broken.error}"
    lines = len(models.lines)
    models.poll()
    assert len(models.lines) == lines  # not tried again
    shutil.rmtree(publish.folder / "2")
    publish(2, 2)
    models.poll()
    assert best_score(models) == 1.2


def bad_warm_up(folder):
    (folder / WARM_UP_FILE).write_bytes(b"no record at all")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (cut_graph, "saved_model.pb cannot be read: a protobuf ends within a"),
        (bad_warm_up, "is not a TFRecord of warm-up requests"),
        (change_operation, "that no export of kerasrec has: TopKV9. It runs only with --trust"),
    ],
)
def test_matching_hashes_do_not_hide_a_broken_version(models, publish, spoil, why):
    publish(1, 1)
    publish(2, 2, lambda folder: (spoil(folder), publish.record(folder)))
    models.poll()
    assert best_score(models) == 1.1
    assert why in models.versions("toy")[0].error


def test_a_slow_copy_is_served_when_it_is_complete(models, publish):
    """The version before it answers meanwhile, and one line is printed about the copy."""
    publish(1, 1)
    models.poll()
    whole = publish(2, 2).rename(publish.folder / "whole")
    names = [path.relative_to(whole) for path in sorted(whole.rglob("*")) if path.is_file()]
    first = whole.__class__("saved_model.pb")
    names = [first, *(name for name in names if name != first)]
    copy = publish.folder / "2"
    for name in names:
        assert best_score(models) == 1.1
        content = (whole / name).read_bytes()
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content[: len(content) // 2])
        models.poll()
        (copy / name).write_bytes(content)
        models.poll()
    assert best_score(models) == 1.2
    incomplete = [line for line in models.lines if "not complete" in line]
    assert len(incomplete) == 1 and len(models.lines) <= 6


@pytest.mark.parametrize("trust", [False, True])
def test_a_foreign_savedmodel_is_served_with_trust_only(publish, trust):
    publish(1, 1, remove_metadata)
    models = Models(publish.folder, limits=Limits(), say=lambda line: None, trust=trust)
    models.poll()
    assert models.names() == (["toy"] if trust else [])
    models.close()


def test_a_graph_without_its_variables_is_not_served(publish, tmp_path):
    """TensorFlow loads it and every request fails; the warm-up detects that."""
    module = tf.Module()
    module.count = tf.Variable([1.0])
    answer = tf.function(lambda x: {"y": x + module.count})
    spec = tf.TensorSpec((None,), tf.float32, name="x")
    where = publish.folder / "1"
    tf.saved_model.save(module, str(where), {"serving_default": answer.get_concrete_function(spec)})
    variables = (where / "variables").rename(tmp_path / "variables")
    models = Models(publish.folder, limits=Limits(), say=lambda line: None, trust=True)
    models.poll()
    assert models.names() == []
    variables.rename(where / "variables")
    models.poll()
    assert models.names() == ["toy"]
    models.close()


def test_files_are_hashed_again_only_after_a_change(models, publish, monkeypatch):
    publish(1, 1)
    publish(2, 2, change_byte)
    read = []
    monkeypatch.setattr(files, "file_hash", lambda path: read.append(path) or "other")
    for _ in range(3):
        models.poll()
    once = len(read)
    assert once
    models.poll()
    assert len(read) == once
    (publish.folder / "2" / "fingerprint.pb").touch()
    models.poll()
    assert once < len(read) <= 2 * once


def test_an_error_of_say_is_ignored(models, publish):
    def broken(line):
        raise BrokenPipeError(32, "Broken pipe")

    models._say = broken
    publish(1, 1)
    models.poll()
    publish(2, 2)
    models.poll()
    assert best_score(models) == 1.2


def test_a_folder_of_too_many_files_is_refused(models, publish, monkeypatch):
    monkeypatch.setattr(files, "MAX_ENTRIES", 3)
    publish(1, 1)
    models.poll()
    assert "more than 3 files" in models.versions("toy")[0].error


def test_the_newest_version_that_loads_is_served_at_start(models, publish):
    publish(1, 1)
    publish(2, 2, cut_graph)
    models.poll()
    assert best_score(models) == 1.1


def test_after_removing_the_newest_folder_the_one_before_is_served(models, publish):
    publish(1, 1)
    models.poll()
    publish(2, 2)
    models.poll()
    shutil.rmtree(publish.folder / "2")
    models.poll()
    assert best_score(models) == 1.1
    shutil.rmtree(publish.folder / "1")
    models.poll()  # no other version can replace it
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


@pytest.mark.slow
def test_no_request_fails_while_versions_change(publish, ask):
    """8 clients send requests while 5 versions replace each other."""
    publish(1, 1)
    with Server(publish.folder, port=0, limits=Limits(poll=0.01), say=lambda line: None) as server:
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
                    server.models._say = lambda reported, line=line, served=served: (
                        served.set() if reported == line else None
                    )
                    publish(2 - number % 2, number)
                    assert served.wait(60)
            finally:
                swapped.set()
            for one in clients:
                one.result(60)
        assert not failed
        assert scores == {1.1, 1.2}


def test_sessions_of_unloaded_versions_are_closed(models, publish, monkeypatch):
    from kerasrec.savedmodel import CLoader

    closed, close = [], CLoader.close
    monkeypatch.setattr(CLoader, "close", lambda self: (closed.append(1), close(self)))
    for number in range(1, 5):
        publish(1, number)
        models.poll()
    assert len(closed) == 3
    assert states(models)[4] == "AVAILABLE"


def test_the_status_lists_a_limited_number_of_versions(models, publish, monkeypatch):
    monkeypatch.setattr(Version, "load", lambda self: setattr(self, "state", "END"))
    for number in range(1, 40):
        (publish.folder / str(number)).mkdir()
        models.poll()
    assert len(states(models)) <= 18
    assert max(states(models)) == 39
