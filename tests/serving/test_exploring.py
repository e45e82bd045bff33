"""Exploration and several versions, asked over REST."""

import contextlib

import numpy as np
import pytest

import kerasrec
from kerasrec.errors import InputError
from kerasrec.evaluation.off_policy import off_policy_value
from kerasrec.events import Event, open_store, pages, read_impressions
from kerasrec.events.event_log import EventLog
from kerasrec.exploration import EpsilonGreedy, SoftmaxTopK
from kerasrec.savedmodel.c_loader import Signature, TensorInfo
from kerasrec.serving.answering import Answering
from kerasrec.serving.explorer import Explorer
from kerasrec.serving.impression_log import impressions
from kerasrec.serving.server import Server
from kerasrec.serving.version_shares import VersionShares

PREDICT = "/v1/models/toy:predict"
TEXT = TensorInfo("t:0", "string", (None, None))
K = TensorInfo("k:0", "int32", (None,), np.array([4], "int32"))


class Ranked:
    """A version of four items that answers with as many as it is asked for."""

    def __init__(self, **more):
        outputs = {"item": TEXT, "score": TEXT, "word": TEXT}
        self.signatures = {
            name: Signature({"k": K, **more}, outputs) for name in ("recommend", "x")
        }
        self.asked = []

    def run(self, name, inputs, timeout):
        self.asked.append(inputs["k"].tolist())
        rows = len(inputs["k"])
        real = np.arange(5) < np.minimum(inputs["k"], 4)[:, None]
        item = np.where(real, np.array([b"a", b"b", b"c", b"d", b""], object), b"")
        score = np.where(real, np.float32([4, 3, 2, 1, 0]), -np.inf)
        return {
            "item": item,
            "score": score,
            "word": np.where(real, item, b"")[..., None],
            "known": np.ones(rows),
        }


@pytest.fixture
def serve(toys):
    """`serve(...)`: a server of the toys that answers with an `Answering` of these."""
    with contextlib.ExitStack() as stack:

        def start(log=None, **answering):
            return stack.enter_context(
                Server(
                    toys,
                    port=0,
                    say=lambda line: None,
                    answering=Answering(**answering),
                    events=log,
                )
            )

        yield start


def inputs(k, **more):
    return {"k": np.array(k, "int32"), **more}


def test_all_outputs_are_in_the_order_shown_and_what_is_not_shown_is_padding():
    version, explorer = Ranked(), Explorer(EpsilonGreedy(1.0))
    found = explorer.run(version, "recommend", inputs([2, 0, 9, -1]), 1.0, "r")
    assert version.asked == [[100, 0, 100, -1]]
    items = found["item"].tolist()
    assert [[one != b"" for one in row] for row in items] == [
        [True, True, False, False, False], [False] * 5, [True] * 4 + [False], [False] * 5,
    ]  # fmt: skip
    names = np.array([b"", b"d", b"c", b"b", b"a"])
    for row in range(4):
        for place in range(5):
            score = found["score"][row, place]
            assert names[int(max(score, 0))] == items[row][place]
            assert found["word"][row, place, 0] == items[row][place]
    # k = 2 of 4, all drawn uniformly: 1/4 each. k = 4 of 4 as well.
    assert found["propensity"][0].tolist() == pytest.approx([0.25, 0.25, 0, 0, 0])
    assert found["propensity"][2].tolist() == pytest.approx([0.25] * 4 + [0])
    assert found["known"].tolist() == [1.0] * 4


def test_a_draw_is_repeated_by_the_id_of_its_request_and_rows_differ():
    explorer = Explorer(SoftmaxTopK(5.0), "salt")
    rows = inputs([4] * 20)
    first, again, other = (
        explorer.run(Ranked(), "recommend", rows, 1.0, one)["item"].tolist() for one in "rrs"
    )
    assert first == again and first != other and len({tuple(row) for row in first}) > 5


def test_pins_and_other_signatures_are_left_alone():
    explorer, version = Explorer(EpsilonGreedy(1.0)), Ranked(pin=TEXT)
    pins = np.array([[b"a", b""], [b"", b""]], object)
    found = explorer.run(version, "recommend", inputs([3, 3], pin=pins), 1.0, "r")
    assert found["item"][0].tolist() == [b"a", b"b", b"c", b"", b""]
    assert found["propensity"].tolist()[0] == [1, 1, 1, 0, 0] and found["propensity"][1, 0] == 0.25
    assert "propensity" not in explorer.run(version, "x", inputs([3]), 1.0, "r")


def test_the_frequencies_of_many_requests_are_their_propensities():
    explorer, n = Explorer(EpsilonGreedy(0.4)), 4000
    found = explorer.run(Ranked(), "recommend", inputs([1] * n), 1.0, "r")
    shares = {one: float(np.mean(found["item"][:, 0] == one)) for one in (b"a", b"b")}
    expected = {b"a": 0.6 + 0.1, b"b": 0.1}
    for item, chance in expected.items():
        assert abs(shares[item] - chance) < 4.5 * np.sqrt(chance * (1 - chance) / n)


