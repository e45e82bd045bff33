import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions, Interactions
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError


def frame(**columns):
    """Four rows of two requests; the columns given replace its own, None leaves one out."""
    found = {
        "user": ["u", "u", "v", "v"],
        "item": ["a", "b", "b", "c"],
        "request": ["r1", "r1", "r2", "r2"],
        "click": [1, 0, 0, 1],
    } | columns
    return pd.DataFrame({name: one for name, one in found.items() if one is not None})


def events(*rows):
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "timestamp"]))


def test_ids_become_rows_and_rows_keep_their_order():
    data = Impressions.from_frame(frame())
    assert len(data) == 4
    assert data.users.vocabulary.lookup(data.user).tolist() == ["u", "u", "v", "v"]
    assert data.items.vocabulary.lookup(data.item).tolist() == ["a", "b", "b", "c"]
    assert data.request.tolist() == [0, 0, 1, 1]
    assert data.item_counts().tolist() == [0, 0, 1, 2, 1]


def test_rows_are_sorted_by_time_and_equal_times_stay_as_they_were():
    data = Impressions.from_frame(frame(timestamp=[30, 10, 20, 10], click=[1, 0, 0, 1]))
    assert data.timestamp.tolist() == [10, 10, 20, 30]
    assert data.items.vocabulary.lookup(data.item).tolist() == ["b", "c", "b", "a"]
    assert data.labels["click"].tolist() == [0, 1, 0, 1]
    # Requests are numbered as they come in time: r1 at 10, r2 at 10.
    assert data.request.tolist() == [0, 1, 1, 0]


def test_columns_of_other_names_are_mapped():
    data = Impressions.from_frame(
        frame(user=None, who=["u", "u", "v", "v"], click=None, bought=[0, 1, 0, 0]),
        {"user": "who"},
        labels={"buy": {"column": "bought"}},
    )
    assert data.users.vocabulary.lookup(data.user).tolist() == ["u", "u", "v", "v"]
    assert data.labels["buy"].tolist() == [0, 1, 0, 0]


def test_select_takes_rows_of_every_column():
    past = events(("u", "a", 5), ("u", "b", 15), ("v", "a", 1))
    data = Impressions.from_frame(
        frame(timestamp=[10, 20, 30, 40], position=[1, 2, 1, 2], hour=["9", "9", "22", "22"]),
        context={"hour": {"kind": "category"}},
        past=past,
    )
    for index in (np.array([3, 1]), np.array([False, True, False, True])):
        part = data.select(index)
        assert sorted(part.timestamp.tolist()) == [20, 40]
        assert sorted(part.position.tolist()) == [2, 2]
        assert sorted(part.labels["click"].tolist()) == [0, 1]
        assert sorted((part.past.stop - part.past.first).tolist()) == [1, 2]
        assert part.report is None and part.users is data.users
    assert data.select(np.array([3, 1])).context["hour"].tolist() == [3, 2]
    assert len(data.select(slice(0))) == 0


def test_a_table_without_users_and_items_has_features_of_the_request_alone():
    data = Impressions.from_frame(
        frame(user=None, item=None, request=None, age=[20, 30, 40, 50]),
        context={"age": {"kind": "number"}},
    )
    assert data.user.tolist() == data.item.tolist() == [1, 1, 1, 1]
    assert len(data.users) == len(data.items) == 2
    assert data.requests().tolist() == [0, 1, 2, 3]
    assert data.context["age"].mean() == pytest.approx(0, abs=1e-6)
    assert "no column of users" in " ".join(data.report.notes)


def test_requests_of_one_item_are_requests():
    data = Impressions.from_frame(frame(request=["r1", "r2", "r3", "r3"]))
    assert data.request.tolist() == [0, 1, 2, 2] and data.report.requests == 3


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("position", [1, 2, 0, 1], "0 is not at least 1"),
        ("position", [1, 2.5, 1, 1], "2.5 is not a whole number"),
        ("position", [1, np.nan, 1, 1], "the position is missing"),
        ("weight", [1, 2, -0.5, 1], "-0.5 is not at least 0"),
        ("weight", [1, 2, np.inf, 1], "is not a finite number"),
        ("weight", [1, "much", 1, 1], "much.* is not a number"),
        ("propensity", [0.5, 1, 0, 1], "0.0 is not in \\(0, 1\\]"),
        ("propensity", [0.5, 1, 1.01, 1], "1.01 is not in \\(0, 1\\]"),
        ("propensity", [0.5, 1, 1e-50, 1], "1e-50 is not in \\(0, 1\\]"),
        ("fold", [0, 1, 2, 0.5], "0.5 is not a whole number"),
        ("request", ["r", "r", "", "s"], "the request is missing"),
        ("user", ["u", None, "v", "v"], "the user is missing"),
        ("timestamp", [1, 2, 3, "soon"], "soon.* is not a time"),
    ],
)
def test_a_bad_value_is_refused_with_its_row_or_dropped(column, values, message):
    table = frame(**{column: values})
    with pytest.raises(InputError, match=message) as caught:
        Impressions.from_frame(table)
    assert f"column {column!r}" in str(caught.value) and "row" in str(caught.value)
    data = Impressions.from_frame(table, on_error="drop")
    assert len(data) == 3 and sum(data.report.dropped.values()) == 1


