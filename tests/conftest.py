"""A hostile place: no network but this machine, fixed seeds; warnings are errors (setup.cfg)."""

import importlib.util
import os
import random
import socket

import numpy as np
import pytest

# Before TensorFlow is imported by any test.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

LOOPBACK = ("127.0.0.1", "::1", "localhost")

if importlib.util.find_spec("kerasrec_zoo") is None:
    raise RuntimeError('the tests need the package: run `pip install -e ".[test]"` first')


@pytest.fixture(autouse=True)
def _fixed_seeds():
    random.seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    connect = socket.socket.connect

    def refuse(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(f"a test wants to reach {address}: tests use no network")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield
