"""What people did counts in their next request, over HTTP and compared with Python."""

import time

import numpy as np
import pytest

from kerasrec.client import Client

pytestmark = [pytest.mark.export, pytest.mark.slow]
NEWEST = 1_000_000_005  # the newest interaction in the data of the exports

A, TIMES = ["x", "y"], [NEWEST - 5, NEWEST - 4]  # the history of a in the exports


def client(server):
    return Client(f"http://127.0.0.1:{server.port}", "hybrid", timeout=60)


def test_what_a_user_did_counts_in_the_next_request(models, start, shown, expected, same, did):
    model, server = models[0], start()
    before = shown(server, user="a")
    same(before, expected(model, A, TIMES))
    did(server, "z")
    began = time.monotonic()
    after = shown(server, user="a")
    assert time.monotonic() - began < 1
    same(after, expected(model, [*A, "z"], [*TIMES, NEWEST + 1]))
    assert "z" in dict(before) and "z" not in dict(after)
    # A history of the request replaces all of it, and others are as before.
    same(shown(server, user="a", history=["w"]), expected(model, ["w"]))
    same(shown(server, user="b"), expected(model, ["y", "z"], [NEWEST - 3, NEWEST - 2]))
    with client(server) as asking:
        scores = asking.score(user="a", items=["v", "w"])
    wanted = dict(after)
    np.testing.assert_allclose(scores, [wanted["v"], wanted["w"]], rtol=1e-4)


def test_what_the_export_knows_already_does_not_count_twice(
    models, start, shown, expected, same, did
):
    server = start()
    for item, seconds in (("x", -5), ("w", -100), ("z", 0), ("not an item", 5)):
        did(server, item, seconds)
    same(shown(server, user="a"), expected(models[0], A, TIMES))


def test_sessions_of_people_without_an_id(models, start, shown, expected, same, did):
    model, server = models[0], start()
    did(server, "x", 5, session="s-17")
    did(server, "w", 2, session="s-17")
    did(server, "z", 3, user="s-17")
    same(shown(server, user="session:s-17"), expected(model, ["w", "x"], [NEWEST + 2, NEWEST + 5]))
    same(shown(server, user="s-17"), expected(model, ["z"], [NEWEST + 3]))
    same(shown(server, user="session:other"), expected(model, []))


def test_many_users_in_one_request(models, start, expected, same, did):
    model, server = models[0], start()
    did(server, "z")
    did(server, "v", user="nobody")
    with client(server) as asking:
        answers = asking.recommend(users=["a", "nobody", "b"], k=5)
    wanted = [
        expected(model, [*A, "z"], [*TIMES, NEWEST + 1]),
        expected(model, ["v"], [NEWEST + 1]),
        expected(model, ["y", "z"], [NEWEST - 3, NEWEST - 2]),
    ]
    for found, one in zip(answers, wanted, strict=True):
        same([(each.item, each.score) for each in found], one)


def test_a_session_outlives_a_restart_and_a_new_version(
    models, start, served, ask, shown, expected, same, did, until
):
    old, new, _ = models
    server = start()
    did(server, "z")
    server.stop()
    server = start()
    history = [*A, "z"], [*TIMES, NEWEST + 1]
    same(shown(server, user="a"), expected(old, *history))
    served(2)
    until(lambda: ask(server, "/v1/models/hybrid/versions/2/metadata")[0] == 200)
    same(shown(server, user="a"), expected(new, *history))


def test_an_event_of_another_server_on_the_store_counts_after_a_second(
    models, start, shown, expected, same, did, until
):
    one, other = start(), start()
    before = shown(other, user="a")
    did(one, "z")
    assert until(lambda: shown(other, user="a") != before) < 5  # 1 s, on a busy machine
    same(shown(other, user="a"), expected(models[0], [*A, "z"], [*TIMES, NEWEST + 1]))
