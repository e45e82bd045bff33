"""Features of a request through `kerasrec serve`: answers equal those of the model in Python."""

import pytest

import kerasrec
from kerasrec.errors import InputError
from kerasrec.serving.answering import Answering
from kerasrec.serving.batching_parameters import BatchingParameters
from kerasrec.serving.server import Server

pytestmark = pytest.mark.slow

ONE = {"hour": 9, "price": 12.5, "tags": ["b", "c"], "query": "red hat", "at": 1_700_000_000}
ONE["place"] = [0.5, -1.0]
MANY = {
    "hour": ["9", 22, None],
    "price": [3, 8.25, 20.0],
    "tags": [["a", "b"], [], ["c", "nobody knows it"]],
    "query": ["red", "a blue hat", ""],
    "at": [1_700_000_000, 1_704_500_000, 0],
    "place": [[0.0, 1.0], [2.0, 0.5], [-1.0, 0.0]],
}
USERS = ["u1", "u2", "nobody"]


@pytest.fixture(scope="module")
def server(context_export):
    batching = BatchingParameters(
        max_batch_size=8,
        batch_timeout_micros=1000,
        num_batch_threads=1,
        pad_variable_length_inputs=True,
    )
    with Server(
        context_export, port=0, grpc_port=0, answering=Answering(batching), say=print
    ) as server:
        yield server


@pytest.fixture(scope="module", params=["http", "grpc"])
def client(request, server):
    port = server.port if request.param == "http" else server.grpc_port
    with kerasrec.Client(f"{request.param}://127.0.0.1:{port}", "shop", timeout=60) as client:
        yield client


def listed(context):
    """For the model: a list with the value of the one query."""
    return {name: [value] for name, value in context.items()}


def scores(answer):
    return [each.score for each in answer]


def test_one_query(client, context_ranker):
    expected = context_ranker.recommend(users=["u1"], k=5, context=listed(ONE))
    answer = client.recommend(user="u1", k=5, context=ONE)
    assert [each.item for each in answer] == list(expected.item)
    assert scores(answer) == pytest.approx(list(expected.score), rel=1e-4)


def test_each_feature_changes_the_answer(client):
    full = scores(client.recommend(user="u1", k=5, context=ONE))
    for name in ONE:
        without = {key: value for key, value in ONE.items() if key != name}
        assert scores(client.recommend(user="u1", k=5, context=without)) != full, name


def test_many_queries(client, context_ranker):
    with pytest.warns(UserWarning, match="1 unknown user id"):
        expected = context_ranker.recommend(users=USERS, k=4, context=MANY)
    answers = client.recommend(users=USERS, k=4, context=MANY)
    assert [each.item for answer in answers for each in answer] == list(expected.item)
    found = [score for answer in answers for score in scores(answer)]
    assert found == pytest.approx(list(expected.score), rel=1e-4)


def test_nothing_given_is_all_missing(client, context_ranker):
    with pytest.warns(UserWarning, match="not given: answered as if missing"):
        expected = context_ranker.recommend(users=["u3"], k=5)
    answer = client.recommend(user="u3", k=5)
    assert scores(answer) == pytest.approx(list(expected.score), rel=1e-4)


def test_scores_and_tasks(client, context_ranker):
    items = ["i0", "i3", "i4"]
    context = {name: [value] * 3 for name, value in ONE.items()}
    expected = context_ranker.score(users=["u1"] * 3, items=items, context=context)
    found = client.score(user="u1", items=items, context=ONE)
    assert found == pytest.approx(list(expected), rel=1e-4)
    tasks = client.score(user="u1", items=items, context=ONE, tasks=True)
    assert set(tasks) == {"score", "click", "seconds"}
    # The score is the first task, p = sigmoid(z + b). The second is exp(z / 2 + c).
    assert tasks["score"] == tasks["click"] == found
    ratios = [x / (p / (1 - p)) ** 0.5 for p, x in zip(found, tasks["seconds"], strict=True)]
    assert ratios == pytest.approx([ratios[0]] * 3, rel=1e-3)
    one = client.score(user="u1", item="i3", context=ONE, tasks=True)
    assert one == pytest.approx({name: x[1] for name, x in tasks.items()}, rel=1e-5)
    many = client.score(users=USERS, items=items, context=MANY)
    assert many[0] != many[1] and len(many) == 3
    assert client.score(user="u1", items=[], tasks=True) == {"score": []}


def test_an_unknown_feature_is_named(client):
    known = "it reads at, hour, place, price, query, tags"
    with pytest.raises(InputError, match=f"no feature 'hours' of a request; {known}"):
        client.recommend(user="u1", context={"hours": 9})


ANSWERED = {
    "hour": [9, 9.0, True, "9", float("nan"), "x" * 10_000, 10**30],
    "price": [9, float("nan"), None, "", 3.5],
    "tags": ["a", [], [1, 2.0], ["a", None], 7],
    "query": ["red", 7, True, "", "x " * 5_000],
    "at": [1_700_000_000, None, ""],
    "place": [[1, 2], (0.5, 1), None, ""],
}
REFUSED = {
    "hour": [["9"], {"a": 1}, b"9"],
    "price": ["9", True, [9.0], "much", float("inf"), 1e39, 10**400, {"a": 1}, b"9"],
    "tags": [[["a"]], {"a": 1}, b"a"],
    "query": [["red"], b"red", {"a": 1}],
    "at": ["soon", float("inf"), True, [1], 10**30],
    "place": [[1], [1, 2, 3], "12", [float("nan"), 1], [1e39, 0], ["1", "2"], [True, 2], [None, 1]],
    "color": ["red"],
}


@pytest.mark.filterwarnings("ignore:context")
@pytest.mark.parametrize("name", ANSWERED)
def test_odd_values_have_the_answer_of_python(client, context_ranker, name):
    for value in ANSWERED[name]:
        expected = context_ranker.score(users=["u1"], items=["i1"], context={name: [value]})
        found = client.score("u1", item="i1", context={name: value})
        assert found == pytest.approx(expected[0], rel=1e-4), value


def test_a_number_that_a_model_cannot_compute_with_is_missing(client, context_ranker):
    with pytest.raises(InputError, match="'price' .* is too far from the mean 9.7"):
        context_ranker.score(users=["u1"], items=["i1"], context={"price": [1e38]})
    missing = client.score("u1", item="i1")
    assert client.score("u1", item="i1", context={"price": 1e38}) == missing


@pytest.mark.parametrize("name", REFUSED)
def test_values_that_do_not_fit_are_refused_by_name_as_in_python(client, context_ranker, name):
    for value in REFUSED[name]:
        with pytest.raises(InputError, match=name):
            context_ranker.score(users=["u1"], items=["i1"], context={name: [value]})
        with pytest.raises(InputError, match=name):
            client.score("u1", item="i1", context={name: value})
