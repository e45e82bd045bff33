"""A hostile place: no network but this machine, fixed seeds; warnings are errors (setup.cfg)."""

import contextlib
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


@pytest.fixture
def largest_file():
    """`with largest_file(bytes)`: no file can grow beyond; for who writes it is as a full disk."""
    resource = pytest.importorskip("resource")

    @contextlib.contextmanager
    def limited(size):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited
