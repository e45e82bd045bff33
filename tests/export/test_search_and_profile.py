"""Words of a search and profiles from an export: graph, server, client and command."""

import json
import warnings

import numpy as np
import pytest

from kerasrec import Client
from kerasrec.cli import main
from kerasrec.client.serving_error import ServingError
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.c_loader import RunError
from kerasrec.serving.openapi import openapi
from kerasrec.serving.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.export]

HALF = float(np.sqrt(0.5))
BLUE, SEA = float(np.log(1 / 0.5)), float(0.5 * np.log(0.5 / 0.25))


@pytest.fixture(scope="module")
def train(blue_and_red):
    return blue_and_red[0]


@pytest.fixture(scope="module")
def model(blue_and_red):
    return blue_and_red[1]


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "colours"
    report = export(model, folder / "1")
    assert report["signatures"]["search"] | {"difference": 0} == {
        "recorded": 60, "requests": 60, "difference": 0, "other": 0,
    }  # fmt: skip
    assert report["signatures"]["profile"]["recorded"] == 60
    assert report["difference"] < 1e-5
    return folder


@pytest.fixture(scope="module")
def loaded(folder):
    with CLoader(folder / "1") as loaded:
        yield loaded


def found(answer, row=0):
    return [one.decode() for one in answer["item"][row] if one]


