"""`kerasrec serve` in a process of its own, as a user starts and stops it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import tensorflow as tf
import urllib3

from kerasrec.cli import main
from kerasrec.export.without_saving import remove_saving
from kerasrec.savedmodel.files import list_files
from kerasrec.savedmodel.metadata import EXTRA_FOLDER, FORMAT, METADATA
from kerasrec.serving.limits import Limits
from kerasrec.serving.models import Models


class Echo(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def echo(self, text):
        return {"text": text}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serve") / "echo"
    echo = Echo()
    tf.saved_model.save(echo, str(folder / "1"), {"serving_default": echo.echo})
    return folder


def start(folder, *options):
    # What is served is no export of kerasrec.
    options = ("--port", "0", "--trust", *options)
    command = [sys.executable, "-m", "kerasrec", "serve", str(folder), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_and_ends_at_a_signal(folder, number):
    with start(folder) as process:
        try:
            page, rest = (process.stdout.readline() for _ in range(2))
            assert page.startswith("http://127.0.0.1:") and page.endswith("/  the page\n")
            url = rest.split()[0]
            assert url.endswith("/v1/models/echo:predict")
            with urllib3.PoolManager(retries=False) as pool:
                answer = pool.request("POST", url, json={"instances": ["a"]})
                assert (answer.status, answer.json()) == (200, {"predictions": ["a"]})
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert said.splitlines() == [
        "echo: version 1 is served", "stopping: requests in flight are answered first",
        "echo: version 1 is unloaded",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_new_version_is_served_when_stdout_is_closed(folder, tmp_path):
    shutil.copytree(folder / "1", tmp_path / "echo" / "1")
    with start(tmp_path / "echo") as process:
        try:
            process.stdout.readline()
            url = process.stdout.readline().split()[0].removesuffix(":predict")
            process.stdout.close()
            process.stderr.close()
            shutil.copytree(folder / "1", tmp_path / "copy")
            (tmp_path / "copy").rename(tmp_path / "echo" / "2")
            with urllib3.PoolManager(retries=False) as pool:
                end = time.monotonic() + 60
                states = []
                while states != ["AVAILABLE", "END"] and time.monotonic() < end:
                    answer = pool.request("GET", url).json()["model_version_status"]
                    states = [version["state"] for version in answer]
            assert states == ["AVAILABLE", "END"]
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        finally:
            process.kill()
    assert process.returncode == 0


def test_a_thread_that_ends_ends_the_server_with_a_message(folder, monkeypatch):
    from kerasrec.serving.server import Server

    monkeypatch.setattr(Server, "ended", lambda server: ["versions"])
    monkeypatch.setattr("kerasrec.cli.serve.CHECK_SECONDS", 0.01)
    with pytest.raises(RuntimeError, match="the thread versions of the server has ended"):
        main(["serve", str(folder), "--port", "0", "--trust"])


def test_a_graph_that_writes_a_file_is_not_run(tmp_path, capsys):
    """Its initialization would write it, before anybody asks."""
    written = tmp_path / "written"

    class Hostile(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
        def recommend(self, text):
            tf.io.write_file(str(written), "by a model")
            return {"text": text}

    hostile, where = Hostile(), tmp_path / "hostile" / "1"
    tf.saved_model.save(hostile, str(where), {"recommend": hostile.recommend})
    remove_saving(where)
    for listed in (False, True):
        if listed:
            (where / EXTRA_FOLDER).mkdir()
            about = {"format": FORMAT, "files": list_files(where)}
            (where / METADATA).write_text(json.dumps(about))
        for command in ("serve", "verify", "recommend"):
            options = {"recommend": ["--user", "a"], "serve": ["--port", "0"]}.get(command, [])
            status = 1 if listed and command == "verify" else 2
            assert main([command, str(where), *options]) == status
            said = capsys.readouterr().err
            assert ("WriteFile" if listed else "kerasrec.json") in said
    assert not written.exists()
    models = Models(where.parent, limits=Limits(), say=print, trust=True)
    models.poll()
    assert models.names() == ["hostile"] and written.exists()
    models.close()


def test_json_batching_and_another_host(folder, tmp_path):
    config = tmp_path / "batching.config"
    config.write_text("max_batch_size { value: 8 }")
    options = ("--json", "--host", "0.0.0.0", "--name", "parrot", "--batching-config", str(config))
    with start(folder, *options) as process:
        try:
            text = "".join(iter(process.stdout.readline, "}\n")) + "}"
            where = json.loads(text)
            with urllib3.PoolManager(retries=False) as pool:
                url = f"http://127.0.0.1:{where['port']}/v1/models/parrot:predict"
                answer = pool.request("POST", url, json={"inputs": ["a", "b"]})
                assert answer.json() == {"outputs": ["a", "b"]}
            process.terminate()
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert where["model"] == "parrot" and where["grpc_port"] is None
    assert "there is no authentication" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["none"], "is not a folder"),
        (["{folder}", "--max-body", "0"], "--max-body must be above 0 and at most 1024: got 0"),
        (["{folder}", "--batching-config", "none"], "none: cannot be read"),
    ],
)
def test_what_is_wrong_is_named(folder, capsys, options, sentence):
    options = [option.format(folder=folder) for option in options]
    assert main(["serve", *options, "--port", "0"]) == 2
    assert sentence in capsys.readouterr().err


def test_a_missing_package_is_named(folder, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("kerasrec.serving.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve", str(folder)]) == 2
    assert (
        'uvicorn is not installed: run `pip install "kerasrec[serving]"`' in capsys.readouterr().err
    )
