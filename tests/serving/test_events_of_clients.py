"""Events of the client, stored by a server."""

import pytest

import kerasrec
from kerasrec.client import ServingError
from kerasrec.errors import InputError
from kerasrec.events import open_store, read_impressions, read_interactions
from kerasrec.events.event_log import EventLog
from kerasrec.serving.server import Server


@pytest.fixture
def log(tmp_path):
    with EventLog(open_store(f"sqlite:///{tmp_path}/events.db"), log_impressions=True) as opened:
        yield opened


@pytest.fixture
def server(toys, log):
    with Server(toys, port=0, say=lambda line: None, events=log) as running:
        yield running


@pytest.fixture
def client(server):
    with kerasrec.Client(f"http://127.0.0.1:{server.port}", model="toy") as client:
        yield client


def test_a_recommendation_its_impression_and_a_click(client, log):
    answer = client.recommend(history=["a", "a", "b"], k=3, request_id="r-1")
    assert [one.item for one in answer] == ["a", "b", "ü"]
    client.log_event(answer[1].item, session="t", request_id="r-1")
    client.log_event(answer[2].item, "buy", user="somebody", value=9.5, time=100, id="mine")
    client.log_impression(
        ["x", "y"], session="s", request_id="r-2", positions=[1, 4], propensities=[0.5, 0.25],
        version="7", context={"hour": 9},
    )  # fmt: skip
    client.flush()
    log.add([]).result(30)
    shown = read_impressions(log.store, until=1e11)
    mine = shown[shown["request"] == "r-1"]
    assert mine["item"].tolist() == [one.item for one in answer]
    assert mine["click"].tolist() == [0.0, 1.0, 0.0]
    assert set(mine["user"]) == {None} and set(mine["version"]) == {"2"}
    other = shown[shown["request"] == "r-2"]
    assert other["position"].tolist() == [1, 4] and other["propensity"].tolist() == [0.5, 0.25]
    done = read_interactions(log.store)
    assert done[["user", "item", "behavior"]].values.tolist() == [
        ["somebody", "ü", "buy"], ["session:t", "b", "click"],
    ]  # fmt: skip
    assert client.events_dropped == 0


def test_what_a_server_would_refuse_is_refused_where_it_is_logged(client):
    for call, message in (
        (lambda: client.log_event("a"), "user: an interaction needs a user, a session or"),
        (lambda: client.log_event("a\0", user="u"), "item: .* control character"),
        (lambda: client.log_event("a", user="u", time=1e15), "milliseconds"),
        (lambda: client.log_impression([]), "items: expected a list of 1 to 1000"),
        (lambda: client.recommend(history=["a"], request_id="a b"), "request_id must be 1 to 200"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    with pytest.raises(InputError, match="events are logged over http://, not over gRPC"):
        kerasrec.Client("grpc://127.0.0.1:1", model="toy").log_event("a", user="u")


def test_a_server_without_events_is_named(toys):
    with Server(toys, port=0, say=lambda line: None) as server:
        client = kerasrec.Client(f"http://127.0.0.1:{server.port}", model="toy")
        client.log_event("a", user="u")
        with pytest.raises(ServingError, match="Malformed request: POST /v1/events"):
            client.close()
        assert client.events_dropped == 1


def test_events_outlive_a_server_that_restarts(toys, log):
    with Server(toys, port=0, say=lambda line: None, events=log) as server:
        port = server.port
        client = kerasrec.Client(f"http://127.0.0.1:{port}", model="toy", timeout=30)
        client.log_event("a", user="u")
        client.flush()
    client.log_event("b", user="u")
    with Server(toys, port=port, say=lambda line: None, events=log):
        client.close()
    assert [event.item for _, event in log.store.read()] == ["a", "b"]
