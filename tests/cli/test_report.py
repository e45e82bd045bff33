"""`kerasrec report` on tables that are counted by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.cli import main
from kerasrec.events import Event, open_store
from kerasrec.events.user_hash import UserHash

DAY, T = 86_400.0, 100 * 86_400.0


@pytest.fixture
def folder(tmp_path):
    """300 people on each of two versions; version 2 has twice the clicks; items 0 to 4."""
    random = np.random.default_rng(0)
    people = np.repeat(np.arange(600), 20)
    place, n = np.tile(np.arange(20), 600), len(people)
    second = people % 2 == 1
    shown = pd.DataFrame(
        {
            "request": [f"r{p}-{one // 2}" for p, one in zip(people, place, strict=True)],
            "user": [f"u{p}" for p in people],
            "item": random.integers(0, 5, n).astype(str),
            "timestamp": T + place // 2 * DAY,
            "position": place % 2 + 1,
            "version": np.where(second, "4", "3"),
            "propensity": 0.2,
            "click": (random.random(n) < np.where(second, 0.2, 0.1)).astype(float),
        }
    )
    shown.to_parquet(tmp_path / "impressions.parquet")
    done = shown.loc[shown["click"] > 0, ["user", "item", "timestamp"]]
    done.assign(timestamp=done["timestamp"] + 5).to_parquet(tmp_path / "interactions.parquet")
    done.to_parquet(tmp_path / "train.parquet")
    return tmp_path


def test_people_read_a_table_and_a_verdict(folder, capsys):
    plot = folder / "plot.png"
    options = [
        "--shares",
        "3=50,4=50",
        "--train",
        str(folder / "train.parquet"),
        "--plot",
        str(plot),
    ]
    assert main(["report", str(folder), *options]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "12,000 impressions of 6,000 requests to 600 people" in text
    assert "Version 4 minus 3: +" in text and "they differ" in text
    assert "Sample ratio: p 1, as asked for." in text
    assert "Unknown users 0.0%, unknown items 0.0%" in text and "hit rate 1.0000" in text
    assert plot.exists()


def test_programs_read_json(folder, capsys):
    assert main(["report", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["group"] for row in found["versions"]] == ["3", "4"]
    assert found["tests"]["4"][-1]["p"] < 0.001 and found["drift"] is None


def test_days_leave_out_what_is_older(folder, capsys):
    assert main(["report", str(folder), "--json", "--days", "3"]) == 0
    assert json.loads(capsys.readouterr().out)["impressions"] == 3 * 1200


def test_a_store_is_read_as_its_tables(tmp_path, capsys):
    """Two requests of version 3: the second item of the first is clicked, and bought."""
    url = f"sqlite:///{tmp_path}/events.db"
    with open_store(url) as store:
        for n in range(2):
            shown = Event(
                "impression", f"i{n}", T + n * DAY, "u", request=f"r{n}", items=("a", "b")
            )
            store.append([shown._replace(version="3", propensities=(0.9, 0.2))])
        click = Event("interaction", "c", T + 9, "u", request="r0", item="b", behavior="click")
        store.append([click, click._replace(id="d", behavior="buy")])
    assert main(["report", url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (version,) = found["versions"]
    assert [version[key] for key in ("group", "impressions", "clicks")] == ["3", 4, 1]
    (week,) = found["weeks"]
    assert (week["interactions"], week["hit_rate"], week["mrr"]) == (1, 1.0, 0.5)


def test_hashed_users_are_known_by_the_key(folder, capsys, monkeypatch):
    key = "0123456789abcdef"
    monkeypatch.setenv("KERASREC_EVENTS_KEY", key)
    hashed = UserHash(key.encode())
    for name in ("impressions", "interactions"):
        frame = pd.read_parquet(folder / f"{name}.parquet")
        frame["user"] = [hashed.user(one) for one in frame["user"]]
        frame.to_parquet(folder / f"{name}.parquet")
    options = ["report", str(folder), "--train", str(folder / "train.parquet"), "--json"]
    for more, unknown in (([], 1.0), (["--no-users"], 0.0)):
        assert main([*options, *more]) == 0
        assert json.loads(capsys.readouterr().out)["drift"]["unknown_users"] == unknown


def test_drift_above_a_threshold_ends_with_status_1(folder, capsys):
    train = pd.DataFrame({"user": ["u1"], "item": ["0"], "timestamp": [T - DAY]})
    train.to_csv(folder / "other.csv", index=False)
    options = ["--train", str(folder / "other.csv"), "--drift-above"]
    assert main(["report", str(folder), *options, "0.5"]) == 1
    assert "is above 0.5" in capsys.readouterr().err
    assert main(["report", str(folder), *options, "1"]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["no/such"], "no/such: no such folder, and no URL"),
        (["sqlite:///none.db"], "sqlite:///none.db: no such file"),
        (["."], "has no impressions.parquet: give `parquet:"),
        (["{folder}", "--drift-above", "2"], "from 0 to 1"),
        (["{folder}", "--drift-above", "0.1"], "needs --train"),
        (["{folder}", "--days", "0"], "at least 1: got 0"),
        (["{folder}", "--shares", "3"], "stable=90,canary=10"),
        (["{folder}", "--train", "none.csv"], "none.csv: cannot be read"),
    ],
)
def test_refused(options, said, folder, capsys):
    assert main(["report", *(one.format(folder=folder) for one in options)]) == 2
    assert said in capsys.readouterr().err