def test_a_table_without_rows_or_with_bad_ones_alone_is_refused():
    with pytest.raises(InputError, match="no data rows"):
        Impressions.from_frame(frame().iloc[:0])
    with pytest.raises(InputError, match="no rows are left; dropped: {'missing user': 4}"):
        Impressions.from_frame(frame(user=[None] * 4), on_error="drop")


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="no column 'click'"):
        Impressions.from_frame(frame(click=None))
    with pytest.raises(InputError, match="hour"):
        Impressions.from_frame(frame(), context={"hour": {"kind": "category"}})
    with pytest.raises(InputError, match="item_frame: the frame has no column of items"):
        Impressions.from_frame(frame(item=None), item_frame=pd.DataFrame({"item": ["a"]}))


def test_labels_and_tasks_agree():
    data = Impressions.from_frame(frame())
    with pytest.raises(InputError, match="expected a label for each of at least one task"):
        Impressions(
            user=data.user, item=data.item, labels={}, tasks=(), users=data.users, items=data.items
        )
    with pytest.raises(InputError, match=r"item has shape \(3,\), user \(4,\)"):
        Impressions(
            user=data.user, item=data.item[:3], labels=data.labels, tasks=data.tasks,
            users=data.users, items=data.items,
        )  # fmt: skip


def test_a_feature_that_is_the_label_is_refused():
    with pytest.raises(
        InputError, match="context clicked reads column 'click', which is the label"
    ):
        Impressions.from_frame(
            frame(), context={"clicked": {"kind": "category", "column": "click"}}
        )


def test_the_report_counts():
    data = Impressions.from_frame(
        frame(click=[1, 0, np.nan, 1], stay=[1.5, 0, 3, np.nan], hour=["9", None, "22", "22"]),
        labels={"click": {}, "stay": {"kind": "seconds"}},
        context={"hour": {"kind": "category"}},
    )
    assert data.report.lines()[:5] == [
        "4 rows read, 4 impressions of 3 items to 2 users in 2 requests.",
        "click: mean 0.6667, 1 missing.",
        "stay: mean 1.5, 1 missing.",
        "1 missing values of hour.",
    ]
    assert data.report.to_dict()["labels"]["click"] == pytest.approx(2 / 3)


def test_a_label_that_is_constant_or_missing_is_noted():
    constant = Impressions.from_frame(frame(click=[1, 1, np.nan, 1]))
    assert "every label click is 1: there is nothing to learn from it." in constant.report.notes
    empty = Impressions.from_frame(frame(click=[np.nan] * 4))
    assert "no row has a click: there is nothing to learn from it." in empty.report.notes
    assert empty.report.to_dict()["labels"] == {"click": None}
    assert "click: mean -, 4 missing." in empty.report.lines()


def test_the_history_of_a_row_is_what_its_user_did_strictly_before():
    past = events(
        ("u", "a", 10),
        ("u", "b", 20),  # at the second of the first impression: it may be its outcome
        ("u", "c", 21),  # in the future of the first
        ("v", "d", 1),  # of another user
    )
    data = Impressions.from_frame(
        frame(user=["u", "u", "v", "w"], timestamp=[20, 21, 20, 99]), past=past
    )

    def history(row):
        items = data.past.histories.items[data.past.first[row] : data.past.stop[row]]
        return data.items.vocabulary.lookup(items).tolist()

    assert [history(row) for row in range(4)] == [["a"], ["d"], ["a", "b"], []]
    assert data.users.vocabulary.lookup(data.user).tolist() == ["u", "v", "u", "w"]


