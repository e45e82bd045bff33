import sys

import pandas as pd
import pytest

from kerasrec.config.load import load_config
from kerasrec.data import Interactions, sql_table
from kerasrec.data.sql_table import read_sql
from kerasrec.errors import InputError
from kerasrec.training.read_data import read_data

duckdb = pytest.importorskip("duckdb", reason="data.sql needs DuckDB: kerasrec[sql]")


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame({"who": [7, 8, 7], "what": ["x", "x", "y"], "seen": [3, 1, 2]})
    frame.to_parquet("log.parquet")


def pairs(data):
    users = data.users.vocabulary.lookup(data.user).tolist()
    return list(zip(users, data.items.vocabulary.lookup(data.item).tolist(), strict=True))


def test_the_rows_of_a_query(log):
    data = Interactions.from_sql("select who as user, what as item, seen as ts from 'log.parquet'",
        {"timestamp": "ts"})  # fmt: skip
    assert pairs(data) == [("8", "x"), ("7", "y"), ("7", "x")]
    # A sum is a large decimal in DuckDB, and a whole number here.
    query = "select sum(who) as user, what as item from 'log.parquet' group by 2"
    data = Interactions.from_sql(query)
    assert sorted(pairs(data)) == [("15", "x"), ("7", "y")]


def test_a_config_names_a_query(log, tmp_path):
    (tmp_path / "a.yaml").write_text(
        "data:\n  sql: |\n    set threads = 1;\n    select * from 'log.parquet' where seen < 9\n"
        "  columns: {user: who, item: what, timestamp: seen}\nmodel: {class: Popularity}\n"
    )
    config = load_config(tmp_path / "a.yaml")
    assert config.data.label == "sql"
    assert pairs(read_data(config.data)) == [("8", "x"), ("7", "y"), ("7", "x")]
    (tmp_path / "b.yaml").write_text("data: {sql: select 1, path: x}\nmodel: {class: Popularity}\n")
    with pytest.raises(InputError, match="give one of name .*, path .*, sql .* and prepared"):
        load_config(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("selec 1", "sql: .*selec"),
        ("select * from 'gone.parquet'", "sql: .*gone.parquet"),
        ("copy (select 1) to 'out.csv'", "sql: COPY is not run: a source of data is read only"),
        ("create table a (b int); select * from a", "sql: CREATE is not run"),
        ("set threads = 1", "sql: the last statement must be a SELECT, got: set threads"),
        ("", "sql: the last statement must be a SELECT"),
    ],
)
def test_what_is_refused(log, tmp_path, query, match):
    with pytest.raises(InputError, match=match):
        read_sql(query)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.parquet"]


def test_a_bad_value_is_named_by_its_row(log):
    with pytest.raises(InputError, match="the result of the query, row 1, column 'user': the user"):
        Interactions.from_sql("select nullif(who, 8) as user, what as item from 'log.parquet'")


def test_a_result_that_does_not_fit(log, monkeypatch):
    monkeypatch.setattr(sql_table, "free_memory", lambda: 50)
    with pytest.raises(InputError, match=r"sql: after \d+ rows .* are free, and reading on takes"):
        read_sql("select * from 'log.parquet'")


def test_without_duckdb(monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(InputError, match=r"data.sql needs DuckDB, .*pip install .kerasrec\[sql\]"):
        read_sql("select 1")
