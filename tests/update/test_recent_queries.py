import numpy as np
import pandas as pd

from kerasrec.update.recent_queries import RecentQueries


def frame(rows, **more):
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return table.assign(**more)


EARLIER = frame([("u", "a", 1), ("v", "b", 2), ("u", "b", 3), ("v", "a", 4)], behavior="view")
RECENT = frame(
    [("u", "c", 5), ("w", "a", 6), ("u", "d", 7), ("u", "a", 8)],
    behavior=["buy", "view", "view", "view"],
)


def test_each_query_knows_what_was_before_it_and_nothing_later():
    queries = RecentQueries.of(EARLIER, RECENT)
    assert queries.user == ["u", "w", "u"]
    assert queries.truth == ["c", "a", "d"]
    assert queries.history == [["a", "b"], [], ["a", "b", "c"]]
    assert queries.timestamp == [[1, 3], [], [1, 3, 5]]
    assert queries.behavior == [["view", "view"], [], ["view", "view", "buy"]]
    assert queries.repeated == 1


def test_repeats_are_queries_where_they_are_recommended():
    queries = RecentQueries.of(EARLIER, RECENT, repeats="allow")
    assert queries.truth == ["c", "a", "d", "a"]
    assert queries.history[3] == ["a", "b", "c", "d"] and queries.repeated == 0


def test_groups_are_those_of_what_the_serving_version_knows():
    known = np.array([True, False, True, False])  # of u alone
    groups = RecentQueries.of(EARLIER, RECENT, known).groups
    assert groups["new users"].tolist() == [False, True, False]
    assert groups["new items"].tolist() == [True, False, True]
    assert groups["behavior buy"].tolist() == [True, False, False]


def test_the_most_popular_tenth_is_hot():
    items = ["hot"] * 10 + [f"i{n}" for n in range(90)]
    earlier = frame([(f"u{n}", item, n) for n, item in enumerate(items)])
    recent = frame([("x", "hot", 200), ("y", "i5", 201)])
    assert RecentQueries.of(earlier, recent).groups["hot items"].tolist() == [True, False]


def test_a_draw_of_some_keeps_their_order():
    recent = frame([(f"u{n}", "a", n) for n in range(50)])
    queries = RecentQueries.of(EARLIER, recent, most=10, seed=1)
    assert len(queries) == 10
    numbers = [int(user[1:]) for user in queries.user]
    assert numbers == sorted(numbers)


def test_tables_without_times_are_in_their_order():
    columns = ["user", "item"]
    queries = RecentQueries.of(EARLIER[columns], RECENT[columns])
    assert queries.timestamp is None and queries.history[2] == ["a", "b", "c"]
