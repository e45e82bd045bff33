"""Exports a large untrained Hybrid, and runs `kerasrec serve` in its own process."""

import json
import os
import subprocess
import sys

import numpy as np

WORDS = 2000
TITLE = 4


def export_hybrid(folder, items, k):
    """Exports a Hybrid with random weights and invented items, for measurements of speed."""
    import keras
    import pandas as pd

    from kerasrec.data import Interactions
    from kerasrec.export import export
    from kerasrec_zoo import Hybrid

    random = np.random.default_rng(0)
    names = np.array([f"item-{number}" for number in range(items)])
    words = np.array([f"word{number}" for number in range(WORDS)])
    titles = [" ".join(row) for row in words[random.integers(0, WORDS, (items, TITLE))]]
    users = max(20, items // 50)
    pairs = pd.DataFrame({"user": np.repeat(np.arange(users), 20).astype(str)})
    pairs["item"] = names[random.integers(0, items, len(pairs))]
    train = Interactions.from_frame(
        pairs.drop_duplicates(),
        item_frame=pd.DataFrame({"item": names, "title": titles}),
        item_features={"title": {"kind": "text", "length": TITLE}},
    )
    keras.utils.set_random_seed(0)
    model = Hybrid(train.schema(history_length=50), dim=64)
    model.adapt(train)
    export(model, folder, k=k)
    return names


class ServerProcess:
    """Context manager that runs `kerasrec serve FOLDER` on free ports.

    Attributes:
        process: The `subprocess.Popen`.
        port, grpc_port: Ports of the server.
    """

    def __init__(self, folder, *options):
        command = [sys.executable, "-m", "kerasrec", "serve", str(folder), "--port", "0"]
        command += ["--grpc-port", "0", "--json", *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            text = "".join(iter(self.process.stdout.readline, "}\n")) + "}"
            ports = json.loads(text)
        except ValueError:
            self.process.kill()
            raise RuntimeError(
                f"the server does not start:\n{self.process.communicate()[1]}"
            ) from None
        self.port, self.grpc_port = ports["port"], ports["grpc_port"]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        try:
            self.process.communicate(timeout=60)
        finally:
            self.process.kill()
