"""`kerasrec serve` in a process of its own, as a user starts and stops it."""

import json
import os
import signal
import subprocess
import sys

import pytest
import tensorflow as tf
import urllib3

from kerasrec.cli import main


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
    command = [sys.executable, "-m", "kerasrec", "serve", str(folder), "--port", "0", *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_ends_when_told(folder, number):
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
        (["none"], "is no folder"),
        (["{folder}", "--max-body", "0"], "--max-body must be above 0 and at most 1024: got 0"),
        (["{folder}", "--batching-config", "none"], "none: cannot be read"),
    ],
)
def test_what_is_wrong_is_said(folder, capsys, options, sentence):
    options = [option.format(folder=folder) for option in options]
    assert main(["serve", *options, "--port", "0"]) == 2
    assert sentence in capsys.readouterr().err


def test_what_is_not_installed_is_said(folder, capsys, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("kerasrec.serving.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve", str(folder)]) == 2
    assert (
        'uvicorn is not installed: run `pip install "kerasrec[serving]"`' in capsys.readouterr().err
    )
