"""Which tests share a worker."""

import importlib.util
import pathlib

import pytest

SPEC = importlib.util.spec_from_file_location(
    "conftest_of_all", pathlib.Path(__file__).with_name("conftest.py")
)
CONFTEST = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(CONFTEST)


@pytest.mark.parametrize(
    "nodeid,group",
    [
        ("tests/cli/test_fit.py::test_a[one-2]", "tests/cli/test_fit.py"),
        ("tests/cli/test_fit.py::test_a[Hybrid]", "tests/cli/test_fit.py"),
        ("tests/zoo/test_zoo.py::test_save_and_load[SASRec]", "SASRec"),
        ("tests/zoo/test_zoo_bad_input.py::test_a[NeuMF-ratings]", "NeuMF"),
        ("tests/zoo/test_hybrid.py::test_by_hand", "tests/zoo/test_hybrid.py"),
        ("tests/zoo/test_rnn_recommender.py::test_a[lstm]", "tests/zoo/test_rnn_recommender.py"),
        ("kerasrec/errors.py::kerasrec.errors.InputError", "kerasrec/errors.py"),
    ],
)
def test_files_and_zoo_models_share_a_worker(nodeid, group):
    assert CONFTEST.tests_of_one_worker(nodeid) == group
