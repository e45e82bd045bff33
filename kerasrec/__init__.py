"""Recommender building blocks for Keras 3, from a table of interactions to a served model."""

import importlib

__version__ = "0.1.0"

_SUBMODULES = (
    "batch_inference",
    "client",
    "data",
    "evaluation",
    "events",
    "export",
    "layers",
    "losses",
    "metrics",
    "models",
    "training",
)


def __getattr__(name):
    # Lazily, so that `kerasrec --help` does not wait for TensorFlow.
    if name in _SUBMODULES:
        return importlib.import_module(f"kerasrec.{name}")
    if name == "Client":
        return importlib.import_module("kerasrec.client").Client
    raise AttributeError(f"module 'kerasrec' has no attribute {name!r}")


def __dir__():
    return ["Client", "__version__", *_SUBMODULES]
