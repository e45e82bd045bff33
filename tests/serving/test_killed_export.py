"""An export that is killed leaves no folder that a server would load as a version."""

import os
import subprocess
import sys

import pytest

from kerasrec.serving.limits import Limits
from kerasrec.serving.server import Server

pytestmark = pytest.mark.slow

# Exports to `sys.argv[1]`; prints a line and waits after writing the graph, before its folder is
# renamed.
EXPORT = """
import sys
from kerasrec.data import load
from kerasrec.export import export
from kerasrec_zoo import Popularity

def stop(*arguments):
    print("half", flush=True)
    sys.stdin.read()

sys.modules["kerasrec.export.export"].write_metadata = stop
train = load("synthetic", users=20, items=96)
model = Popularity(train.schema())
model.adapt(train)
export(model, sys.argv[1], k=5)
"""


def test_the_old_version_stays_in_service(publish, ask):
    publish(1, 1)
    command = [sys.executable, "-c", EXPORT, str(publish.folder / "2")]
    with (
        Server(publish.folder, port=0, limits=Limits(poll=3600), say=lambda line: None) as server,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        ) as process,
    ):  # fmt: skip
        try:
            assert process.stdout.readline() == "half\n"
            # The export is complete except for its name.
            (writing,) = (path for path in publish.folder.iterdir() if path.name != "1")
            assert (writing / "2" / "saved_model.pb").exists()
        finally:
            process.kill()
        process.wait(30)
        server.models.poll()
        _, answer = ask(server, "/v1/models/toy")
        assert [one["version"] for one in answer["model_version_status"]] == ["1"]
        body = {"inputs": {"history": [["a"]], "exclude": [[""]], "k": [1]}}
        assert ask(server, "/v1/models/toy:predict", body)[0] == 200
        publish(2, 2)
        server.models.poll()
        _, answer = ask(server, "/v1/models/toy")
        states = {one["version"]: one["state"] for one in answer["model_version_status"]}
        assert states == {"2": "AVAILABLE", "1": "END"}