def test_words_by_hand(loaded):
    answer = loaded.run("search", {"search_text": ["BLUE!", "red blue", "blue"]})
    assert found(answer) == ["x", "z", "y", "w"]
    np.testing.assert_allclose(answer["score"][0], [1, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(answer["score"][1], [HALF] * 4, atol=1e-6)
    assert answer["by_words"].all() and answer["known_words"].tolist() == [1, 2, 1]
    limits = {"exclude": [["x"]], "allow": [["x", "w", "z", "?"]], "k": [2]}
    assert found(loaded.run("search", {"search_text": ["blue"], **limits})) == ["z", "w"]


def test_words_and_a_history_by_hand(loaded):
    # By words x, z, y, w; for the history y, w, x, z. Without a user the words alone count.
    answer = loaded.run("search", {"search_text": ["blue"] * 2, "history": [["y"], [""]]})
    assert (found(answer), found(answer, 1)) == (["x", "y", "z", "w"], ["x", "z", "y", "w"])
    high, low = 1 / 61 + 1 / 63, 1 / 62 + 1 / 64
    np.testing.assert_allclose(answer["score"][0], [high, high, low, low], rtol=1e-6)


def test_words_that_no_item_has(loaded):
    texts = ["green red", "green", "sun", "", "  ", "a b c d e f g a"]
    answer = loaded.run("search", {"search_text": texts, "k": [1]})
    assert [found(answer, row) for row in range(6)] == [["y"], *[["w"]] * 5]
    assert answer["by_words"].tolist() == [True, *[False] * 5]
    # Of "sun" there is one item: in the code its word has no weight.
    assert answer["known_words"].tolist() == [1, 0, 1, 0, 0, 0]
    assert answer["unknown_word"][0].tolist() == [b"green", *[b""] * 5]
    assert answer["unknown_word"][5].tolist() == [b"a", b"b", b"c", b"d", b"e", b"f"]
    assert answer["score"][1].tolist() == [3.0]


def test_too_many_words_are_refused(loaded):
    with pytest.raises(RunError, match="search_text: expected at most 10000 characters: got"):
        loaded.run("search", {"search_text": ["tea " * 250_000]})
    loaded.run("search", {"search_text": ["blue " * 2000]})


def profile(answer, row=0):
    columns = (answer[name][row].tolist() for name in ("feature", "value", "weight", "items"))
    return [one for one in zip(*columns, strict=True) if one[1]]


def test_a_profile_by_hand(loaded):
    answer = loaded.run("profile", {"history": [["x", "z"], ["x", "y"]]})
    assert profile(answer) == [
        (b"about", b"blue", pytest.approx(BLUE, rel=1e-6), 2),
        (b"about", b"sky", pytest.approx(SEA, rel=1e-6), 1),
        (b"about", b"sea", pytest.approx(SEA, rel=1e-6), 1),
    ]
    # "blue" and "red" are half of these items, and of all.
    assert [one[1] for one in profile(answer, 1)] == [b"sea", b"fire"]


def test_weights_and_stored_histories(loaded, model):
    weighed = {"history": [["x", "?", "z"]], "item_weight": [[3.0, np.nan, 0.0]]}
    answer = loaded.run("profile", weighed)
    assert profile(answer)[0][1:] == (b"sea", pytest.approx(np.log(4), rel=1e-6), 1)
    answer = loaded.run("profile", {"user": ["a", "nobody", "b"], "history": [[""], [""], ["x"]]})
    python = model.profile("a")
    assert [one[2] for one in profile(answer)] == pytest.approx(python["weight"].tolist(), 1e-5)
    assert profile(answer, 1) == []
    assert profile(answer, 2) == profile(loaded.run("profile", {"history": [["x"]]}))


@pytest.mark.parametrize("wrong", [[1.0, np.nan], [-1.0, 1.0], [np.inf, 1.0], [1.0, 1.0, 1.0]])
def test_wrong_weights_are_refused(loaded, wrong):
    with pytest.raises(RunError, match="item_weight: expected a finite weight of 0 or more"):
        loaded.run("profile", {"history": [["x", "z"]], "item_weight": [wrong]})


def test_client_and_server(folder, model):
    with Server(folder, port=0, grpc_port=0, say=lambda _: None) as server:
        rest, grpc = f"http://127.0.0.1:{server.port}", f"grpc://127.0.0.1:{server.grpc_port}"
        for address in (rest, grpc):
            with Client(address, "colours", timeout=60) as client:
                answer = client.search("blue", k=4, history=["y"])
                assert [one.item for one in answer] == ["x", "y", "z", "w"]
                answer = client.search("blue", k=4, exclude=["x"], allow=["x", "z"])
                assert [(one.item, one.score) for one in answer] == [("z", pytest.approx(1))]
                with pytest.warns(UserWarning, match="that no item has are left out: green"):
                    client.search("red green", k=1)
                with pytest.warns(UserWarning, match="no item has these words: answered with pop"):
                    assert client.search("green", k=1, user="a")[0].item == "w"
                values = client.profile(history=["x", "z"], value=[1, 1], k=1)
                (one,) = values
                assert (one.feature, one.value, one.items) == ("about", "blue", 2)
                assert one.weight == pytest.approx(BLUE)
                python = model.profile("a")["weight"].tolist()
                assert [one.weight for one in client.profile("a")] == pytest.approx(python)
                with pytest.warns(UserWarning, match="knows no item of the history of the user"):
                    assert client.profile("nobody") == []
                with pytest.raises(InputError, match="the scores of model 'colours' only"):
                    client.recommend(user="a", k=1, probabilities=True)
        with Client(rest, "colours") as client:
            for asked, message in (
                ({"text": " "}, "text must be the words of a search"),
                ({"text": None}, "text must be the words of a search"),
                ({"text": "tea " * 250_000}, "at most 10,000 characters, got 1,000,000"),
                ({"text": "\ud800"}, "unpaired surrogate"),
                ({"text": "tea", "user": "a", "history": ["x"]}, "a user or a history, not both"),
                ({"text": "tea", "k": 9}, "k must be at most 4"),
            ):
                with pytest.raises(InputError, match=message):
                    client.search(**asked)
            for asked, message in (
                ({}, "a user or a history: one of them"),
                ({"user": "a", "value": [1]}, "value belongs to a history"),
                ({"history": ["x"], "value": [1, 2]}, "value: expected 1, one an item, got 2"),
                ({"history": ["x"], "value": [np.nan]}, "finite weights of 0 or more, got nan"),
                ({"history": ["x"], "value": ["good"]}, "finite weights of 0 or more, got 'good'"),
                ({"history": ["x"], "timestamp": [5]}, "the model takes no timestamp"),
                ({"user": "a", "k": 11}, "k must be a whole number between 1 and .*, 10: got 11"),
            ):
                with pytest.raises(InputError, match=message):
                    client.profile(**asked)
            signature, transport = client._model.signature("search"), client._transport
            given = {name: [[""]] for name in signature.inputs}
            given |= {"search_text": ["tea " * 250_000], "user": [""], "k": [1]}
            with pytest.raises(ServingError, match="expected at most 10000 characters: got"):
                transport.predict("search", signature, given, 30)
        paths = openapi(server.models)["paths"]["/v1/models/colours:predict"]["post"]
        examples = paths["requestBody"]["content"]["application/json"]["examples"]
        assert {"search", "profile"} <= set(examples)


def run_command(capsys, *arguments):
    status = main([*map(str, arguments), "--json"])
    out, error = capsys.readouterr()
    return status, json.loads(out) if status == 0 else None, error


def test_the_command_answers_a_run_and_an_export_the_same(folder, model, tmp_path, capsys):
    model.save(tmp_path / "saved")
    for asked in (
        ("search", "blue", "-k", 4),
        ("search", "green red", "-k", 2, "--user", "a", "--exclude", "y"),
        ("search", "green", "-k", 1),
        ("search", "sun", "-k", 1, "--history", "y,?", "--allow", "y,w"),
        ("search", "blue", "-k", 1, "--history", "y,?"),
        ("profile", "--user", "a"),
        ("profile", "--history", "x,z", "--values", "1,3", "-k", 2),
    ):
        name, *rest = asked
        answers = []
        for source in (folder, tmp_path / "saved"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                status, answer, error = run_command(capsys, name, source, *rest)
            assert status == 0, error
            key, column = ("found", "item") if name == "search" else ("profile", "feature")
            rows = answer.pop(key)
            shown = [(row[column], pytest.approx(row.get("score", row.get("weight")), abs=1e-5))
                     for row in rows]  # fmt: skip
            answers.append((shown, answer))
        assert answers[0] == answers[1], asked
    picture = tmp_path / "a.png"
    assert run_command(capsys, "profile", folder, "--user", "a", "--plot", picture)[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "asked, message",
    [
        (("search", " "), "text must be the words of a search"),
        (("search", "tea " * 5000), "text must have at most 10,000 characters"),
        (("search", "tea", "-k", "0"), "-k must be at least 1"),
        (("search", "tea", "-k", "5"), "answers with 4 items at most"),
        (("profile", "--user", "nobody"), "has no item that the model knows"),
        (("profile", "--history", "x", "--values", "1,2"), "--values: expected one for each of"),
        (("profile", "--history", "x", "--values", ""), "expected a weight for each item"),
        (("profile", "--history", "x", "--values=-1"), "item_weight: expected a finite weight"),
        (("profile", "--user", "a", "--values", "1"), "--values belong to --history"),
        (("recommend", "--user", "a", "--probabilities"), "--probabilities: the scores of"),
    ],
)
def test_wrong_questions_to_the_command(folder, capsys, asked, message):
    name, *rest = asked
    status, _, error = run_command(capsys, name, folder, *rest)
    assert status == 2 and message in error
