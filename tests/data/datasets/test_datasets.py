"""Names and options of `load`; the real files where `KERASREC_DATA` has them."""

import os

import numpy as np
import pytest

from kerasrec.data.datasets import NAMES, load
from kerasrec.errors import InputError

real = pytest.mark.skipif(not os.environ.get("KERASREC_DATA"), reason="KERASREC_DATA is not set")
REAL = ("ml-1m", "ml-1m-ncf", "ml-1m-cold", "ml-100k", "gowalla", "beauty")


def shape(data):
    return len(data.users) - 2, len(data.items) - 2, len(data)


def test_names():
    assert NAMES == (
        "ml-1m",
        "ml-1m-ncf",
        "ml-1m-cold",
        "ml-100k",
        "gowalla",
        "beauty",
        "synthetic",
        "adult",
        "frappe",
        "ml-1m-clicks",
    )


def test_unknown_name():
    with pytest.raises(InputError, match="No data set 'ml-10m': did you mean 'ml-1m'"):
        load("ml-10m")


def test_unknown_option():
    with pytest.raises(InputError, match="no option 'user'; there are users, items, seed"):
        load("synthetic", user=3)
    with pytest.raises(InputError, match="no option 'features'; there are none"):
        load("gowalla", features=False)


def test_base_keeps_rows():
    first = load("synthetic", users=30, items=100)
    again = load("synthetic", base=(first.users, first.items), users=40, items=120, seed=1)
    assert shape(again)[:2] == (40, 120)
    assert again.items.vocabulary.ids[:100].tolist() == first.items.vocabulary.ids.tolist()


@pytest.mark.parametrize("name", REAL)
def test_missing_files_are_named(name, tmp_path, monkeypatch):
    monkeypatch.setenv("KERASREC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KERASREC_CACHE", str(tmp_path / "cache"))

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    with pytest.raises(InputError) as error:
        load(name)
    assert str(tmp_path / "data") in str(error.value)
    assert str(tmp_path / "cache") in str(error.value)


@real
def test_gowalla():
    data = load("gowalla")
    assert shape(data) == (29858, 40981, 810128 + 217242)
    assert np.bincount(data.fold).tolist() == [810128, 217242]


@real
def test_beauty():
    assert shape(load("beauty", features=False)) == (22363, 12101, 198502)
    data = load("beauty")
    assert data.items.features[0].kind == "text" and data.items.features[0].length == 12
    item = data.items.vocabulary.rows(["1"])
    assert data.items.title_of(item)[0] == "nail lacquer simmer and shimmer"