def test_rest_answers_with_propensities_and_logs_them(serve, ask, tmp_path):
    url = f"sqlite:///{tmp_path}/events.db"
    with EventLog(open_store(url), log_impressions=True, say=print) as log:
        server = serve(log, explorer=Explorer(EpsilonGreedy(0.5)))
        body = {"inputs": {"history": [["a"]], "exclude": [[""]], "k": [2]}}
        answers = [ask(server, PREDICT, body, **{"X-Request-ID": f"r{n}"})[1] for n in range(40)]
        again = ask(server, PREDICT, body, **{"X-Request-ID": "r7"})[1]
    assert again == answers[7]
    # m = 3, k = 2: see test_epsilon_by_hand.
    assert {round(one["outputs"]["propensity"][0][0], 6) for one in answers} <= {
        round(one, 6) for one in (17 / 24, 1 / 12, 5 / 24)
    }
    with open_store(url) as store:
        frame = read_impressions(store, until=1e12)
        assert sum(len(page) for page in pages(store)) == 40
    frame = frame.sort_values(["request", "position"])
    for request, rows in frame.groupby("request"):
        outputs = answers[int(request[1:])]["outputs"]
        assert rows["item"].tolist() == [one for one in outputs["item"][0] if one]
        assert rows["propensity"].tolist() == pytest.approx(outputs["propensity"][0][:2])


def test_the_log_of_a_server_says_what_another_ranking_earns(tmp_path):
    """Item d of four has most clicks and is ranked last: the reversed ranking d, c would earn more.

    Requests, events, a store and its frame lie between the draw and the estimate.
    """
    rates, n = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.6}, 2000
    rows, random = inputs([2] * n), np.random.default_rng(0)
    outputs = Explorer(EpsilonGreedy(0.5)).run(Ranked(), "recommend", rows, 1.0, "r")
    shown = impressions("r", "recommend", rows, outputs, 3)
    clicks = [
        Event("interaction", f"{one.id}/{item}", one.time, request=one.request, item=item,
              behavior="click")
        for one in shown for item in one.items if random.random() < rates[item]
    ]  # fmt: skip
    with open_store(f"sqlite:///{tmp_path}/events.db") as store:
        store.append(shown + clicks)
        log = read_impressions(store, until=1e12)
    target = (log["item"] == log["position"].map({1: "d", 2: "c"})).astype(float)
    found = off_policy_value(log, target)
    assert found.requests == n and found.low < 0.45 < found.high
    assert found.high - found.low < 0.1 and found.logged < found.low


def test_the_client_reads_propensities(serve):
    server = serve(explorer=Explorer(EpsilonGreedy(1.0)))
    with kerasrec.Client(f"http://127.0.0.1:{server.port}", model="toy") as client:
        found = client.recommend(history=["a"], k=2)
    # Uniform among three.
    assert [one.propensity for one in found] == pytest.approx([1 / 3, 1 / 3])


def test_without_exploration_there_are_neither_propensities_nor_ids(server, ask):
    body = {"inputs": {"history": [["a"]], "exclude": [[""]], "k": [2]}}
    assert set(ask(server, PREDICT, body)[1]["outputs"]) == {"item", "score"}


def test_versions_answer_their_shares_and_by_label(serve, ask):
    shares = {"stable:1": 70, "canary:2": 30}
    server = serve(shares=shares)
    body = {"inputs": {"history": [["a"]], "exclude": [[""]], "k": [1]}}

    def version(path=PREDICT, **headers):
        status, answer = ask(server, path, body, **headers)
        assert status == 200, answer
        return {1.1: 1, 1.2: 2}[answer["outputs"]["score"][0][0]]

    # The toy knows no users, so that the id of the request decides.
    ids = [f"r{n}" for n in range(60)]
    assigned = VersionShares({1: 70, 2: 30})
    found = [version(**{"X-Request-ID": one}) for one in ids]
    assert found == [assigned.version_of(f"request:{one}") for one in ids] and set(found) == {1, 2}
    assert version("/v1/models/toy/labels/canary:predict") == 2
    assert version("/v1/models/toy/versions/1:predict") == 1
    status, answer = ask(server, "/v1/models/toy/labels/other:predict", body)
    assert status == 400 and "Unrecognized servable version label: other" in answer["error"]
    assert ask(server, "/v1/models/toy/versions/3:predict", body)[0] == 404
    states = ask(server, "/v1/models/toy")[1]["model_version_status"]
    assert [(one["version"], one["state"]) for one in states] == [
        ("2", "AVAILABLE"), ("1", "AVAILABLE"),
    ]  # fmt: skip
    assert server.models.version_of({"user": [b"ann", b" ann "]}, "r") == assigned.version_of("ann")
    many = [f"u{n}".encode() for n in range(30)]
    with pytest.raises(Exception, match="users of different versions: send one request"):
        server.models.version_of({"user": many}, "r")


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"1": 1, "7": 1}, "version 7 of --versions is not there"),
        ({"a": 1}, "expected numbers of versions.*got 'a'"),
        ({"a:1": 1, "b:1": 2}, "got 'b:1'"),
    ],
)
def test_wrong_versions(serve, shares, said):
    with pytest.raises(InputError, match=said):
        serve(shares=shares)


def test_shares_need_the_folder_of_all_versions(toys):
    with pytest.raises(InputError, match="needs the folder of all versions"):
        Server(toys / "1", port=0, say=print, answering=Answering(shares={"1": 1}))
