import gzip

import pandas as pd
import pytest
import yaml

from kerasrec.config import load_config


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Two customers, a crawler with 70 rows in a minute, a duplicate and a missing id."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"c{i % 2}", f"p{i}", f"{i % 28 + 1:02d}.01.2024 10:00", 5) for i in range(40)]
    rows += [("crawler", f"p{i}", "05.05.2024 10:00", 1) for i in range(70)]
    rows += [rows[-1], (None, "p1", "05.05.2024 10:00", 1)]
    frame = pd.DataFrame(rows, columns=["CustomerID", "SKU", "Order Date", "Rating"])
    frame["Comment"] = "a text; nobody reads it " * 9
    frame.to_csv("shop.csv", index=False, sep=";")
    return frame


def test_what_is_in_a_table_fits_80_columns(kerasrec, shop):
    status, out, _ = kerasrec("describe", "shop.csv")
    assert status == 0 and max(map(len, out.splitlines())) <= 80
    for line in (
        "  user       CustomerID  (guessed by its name)",
        "  timestamp  Order Date  (guessed by its name, written as %d.%m.%Y %H:%M)",
        "  not read   Comment  (such as 'a text; nobody reads it a text; nobody reads it…",
        "112 rows read, 110 interactions of 3 users with 70 items (density 52.38%).",
        "1 duplicate row merged (the last one kept).",
        "1 row dropped: missing user.",
        "Events of a user: least 20, median 20, p90 60, p99 69, most 70",
        "   17-32  ######################################## 2",
        "1 user has more than 60 events within a minute: crawler (70).",
    ):
        assert line in out.splitlines(), line


def test_json_and_a_config_that_loads(kerasrec, shop, tmp_path):
    status, found, _ = kerasrec("describe", "shop.csv", "--json")
    assert status == 0 and found["report"]["interactions"] == 110
    assert found["bots"] == {"crawler": 70}
    assert list(found["unused"]) == ["Comment"]
    # The last tenth: 11 of the crawler's 70 rows, which share one time, so all 70.
    assert found["leak"] == {"rows": 0, "of": 70}
    config = yaml.safe_load(found["yaml"])
    assert config["data"]["clean"] == {"time_format": "%d.%m.%Y %H:%M", "max_events_per_minute": 60}
    (tmp_path / "a.yaml").write_text(found["yaml"])
    loaded = load_config(tmp_path / "a.yaml")
    assert loaded.data.separator == ";" and loaded.data.on_error == "drop"
    from kerasrec.training.read_data import read_data

    data = read_data(loaded.data)
    assert data.users.vocabulary.ids.tolist() == ["c0", "c1"] and len(data) == 40


def test_parquet_and_given_columns(kerasrec, shop, tmp_path):
    shop.rename(columns={"CustomerID": "who"}).to_parquet("shop.parquet")
    status, _, error = kerasrec("describe", "shop.parquet")
    assert status == 2 and "no column looks like users; name it, as --columns user=NAME." in error
    status, found, _ = kerasrec("describe", "shop.parquet", "--json", "--columns", "user=who")
    assert status == 0 and found["columns"]["user"] == "who" and found["report"]["users"] == 3
    status, _, error = kerasrec("describe", "shop.parquet", "--columns", "buyer=who")
    assert status == 2 and "--columns buyer=who: expected KEY=NAME, where KEY is one of" in error


def test_a_packed_file_and_a_value_that_is_a_word(kerasrec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with gzip.open("log.tsv.gz", "wt") as file:
        file.write("user\titem\tscore\n" + "a\tx\tgood\nb\ty\tbad\n" * 3)
    status, found, _ = kerasrec("describe", "log.tsv.gz", "--json")
    assert status == 0 and found["columns"] == {"user": "user", "item": "item"}
    assert yaml.safe_load(found["yaml"])["model"] == {"class": "MatrixFactorization"}
    status, _, error = kerasrec("describe", "gone.csv")
    assert status == 2 and "gone.csv: no such file" in error


def test_a_prepared_folder_is_named_as_one(kerasrec, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")
    status, _, error = kerasrec("describe", str(tmp_path))
    assert status == 2 and "a prepared folder, which holds rows in place of ids" in error