def test_the_past_needs_times_on_both_sides():
    past = events(("u", "a", 10), ("v", "b", 20))
    with pytest.raises(InputError, match="the frame has no times: map a column to timestamp"):
        Impressions.from_frame(frame(), past=past)
    timeless = Interactions.from_frame(pd.DataFrame({"user": ["u", "v"], "item": ["a", "b"]}))
    with pytest.raises(InputError, match="data has no times"):
        Impressions.from_frame(frame(timestamp=[1, 2, 3, 4]), past=timeless)


def test_users_and_items_continue_those_of_the_past():
    past = events(("v", "c", 10), ("x", "z", 20))
    data = Impressions.from_frame(frame(timestamp=[30, 30, 30, 30]), past=past)
    assert data.users.vocabulary.ids.tolist() == ["v", "x", "u"]
    assert data.items.vocabulary.ids.tolist() == ["c", "z", "a", "b"]
    assert data.histories().items.tolist() == [2, 3]
    assert len(data.histories()) == len(data.users) == 5
    assert data.schema().timed and data.schema(7).history_length == 7


def test_histories_reach_until_the_last_row():
    past = events(("u", "a", 10), ("u", "b", 20), ("v", "a", 30))
    data = Impressions.from_frame(frame(timestamp=[10, 20, 20, 20]), past=past)
    row_u, row_v = data.users.vocabulary.rows(np.array(["u", "v"]))
    assert data.histories()[row_u].tolist() == [2, 3] and data.histories()[row_v].tolist() == []
    first = data.select(data.timestamp < 20)
    assert first.histories()[row_u].tolist() == [2]
    assert len(Impressions.from_frame(frame()).histories().items) == 0


def test_the_encoders_of_an_earlier_table_are_continued():
    context = {"hour": {"kind": "category"}, "age": {"kind": "number"}}
    first = Impressions.from_frame(
        frame(hour=["9", "22", "9", "9"], age=[0, 10, 0, 10]), context=context
    )
    second = Impressions.from_frame(
        frame(hour=["7", "22", "9", "9"], age=[5, 5, 10, 10]),
        context=context,
        base=(first.users, first.items),
        encoders=first.encoders,
    )
    # 9 and 22 keep their rows, 7 comes behind; the mean stays 5 and the deviation 5.
    assert second.context["hour"].tolist() == [4, 3, 2, 2]
    assert second.context["age"].tolist() == [0, 0, 1, 1]


def test_the_schema_holds_tasks_context_and_crosses():
    data = Impressions.from_frame(
        frame(stay=[1.5, 0, 3, 2], hour=["9", "22", "22", "22"], look=[[0.5, 1.0]] * 4),
        labels={"click": {}, "stay": {"kind": "seconds"}},
        context={"hour": {"kind": "category"}, "look": {"kind": "vector"}},
        crosses={
            "user_hour": {"columns": ["user", "hour"]},
            "item_rate": {"columns": ["item"], "label": "click"},
        },
    )
    schema = data.schema()
    assert [(task.name, task.kind) for task in schema.tasks] == [
        ("click", "binary"),
        ("stay", "seconds"),
    ]
    assert [(one.name, one.shape) for one in schema.context_features] == [
        ("hour", ()),
        ("look", (2,)),
    ]
    # (u, 9), (u, 22), (v, 22), and padding and unknown; the items are rows of their own.
    assert [(one.name, one.size) for one in schema.crosses] == [("user_hour", 5), ("item_rate", 5)]
    assert Schema.from_dict(schema.to_dict()) == schema


def test_a_feature_is_no_weight_of_the_row_unless_both_are_meant():
    table, context = frame(weight=[5.0, 7.0, 900.0, 5.0]), {"weight": {"kind": "number"}}
    with pytest.raises(InputError, match="also the weight of the row"):
        Impressions.from_frame(table, context=context)
    with pytest.raises(InputError, match="label weight reads column 'weight'"):
        Impressions.from_frame(table, labels={"weight": {"kind": "count"}})
    both = Impressions.from_frame(table, {"weight": "weight"}, context=context)
    assert both.weight.tolist() == [5, 7, 900, 5]


def test_a_negative_rate_is_of_one_binary_label():
    assert Impressions.from_frame(frame(), negative_rate=0.5).negative_rate == 0.5
    for labels in (
        {"click": {}, "buy": {"column": "click"}},
        {"seconds": {"kind": "seconds", "column": "click"}},
    ):
        with pytest.raises(InputError, match="give the rows without a click a weight"):
            Impressions.from_frame(frame(), labels=labels, negative_rate=0.5)
