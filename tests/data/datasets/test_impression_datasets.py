"""The data sets of impressions, from files of a few rows in the format of the real ones."""

import numpy as np
import pytest

from kerasrec.data.datasets import load
from kerasrec.data.impression_split import given

ADULT = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,"
    "capital-gain,capital-loss,hoursperweek,nativecountry,incomes\n"
)
FRAPPE = "label,user,item,daytime,weekday,isweekend,homework,cost,weather,country,city\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASREC_DATA", str(tmp_path))
    monkeypatch.setenv("KERASREC_CACHE", str(tmp_path / "cache"))
    for name in ("adult", "frappe", "ml1m"):
        (tmp_path / name).mkdir()
    return tmp_path


def person(age, marital, income):
    return f"{age}, Private,1,HS-grad,9,{marital},Sales,Husband,White,Male,0,0,40,Peru,{income}\n"


def test_adult(folder):
    train = [person(20 + n, "Never-married" if n % 2 else "Divorced", "<=50K") for n in range(40)]
    (folder / "adult" / "adult.data.csv").write_text(ADULT + "".join(train))
    test = [person(50, "Never-married", " >50K."), person(51, "Widowed", "<=50K.")]
    (folder / "adult" / "adult.test.csv").write_text(ADULT + "".join(test))
    data = load("adult", validation=0.2)
    split = given(data)
    assert len(split.test) == 2 and len(split.train) + len(split.validation) == 40
    assert 2 <= len(split.validation) <= 16
    assert split.test.labels["income"].tolist() == [1, 0]
    assert split.test.labels["single"].tolist() == [1, 0]
    assert data.labels["single"].sum() == 21 and len(data.users) == len(data.items) == 2
    # What the labels are made of is no feature.
    assert not {"incomes", "marital_status"} & set(data.context)
    assert data.context["age_bucket"].dtype == np.int32 and "workclass" in data.context
    again = load("adult", validation=0.2, base=(data.users, data.items))
    np.testing.assert_array_equal(again.fold, data.fold)


def test_frappe(folder):
    rows = {
        "train_redrawn.csv": "1,7,9,1,2,3,4,5,6,7,8\n0,7,10,1,2,3,4,5,6,7,8\n",
        "valid.csv": "1,8,9,1,2,3,4,5,6,7,9\n",
        "test.csv": "0,8,10,1,2,3,4,5,6,7,8\n",
    }
    for name, text in rows.items():
        (folder / "frappe" / name).write_text(FRAPPE + text)
    data = load("frappe", rates=True)
    split = given(data)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [2, 1, 1]
    assert data.labels["label"].tolist() == [1, 0, 1, 0]
    assert data.users.vocabulary.lookup(data.user).tolist() == ["7", "7", "8", "8"]
    assert [(one.name, one.size) for one in data.crosses][:2] == [
        ("user_item_rate", 6),
        ("item_rate", 4),
    ]
    assert not load("frappe").crosses


def test_clicks_of_movielens(folder):
    rows = [f"{1 + n % 4},{10 + n % 3},{1 + n % 5},0" for n in range(50)]
    (folder / "ml1m" / "ratings_5fold.csv").write_text(
        "user,movie,rating,fold\n" + "\n".join(rows) + "\n"
    )
    (folder / "ml1m" / "movies.dat").write_text(
        "10::The Café (1990)::Comedy|Drama\n11::Dust (1991)::War\n12::Sea (1991)::War\n",
        encoding="utf-8",
    )
    (folder / "ml1m" / "users.dat").write_text(
        "".join(f"{n}::F::{n}::10::0\n" for n in range(1, 5))
    )
    data = load("ml-1m-clicks")
    # Ten ratings of each star: those of 3 are left out, 4 and 5 are clicks.
    assert len(data) == 40 and data.labels["click"].sum() == 20
    split = given(data)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [32, 4, 4]
    assert data.items.title_of(data.items.vocabulary.rows(np.array(["10"]))) == ["The Café (1990)"]
    assert {one.name for one in data.items.features} == {"genres", "year"}
    assert (load("ml-1m-clicks", seed=1).fold != data.fold).any()
