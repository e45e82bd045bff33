"""Losses of labels and calibrations give the same numbers on every backend."""

import functools
import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """`answers(backend)`: what `answer_blocks.py` has written on it."""

    @functools.cache
    def answers(backend):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(
                f'NOT TESTED: {backend} is not installed: pip install "kerasrec[{backend}]"'
            )
        file = tmp_path_factory.mktemp(backend) / "answers.json"
        script = pathlib.Path(__file__).with_name("answer_blocks.py")
        run = subprocess.run(
            [sys.executable, "-W", "ignore", str(script), str(file)],
            env={**os.environ, "KERAS_BACKEND": backend},
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        return json.loads(file.read_text())

    return answers


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_numbers_are_those_of_tensorflow(backend, answers):
    found, expected = answers(backend), answers("tensorflow")
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        pairs = zip(found[name], values, strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6, err_msg=name)
