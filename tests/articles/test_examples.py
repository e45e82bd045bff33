"""The samples of the articles, written with the library: each runs and is short."""

import contextlib
import functools
import io
import pathlib
import re
import runpy

import keras
import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "examples" / "articles"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.py"))
MOST_LINES = 20


@functools.cache
def output_of(name):
    keras.utils.set_random_seed(0)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        runpy.run_path(str(FOLDER / name), run_name="__main__")
    return output.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert output_of(name).strip()


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_is_short(name):
    assert len((FOLDER / name).read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.slow
def test_factors_of_a_matrix_find_hidden_ratings():
    """
    21 | 000 5.1 | matrix factorization, rating matrix | 矩阵分解、评分矩阵

    use: [examples/articles/mf_of_a_matrix.py](../examples/articles/mf_of_a_matrix.py)
    command: python examples/articles/mf_of_a_matrix.py
    """
    error, of_their_mean = map(float, re.findall(r"\d\.\d+", output_of("mf_of_a_matrix.py")))
    # Stars are rounded: nothing finds them to less than 0.29.
    assert 0.2 < error < 0.5 < 1.0 < of_their_mean
