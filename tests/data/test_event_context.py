"""Features of the request in which an interaction happened: read, split, batched and asked with."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import (
    Interactions,
    batches,
    candidate_impressions,
    drawn_impressions,
    host_arrays,
    splits,
)
from kerasrec.data.examples import examples_of
from kerasrec.data.schema import Feature, Schema
from kerasrec.errors import InputError
from kerasrec_zoo import Popularity

# In the order of the table, which is not that of time.
ROWS = pd.DataFrame(
    [
        ("u", "a", 50, "09", 5.0, "red hat"),
        ("u", "b", 10, "07", 1.0, "hat"),
        ("v", "a", 20, "07", 2.0, None),
        ("u", "c", 30, "08", 3.0, "a blue hat"),
        ("v", "c", 40, "", 4.0, "red"),
    ],
    columns=["user", "item", "timestamp", "hour", "price", "query"],
)
CONTEXT = {
    "hour": {"kind": "category"},
    "cost": {"kind": "number", "column": "price"},
    "query": {"kind": "text"},
}


def read(frame=ROWS, context=CONTEXT, **options):
    return Interactions.from_frame(frame, context=context, **options)


def hours(data):
    """The hour of each event, as the encoded column says it."""
    return data.context.encoders["hour"].vocabulary.lookup(data.context.columns["hour"]).tolist()


def test_each_event_has_its_own_values_in_time_order():
    data = read()
    assert data.timestamp.tolist() == [10, 20, 30, 40, 50]
    assert hours(data) == ["07", "07", "08", "", "09"]
    # The mean of 1 to 5 is 3, their standard deviation the root of 2.
    np.testing.assert_allclose(
        data.context.columns["cost"], np.arange(-2, 3) / np.sqrt(2), rtol=1e-6
    )
    assert data.context.columns["query"].shape == (5, 3)
    assert data.schema().context_features == (
        Feature("hour", "category", size=5),
        Feature("cost", "number"),
        Feature("query", "text", size=6, length=3),
    )
    assert data.report.missing_features == {"context.hour": 1, "context.query": 1}


def test_of_two_rows_that_say_the_same_the_last_one_counts():
    twice = pd.concat([ROWS, ROWS[:1].assign(hour="10")])
    assert hours(read(twice)) == ["07", "07", "08", "", "10"]
    lists = pd.DataFrame({"user": ["u", "v"], "item": ['["a", "b"]', '["c"]'], "hour": ["1", "2"]})
    data = read(lists, {"hour": {"kind": "category"}}, clean={"item_lists": True})
    assert hours(data) == ["1", "1", "2"]


def test_files_are_read_as_frames_are(tmp_path):
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    ROWS.to_parquet(tmp_path / "rows.parquet")
    for data in (
        Interactions.from_csv(tmp_path / "rows.csv", context=CONTEXT),
        Interactions.from_parquet(tmp_path / "rows.parquet", context=CONTEXT),
        Interactions.from_sql(f"select * from '{tmp_path / 'rows.parquet'}'", context=CONTEXT),
    ):
        # As an id, 07 of a text file is the number 7.
        assert [one.lstrip("0") for one in hours(data)] == ["7", "7", "8", "", "9"]
        assert data.context.encoders["query"] == read().context.encoders["query"]


@pytest.mark.parametrize(
    ("context", "columns", "message"),
    [
        ({"hour": {"kind": "category", "column": "item"}}, {}, "'item', which is the item"),
        ({"worth": {"kind": "number", "column": "price"}}, {"value": "price"}, "is the value"),
        ({"hour": {"kind": "category", "column": "when"}}, {}, "'when'"),
        ({"hour": {"kind": "time of day"}}, {}, "time of day"),
        ({"hour": {}}, {}, "its kind is not given"),
        ({"hour": {"kind": "category", "width": 3}}, {}, "unknown option 'width'"),
        ({"timestamp": {"kind": "time"}}, {}, "'timestamp' is a model input's"),
        ({"example_age": {"kind": "number", "column": "price"}}, {}, "is a model input's"),
    ],
)
def test_a_feature_that_cannot_be_is_refused(context, columns, message):
    with pytest.raises(InputError, match=message):
        read(context=context, columns=columns)


def test_a_bad_value_is_named_with_its_row():
    bad = ROWS.assign(price=["1", "2", "many", "3", "4"])
    with pytest.raises(InputError, match="row 2.*'many'"):
        read(bad)


def test_users_are_no_feature_of_a_request():
    with pytest.raises(InputError, match="kind users"):
        read(context={"friends": {"kind": "users", "column": "query"}})


def test_encoders_are_learned_from_the_train_part_alone():
    """The last event of u is test, the one before it validation; v has too few for that."""
    split = splits.next_item(read())
    assert hours(split.train) == ["07", "07", ""]
    encoders = split.train.context.encoders
    assert encoders["hour"].vocabulary.ids.tolist() == ["07"]
    # Of 1, 2 and 4; the squares of the differences from 7 / 3 sum to 42 / 9.
    assert encoders["cost"].mean == pytest.approx(7 / 3)
    assert encoders["cost"].std == pytest.approx(np.sqrt(42 / 27))
    assert encoders["query"].vocabulary.ids.tolist() == ["red", "hat"]
    # What train does not know is unknown, which is row 1.
    assert split.test.context.columns["hour"].tolist() == [1]
    # One token of a text is read, as many as train has: of "a blue hat" the first.
    assert split.validation.context.columns["query"].tolist() == [[1]]
    assert split.train.schema() != read().schema()
    for part in (split.validation, split.test):
        assert part.context.encoders == encoders


def test_an_earlier_table_fixes_the_rows():
    first = read()
    more = ROWS.assign(hour=["22", "09", "09", "07", "08"], price=100.0)
    again = read(more, encoders=first.context.encoders)
    assert again.context.encoders["hour"].vocabulary.ids.tolist() == ["07", "08", "09", "22"]
    assert again.context.encoders["cost"] == first.context.encoders["cost"]
    for name, encoder in again.context.encoders.items():
        assert encoder.continues(first.context.encoders[name])
    # Also of a train part: 22 is of the last event of u, which is test.
    split = splits.next_item(again)
    assert split.train.context.encoders["hour"].vocabulary.ids.tolist() == ["07", "08", "09"]
    # A feature that the earlier table lacks comes behind its own.
    both = {"cost": CONTEXT["cost"], "hour": CONTEXT["hour"]}
    found = read(context=both, encoders=read(context={"hour": CONTEXT["hour"]}).context.encoders)
    assert list(found.context.encoders) == ["hour", "cost"]


def test_parts_are_put_together():
    split = splits.next_item(read())
    known = split.known("test")
    assert known.context.values["cost"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert known.context.columns["hour"].tolist() == [2, 2, 1, 0]
    with pytest.raises(InputError, match="hour, cost, query.*differently: read the second with"):
        split.train.concat(read())


def test_a_query_has_the_values_of_the_first_event_to_predict():
    """Each user has two events in test, in another order than in the table."""
    data = read(
        pd.DataFrame(
            [("u", "a", 1, "6"), ("v", "b", 2, "7"), ("u", "b", 9, "23"), ("v", "a", 8, "13")]
            + [("u", "c", 6, "11"), ("v", "c", 7, "12"), ("u", "d", 3, "8"), ("v", "d", 4, "9")],
            columns=["user", "item", "timestamp", "hour"],
        ),
        {"hour": {"kind": "category"}},
    )
    split = splits.by_time(data, validation=0.25, test=0.5)
    queries = split.queries("test")
    assert data.users.vocabulary.lookup(queries.users).tolist() == ["u", "v"]
    assert queries.context["hour"].tolist() == ["11", "12"]
    assert queries.take(np.array([1])).context["hour"].tolist() == ["12"]
    assert split.queries("test", queries.users[1:]).context["hour"].tolist() == ["12"]


def examples(data, inputs, **options):
    found = batches(data, inputs, batch_size=8, shuffle=False, **options)
    x, y, weight = next(iter(found))
    return {name: np.asarray(value)[np.asarray(weight) > 0] for name, value in x.items()}


def test_an_example_has_the_values_of_the_event_that_it_predicts():
    data = read()
    item = data.items.vocabulary.lookup
    x = examples(data, ("user", "item", "hour", "query"))
    assert item(x["item"]).tolist() == ["b", "a", "c", "c", "a"]
    assert x["hour"].tolist() == data.context.columns["hour"].tolist()
    assert x["query"].tolist() == data.context.columns["query"].tolist()
    # Of u: b (7), c (8), a (9); of v: a (7), c (none). The first of each has nothing before it.
    x = examples(data, ("history", "item", "hour", "cost"), steps="last", history_length=4)
    assert item(x["item"]).tolist() == ["c", "a", "c"]
    names = data.context.encoders["hour"].vocabulary.lookup(x["hour"])
    assert names.tolist() == ["08", "09", ""]
    np.testing.assert_allclose(x["cost"], np.array([0, 2, 1]) / np.sqrt(2), rtol=1e-6)


@pytest.mark.parametrize("steps", ["last", "pairs"])
def test_numpy_gathers_the_same(steps):
    data = read()
    inputs = ("item", "hour", "query", "example_age")
    inputs = (*inputs, "user") if steps == "pairs" else (*inputs, "history")
    lengths, gather = examples_of(host_arrays, data, inputs, "last", 4, 1)
    x, _, real = gather(np.arange(len(lengths) + 1), 4)
    assert real.tolist() == [True] * len(lengths) + [False]
    expected = examples(data, inputs, steps="last", history_length=4)
    for name in inputs:
        assert x[name][:-1].tolist() == expected[name].tolist(), name
        assert not x[name][-1].any()


def test_the_age_is_the_share_of_the_time_up_to_the_last_event():
    """The events are at 10, 20, 30, 40 and 50: 40 seconds in all."""
    data = read()
    x = examples(data, ("user", "item", "example_age"))
    assert x["example_age"].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    x = examples(data, ("history", "item", "example_age"), steps="last", history_length=4)
    assert x["example_age"].tolist() == [0.5, 0.0, 0.25]
    # Before 1970 as well.
    earlier = dataclasses.replace(data, timestamp=data.timestamp - 1000)
    x = examples(earlier, ("user", "item", "example_age"))
    assert x["example_age"].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0]
    # Of u all windows: b -> c -> a, of v: a -> c.
    found = batches(
        data, ("history", "item", "example_age"), batch_size=2, history_length=4, shuffle=False
    )
    x, _, _ = next(iter(found))
    assert np.asarray(x["example_age"])[:, :2].tolist() == [[0.5, 0.0], [0.25, 0.0]]


@pytest.mark.parametrize(
    ("inputs", "steps", "message"),
    [
        (("history", "item", "hour"), "all", "'hour' is a feature of the request of one target"),
        (("user", "item", "hour"), "set", "several: read it with steps='last'"),
        (("user", "item", "example_age"), "item_set", "an example of a set has several"),
        (("user", "item", "minute"), "last", "any of .*'hour', 'cost', 'query'"),
    ],
)
def test_what_no_example_has_is_refused(inputs, steps, message):
    with pytest.raises(InputError, match=message):
        batches(read(), inputs, steps=steps)


def test_without_times_there_is_no_age():
    data = read(ROWS.drop(columns="timestamp"))
    with pytest.raises(InputError, match="'example_age' needs the time of each interaction"):
        batches(data, ("user", "item", "example_age"))


def test_impressions_made_of_events_have_their_values():
    data = read(item_frame=pd.DataFrame({"item": list("abcde")}))
    drawn = drawn_impressions(data, negatives=1)
    assert drawn.context["hour"].tolist() == np.repeat(data.context.columns["hour"], 2).tolist()
    assert drawn.encoders == data.context.encoders
    model = Popularity(data.schema())
    model.adapt(data)
    model.repeats = "allow"
    found = candidate_impressions(model, data, [3, 4], num_candidates=3, negatives=1)
    assert found.timestamp.tolist() == [40, 40, 50, 50]
    assert list(found.context) == ["hour", "cost", "query", "retriever_score"]
    vocabulary = found.encoders["hour"].vocabulary
    assert vocabulary.lookup(found.context["hour"]).tolist() == ["", "", "09", "09"]


def test_a_number_that_continues_nothing_is_another():
    first, other = read().context.encoders, read(ROWS.assign(price=9.0)).context.encoders
    assert not other["cost"].continues(first["cost"])
    assert other["hour"].continues(first["hour"])
    assert not first["hour"].continues(first["query"])


def test_a_column_of_another_length_is_refused():
    data = read()
    fields = {name: getattr(data, name) for name in ("user", "item", "value", "users", "items")}
    with pytest.raises(InputError, match="context hour has 2 rows, user 5"):
        Interactions(**fields, context=data.context.select(slice(2)))


def test_data_without_features_has_none():
    data = read(context=None)
    assert data.context.encoders == {} and data.schema() == Schema(
        num_users=4, num_items=5, timed=True
    )
    assert splits.next_item(data).queries("test").context == {}
