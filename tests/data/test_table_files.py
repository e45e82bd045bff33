import pandas as pd
import pytest

from kerasrec.config.load import load_config
from kerasrec.data import Interactions, parquet_parts, text_table
from kerasrec.errors import InputError
from kerasrec.training.read_data import read_data


@pytest.fixture
def logs(tmp_path):
    for day, user in (("2024-01-02", "b"), ("2024-01-01", "a"), ("2023-12-31", "z")):
        frame = pd.DataFrame({"user": [user, "c"], "item": ["x", "y"]})
        folder = tmp_path / "logs" / f"day={day}"
        folder.mkdir(parents=True)
        frame.to_parquet(folder / "part.parquet")
        frame.to_csv(tmp_path / "logs" / f"{day}.csv", index=False)
        frame.to_csv(tmp_path / "logs" / f"{day}.csv.gz", index=False)
    return tmp_path / "logs"


def users(data):
    return data.users.vocabulary.ids.tolist()


def test_a_pattern_names_several_files(logs):
    data = Interactions.from_csv(logs / "2024-*.csv")
    assert users(data) == ["a", "c", "b"] and data.report.rows_read == 4
    data = Interactions.from_parquet(logs / "day=2024-*", {"timestamp": "day"})
    assert users(data) == ["a", "c", "b"] and data.timestamp[0] == 1_704_067_200
    data = Interactions.from_parquet(logs / "*" / "*.parquet", {"timestamp": "day"})
    assert users(data) == ["z", "c", "a", "b"]
    (logs / "2024-01-02.csv").write_text("user,item\n,x\n")
    with pytest.raises(InputError, match="2024-01-02.csv, row 2, column 'user': the user is miss"):
        Interactions.from_csv(logs / "2024-*.csv")


def test_a_config_names_a_pattern_beside_it(logs):
    path = logs.parent / "a.yaml"
    path.write_text("data: {path: 'logs/2024-*.csv.gz'}\nmodel: {class: Popularity}\n")
    config = load_config(path)
    assert config.data.label == "2024"
    assert users(read_data(config.data)) == ["a", "c", "b"]
    path.write_text("data: {path: 'logs/2025-*.csv'}\nmodel: {class: Popularity}\n")
    with pytest.raises(InputError, match=r"logs/2025-\*.csv does not exist"):
        load_config(path)


def test_patterns_that_are_not_one_table(logs):
    for pattern, match in (
        ("2025-*", "no file matches. Relative paths start at"),
        ("*", "day=2023-12-31: the folder holds no part ending in .csv"),
        ("**/*.parquet", "no file"),
    ):
        with pytest.raises(InputError, match=match):
            Interactions.from_csv(logs / pattern)
    (logs / "2024-01-03.csv").write_text("user,thing\na,x\n")
    with pytest.raises(InputError, match=r"2024-01-03.csv: the columns \['user', 'thing'\] differ"):
        Interactions.from_csv(logs / "2024-*.csv")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_part_that_changes_while_it_is_read(kind, tmp_path, monkeypatch):
    rows = pd.DataFrame({"user": ["a", "b"], "item": ["x", "y"]})
    writes = {"parquet": pd.DataFrame.to_parquet, "csv": pd.DataFrame.to_csv}
    for name in "12":
        writes[kind](rows, tmp_path / f"{name}.{kind}", index=False)
    module, function = {
        "parquet": (parquet_parts, "categorical"),
        "csv": (text_table, "read_columns"),
    }[kind]
    real = getattr(module, function)

    def changing(*arguments):
        found = real(*arguments)
        writes[kind](pd.concat([rows, rows]), tmp_path / f"2.{kind}", index=False)
        return found

    monkeypatch.setattr(module, function, changing)
    read = {"parquet": Interactions.from_parquet, "csv": Interactions.from_csv}[kind]
    with pytest.raises(InputError, match=f"2.{kind}: changed while it was read. Read the table"):
        read(tmp_path)
