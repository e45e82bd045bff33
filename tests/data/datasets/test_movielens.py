"""MovieLens from hand-made files of its formats, and the real ones where `KERASREC_DATA` is."""

import dataclasses
import os
import zipfile

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.datasets import load, movielens
from kerasrec.errors import InputError

real = pytest.mark.skipif(not os.environ.get("KERASREC_DATA"), reason="KERASREC_DATA is not set")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An invented MovieLens 1M of 3 users and 3 movies, without its ratings."""
    monkeypatch.setenv("KERASREC_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KERASREC_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "data" / "ml1m"
    folder.mkdir(parents=True)
    (folder / "movies.dat").write_text(
        "10::The Café (1990)::Comedy|Drama\n20::Dust (1991)::Western\n30::Unseen (1992)::War\n",
        encoding="utf-8",
    )
    (folder / "movies_extrainfos.dat").write_bytes(
        b"10::The Cafe::1990::R::x::Comedy::d::w::a::A waiter waits.::p\r\n"
        b"20::Dust::1991::R::x::Western::d::w::a::N/A::p\r\n"
    )
    (folder / "users.dat").write_text("7::F::1::10::0\n8::M::56::16::1\n9::M::25::15::2\n")
    return folder


def external(data):
    users = data.users.vocabulary.lookup(data.user).tolist()
    return list(zip(users, data.items.vocabulary.lookup(data.item).tolist(), strict=True))


def test_sequences_with_titles_and_features(folder):
    (folder / "sequences_sasrec_ids.txt").write_text("1 1 2\n2 2\n3 2 1\n")
    (folder / "sas_item_to_movie.txt").write_text("1 20\n2 10\n")
    (folder / "sas_user_to_user.txt").write_text("1 9\n2 7\n3 8\n")
    data = load("ml-1m", length=6)
    assert external(data) == [("9", "20"), ("9", "10"), ("7", "10"), ("8", "10"), ("8", "20")]
    rows = data.items.vocabulary.rows(["10", "20"])
    assert data.items.title_of(rows).tolist() == ["The Café (1990)", "Dust (1991)"]
    assert len(data.items) == 4  # the movie that no one saw is no candidate
    text = data.items.encoders["text"]
    words = text.vocabulary.lookup(data.items.columns["text"][rows])
    assert words.tolist() == [
        ["the", "café", "1990", "comedy", "drama", "a"],
        ["dust", "1991", "western", "", "", ""],
    ]
    gender = data.users.encoders["gender"].vocabulary
    users = data.users.vocabulary.rows(["7", "8"])
    assert gender.lookup(data.users.columns["gender"][users]).tolist() == ["F", "M"]
    plain = load("ml-1m", features=False)
    assert not plain.items.features and plain.items.title_of(rows)[1] == "Dust (1991)"
    ids = load("ml-1m", variant="ids")
    assert external(ids) == [("1", "1"), ("1", "2"), ("2", "2"), ("3", "2"), ("3", "1")]


def test_ratings_with_folds(folder):
    (folder / "ratings_5fold.csv").write_text("user,movie,rating,fold\n7,10,4,1\n8,20,5,2\n")
    data = load("ml-1m", variant="ratings", features=False)
    assert external(data) == [("7", "10"), ("8", "20")]
    assert data.value.tolist() == [4, 5] and data.fold.tolist() == [1, 2]


def test_timestamps_from_the_archive(folder, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "ml-1m.zip", "w") as archive:
        archive.writestr("ml-1m/ratings.dat", "7::10::4::978300760\n8::20::5::978300000\n")
    zipped = tmp_path / "ml-1m.zip"
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: open(zipped, "rb"))
    with pytest.raises(InputError, match="md5 .* expected c4d9eecfca2ab87c1945afe126590906"):
        load("ml-1m", variant="timestamps", features=False)
    unchecked = dataclasses.replace(movielens.TIMED, archive_check="")
    monkeypatch.setattr(movielens, "TIMED", unchecked)
    data = load("ml-1m", variant="timestamps", features=False)
    assert external(data) == [("8", "20"), ("7", "10")]
    assert data.value.tolist() == [5, 4] and data.timestamp.tolist() == [978300000, 978300760]


def test_pairs_of_the_sequences_are_named_in_errors(folder):
    (folder / "ml-1m.txt").write_text("1 1\n2 2\n3 2\n3 1\n")
    assert external(load("ml-1m", variant="ids")) == [
        ("1", "1"),
        ("2", "2"),
        ("3", "2"),
        ("3", "1"),
    ]
    (folder / "ml-1m.txt").write_text("1 1\n1 2\n")
    with pytest.raises(InputError, match=r"ml1m[/\\]ml-1m.txt, column 'user'.*only user"):
        load("ml-1m", variant="ids")


@pytest.mark.parametrize(
    ("variant", "name", "source"),
    [
        ("sequences", "sequences_sasrec_ids.txt", "no public address.*variant='timestamps'"),
        ("ids", "ml-1m.txt", "raw.githubusercontent.com/.*/ml-1m.txt failed"),
        ("ratings", "ratings_5fold.csv", "no public address.*variant='timestamps'"),
        ("timestamps", "ratings.dat", "files.grouplens.org/.*/ml-1m.zip failed"),
    ],
)
def test_a_file_that_cannot_be_had(folder, tmp_path, monkeypatch, variant, name, source):
    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", no_network)
    with pytest.raises(InputError, match=f"^ml1m/{name} is not here.*{source}") as caught:
        load("ml-1m", variant=variant)
    for root in ("data", "cache"):
        assert str(tmp_path / root / "ml1m" / name) in str(caught.value)


def test_unknown_variant():
    with pytest.raises(InputError, match="variant='time': expected one of sequences, ids"):
        load("ml-1m", variant="time")


def test_without_the_id_map_the_error_names_the_way_out(folder):
    (folder / "sequences_sasrec_ids.txt").write_text("1 1 2\n")
    with pytest.raises(InputError, match="sas_user_to_user.txt.*variant='timestamps'"):
        load("ml-1m")


def test_ml_100k_folds_are_the_test_files(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASREC_DATA", str(tmp_path))
    folder = tmp_path / "ml100k"
    folder.mkdir()
    rows = [f"{1 + n % 2}\t{1 + n}\t{1 + n % 5}\t{100 - n}\n" for n in range(6)]
    for fold in range(1, 5):
        (folder / f"u{fold}.test").write_text(rows[fold - 1])
    (folder / "u5.test").write_text(rows[3])  # as published, it repeats some of u4.test
    (folder / "u1.base").write_text("".join(rows[1:]))
    flags = ["1" if n in (1, 5) else "0" for n in range(19)]
    (folder / "u.item").write_text(
        "".join(f"{n}|Fée {n}|d||u|{'|'.join(flags)}\n" for n in range(1, 7)), encoding="latin-1"
    )
    (folder / "u.user").write_text("1|20|F|writer|0\n2|40|M|doctor|1\n")
    data = load("ml-100k")
    by_item = dict(zip(data.items.vocabulary.lookup(data.item), data.fold.tolist(), strict=True))
    assert by_item == {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 5}
    assert data.timestamp.tolist() == list(range(95, 101))
    assert data.items.title_of([2])[0] == "Fée 1"
    genres = data.items.encoders["genres"].vocabulary
    assert genres.lookup(data.items.columns["genres"][2]).tolist() == ["Action", "Comedy"]
    np.testing.assert_allclose(data.users.columns["age"][2:], [-1, 1])


@real
def test_real_ml_1m():
    data = load("ml-1m", features=False)
    assert (len(data.users) - 2, len(data.items) - 2, len(data)) == (6040, 3416, 999611)
    first = data.item[data.user == data.users.vocabulary.rows(["5988"])[0]][0]
    assert data.items.vocabulary.lookup([first])[0] == "1198"  # SASRec's user 1 and item 1
    assert "Raiders of the Lost Ark" in data.items.title_of([first])[0]


@real
def test_real_ml_1m_ratings():
    data = load("ml-1m", variant="ratings", features=False)
    assert (len(data.users) - 2, len(data.items) - 2, len(data)) == (6040, 3706, 1000209)
    assert np.bincount(data.fold).tolist() == [0, 200042, 200042, 200042, 200042, 200041]


@real
def test_real_ml_100k():
    data = load("ml-100k")
    assert (len(data.users) - 2, len(data.items) - 2, len(data)) == (943, 1682, 100_000)
    assert np.bincount(data.fold).tolist() == [0] + [20_000] * 5
    assert pd.Timestamp(data.timestamp[0], unit="s").year == 1997


@real
def test_ncf_split_has_the_papers_counts_and_negatives():
    data = load("ml-1m-ncf")
    assert len(data) == 1_000_209 and (data.fold == 1).sum() == 6040
    assert data.negatives.lengths[2:].tolist() == [99] * 6040
    assert data.items.title_of(data.items.vocabulary.rows(["0"]))[0].startswith("One Flew Over")
    seen = data.histories()
    assert not set(data.negatives[2]) & set(seen[2])


@real
def test_cold_split_has_the_published_counts_and_features():
    data = load("ml-1m-cold", more=True)
    assert np.bincount(data.fold).tolist() == [529_953 - 1, 106_696 - 1, 296_871 - 1]
    assert [len(np.unique(data.item[data.fold == fold])) for fold in range(3)] == [1811, 302, 905]
    toy_story = data.items.vocabulary.rows(["1"])[0]

    def values(name):
        column = np.atleast_1d(data.items.columns[name][toy_story])
        return set(data.items.encoders[name].vocabulary.lookup(column).tolist()) - {""}

    assert {"John Lasseter", "Joss Whedon", "Tom Hanks"} <= values("people")
    assert values("directors") == {"John Lasseter"} and values("month") == {"Nov"}
    assert values("years") == {str(year) for year in range(1991, 2000)}
    assert values("kinds") == {"Animation", "Adventure", "Comedy"}
    assert data.items.title_of([toy_story])[0].startswith("Toy Story")
    assert data.items.missing["years"] == 0
