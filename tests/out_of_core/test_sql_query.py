"""The result of a query, prepared on disk and read into memory."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions, splits
from kerasrec.errors import InputError
from kerasrec.out_of_core import SqlQuery, prepare

pytest.importorskip("duckdb", reason="prepare needs DuckDB: kerasrec[sql]")

NAMES = {"user": "who", "item": "what item", "timestamp": "seen", "value": "stars"}
QUERY = """
    set threads = 1;
    select who, what as "what item", strptime(day, 'day %d.%m.%Y') as seen, 'not read' as note,
        case how when 'buy' then 5 else 1 end as stars
    from 'clicks.csv' where what <> 'i0' order by who -- one time has several rows
"""


@pytest.fixture
def clicks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    days = pd.to_datetime(random.integers(0, 20, 300), unit="D")
    frame = pd.DataFrame(
        {
            "who": random.integers(0, 30, 300),
            "what": np.char.add("i", random.integers(0, 20, 300).astype(str)),
            "day": days.strftime("day %d.%m.%Y"),
            "how": random.choice(["buy", "view"], 300),
        }
    )
    frame.to_csv("clicks.csv", index=False)
    return frame


def test_the_rows_of_memory(clicks, tmp_path, assert_same_parts):
    clean = {"min_user_events": 8, "start": "1970-01-05"}
    prepared = prepare(SqlQuery(QUERY), "p", NAMES, clean=clean)
    data = Interactions.from_sql(QUERY, NAMES, clean=clean)
    assert_same_parts(prepared.split(), splits.next_item(data))
    assert prepared.manifest["sources"] == [{"sql": QUERY}]
    assert prepared.manifest["columns"] == NAMES
    assert len(prepared.manifest["dropped"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clicks.csv", "p"]


def test_a_query_is_always_run_again(clicks):
    query = SqlQuery("select who as user, what as item from 'clicks.csv'")
    whole = prepare(query, "p").manifest["counts"]["rows_read"]
    clicks[:200].to_csv("clicks.csv", index=False)
    assert (whole, prepare(query, "p").manifest["counts"]["rows_read"]) == (300, 200)


def test_a_folder_of_parquet_is_no_folder_of_a_query(clicks, tmp_path):
    clicks.to_parquet("clicks.parquet")
    columns = {"user": "who", "item": "what"}
    prepare(SqlQuery("from 'clicks.parquet'"), "p", columns)
    assert "file" in prepare("clicks.parquet", "p", columns).manifest["sources"][0]


@pytest.mark.parametrize(
    "query, message",
    [
        ("selec 1", "sql: .*selec"),
        ("select * from 'gone.csv'", "sql: .*gone.csv"),
        ("create table a (b int); select * from a", "sql: CREATE is not run"),
        ("select 1 as user", "the result of the query: no column 'item'"),
        ("select 1 as user, 0.5 as item", r"the query: column 'item' .* is DECIMAL.* exp"),
        ("select 1 as user, 2 as item, '1.5.' as value", "'value'.* is VARCHAR; .*SqlQuery"),
        ("select 1 as user, 2 as item where false", "the result of the query: no data rows"),
        ("select unnest([7, null]) as user, 2 as item",
         "the result of the query, row 1, column 'user': the user is missing"),
        ("select 7 as user, 2 as item", "the result of the query, column 'user': '7' is the only"),
        ("select 7 as user, error('broken')::int as item", "sql: .*broken"),
    ],
)  # fmt: skip
def test_what_is_refused(clicks, tmp_path, query, message):
    with pytest.raises(InputError, match=message):
        prepare(SqlQuery(query), "p")
    assert [path.name for path in tmp_path.iterdir()] == ["clicks.csv"]


def test_what_can_be_known_is_refused_before_the_query_runs(clicks, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    query = SqlQuery("select who as user, error('ran')::int as item from 'clicks.csv'")
    for arguments, message in (
        ({"split": {"protocol": "time"}}, "The split time needs the column 'timestamp'"),
        ({"clean": {"start": 5}}, "clean.start reads the time of a row"),
        ({"memory": 0}, "expected GiB above 0"),
        ({"folder": "full"}, "is no prepared folder"),
    ):
        with pytest.raises(InputError, match=message):
            prepare(query, **{"folder": "p", **arguments})


def test_text_is_read_by_a_query(clicks, tmp_path):
    readers = {"clicks.csv": "read_csv", "logs/*.csv.gz": "read_csv", "clicks.jsonl": "read_json"}
    for name, reader in readers.items():
        with pytest.raises(InputError) as error:
            prepare(name, "p")
        assert f"""SqlQuery("select * from {reader}('{name}')")""" in str(error.value)


def test_the_memory_of_a_query_is_limited(clicks):
    query = "select range as user, list(range) over () as item from range(1000000)"
    query = f"select user, len(item) as item from ({query})"
    with pytest.raises(InputError, match="Out of Memory"):
        prepare(SqlQuery(query), "p", memory=0.01, threads=1)
