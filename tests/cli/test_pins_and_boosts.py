"""Pins and boosts of a request: Python, the command line, a file for all users and a server."""

import json

import pandas as pd
import pytest

import kerasrec as library
from kerasrec.batch_inference import recommend_to_parquet
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.models import Reranked
from kerasrec.serving.server import Server
from kerasrec_zoo import Popularity

pytestmark = [pytest.mark.slow, pytest.mark.export]

# Popularity: a was taken 6 times, f once. So the best are abcdef.
TAKEN = [f"{item}{time}" for n, item in enumerate("abcdef") for time in range(6 - n)]


@pytest.fixture(scope="module")
def reranked():
    frame = pd.DataFrame({"user": [f"u{one[1]}" for one in TAKEN], "item": [x[0] for x in TAKEN]})
    train = Interactions.from_frame(frame)
    model = Popularity(train.schema())
    model.adapt(train)
    model.repeats = "allow"
    return Reranked(model, {"pin": [{"item": "f"}]})


@pytest.fixture(scope="module")
def sources(reranked, tmp_path_factory):
    """A checkpoint and an export with rules, and an export without."""
    folder = tmp_path_factory.mktemp("pins")
    reranked.save(folder / "checkpoint")
    export(reranked, folder / "ruled" / "1", k=6)
    export(reranked.model, folder / "plain" / "1", k=6)
    return folder


# e comes first, then the list of the rules: f, which they pin, c, which is boosted, and the others.
WISHES = {"pin": ["e", "nothing", "e"], "boost": {"c": 50, "who": 2}}
BEST = "efcabd"
NOTES = ["1 unknown pin item id, left out: nothing", "1 unknown boost item id, left out: who"]


@pytest.mark.filterwarnings("ignore:1 unknown user id")
def test_python(reranked):
    with pytest.warns(UserWarning):
        frame = reranked.recommend(users=["u0", "stranger"], k=6, **WISHES)
    assert "".join(frame["item"]) == BEST * 2
    assert set(NOTES) <= set(frame.attrs["notes"])


@pytest.mark.parametrize("source", ["checkpoint", "ruled"])
def test_the_command_line(kerasrec, sources, tmp_path, source):
    wishes = ("--pin", "e,nothing,e", "--boost", "c=50", "--boost", "who=2")
    asked = ("recommend", sources / source, *wishes)
    status, found, _ = kerasrec(*asked, "--user", "u0", "-k", "6", "--json")
    assert status == 0 and "".join(row["item"] for row in found["recommendations"]) == BEST
    assert set(NOTES) <= set(found["notes"])
    path = tmp_path / "all.parquet"
    status, found, _ = kerasrec(*asked, "--all-users", "-k", "6", "--output", path, "--json")
    assert status == 0 and set(NOTES) <= set(found["notes"])
    assert "".join(pd.read_parquet(path)["item"]) == BEST * 6


def test_other_wishes_are_another_file(reranked, tmp_path):
    path = tmp_path / "all.parquet"
    recommend_to_parquet(reranked, path, k=2, pin=["b"])
    assert pd.read_parquet(path)["item"].tolist() == ["b", "f"] * 6


@pytest.mark.parametrize(
    "asked, said",
    [
        (("--boost", "d"), "--boost d: expected ITEM=FACTOR, such as book-17=1.5"),
        (("--boost", "=2"), "--boost =2: expected ITEM=FACTOR"),
        (("--boost", "d=fast"), "--boost d=fast: expected ITEM=FACTOR"),
        (("--boost", "d=nan"), "--boost: expected a number above 0 for 'd', such as 1.5: got nan"),
        (("--boost", "d=2", "--boost", "d=3"), "--boost d is given twice"),
    ],
)
def test_wrong_options(kerasrec, sources, asked, said):
    status, _, error = kerasrec("recommend", sources / "checkpoint", "--user", "u0", *asked)
    assert status == 2 and said in error


def test_models_without_rules(kerasrec, sources, tmp_path):
    plain = sources / "plain"
    for more in ((), ("--all-users", "--output", tmp_path / "x.parquet")):
        query = more or ("--user", "u0")
        status, _, error = kerasrec("recommend", plain, *query, "--pin", "e")
        assert status == 2 and "has no rules, so a request cannot pin or boost items" in error


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server(sources, scheme):
    models = [sources / "ruled", sources / "plain"]
    with Server(models[0], port=0, grpc_port=0, say=lambda _: None) as server:
        port = server.port if scheme == "http" else server.grpc_port
        with library.Client(f"{scheme}://127.0.0.1:{port}", "ruled", timeout=60) as client:
            answers = client.recommend(users=["u0", "who"], k=6, **WISHES)
            assert ["".join(one.item for one in each) for each in answers] == [BEST] * 2
            plain = client.recommend("u0", k=6)
            assert "".join(one.item for one in plain) == "fabcde"
            with pytest.raises(InputError, match="boost: expected a number above 0 for 'a'"):
                client.recommend("u0", boost={"a": 0})
            with pytest.raises(InputError, match="pin must be strings: got 7, a int"):
                client.recommend("u0", pin=[7])
    with Server(models[1], port=0, grpc_port=0, say=lambda _: None) as server:
        port = server.port if scheme == "http" else server.grpc_port
        with library.Client(f"{scheme}://127.0.0.1:{port}", "plain", timeout=60) as client:
            with pytest.raises(InputError, match="the model takes no pin: it reads"):
                client.recommend("u0", pin=["a"])


def test_factors_that_do_not_fit_the_items_are_refused(sources):
    import http.client

    with Server(sources / "ruled", port=0, say=lambda _: None) as server:
        for boost, factor in (
            (["d", "a"], [2.0]),  # one is missing
            (["d"], [2.0, 3.0]),  # one too many
            (["d"], [0.0]),
            (["d"], [-2.0]),
        ):
            body = {
                "user": ["u0"],
                "history": [[""]],
                "recent": [[""]],
                "exclude": [[""]],
                "allow": [[""]],
                "k": [6],
                "repeats": [""],
            }
            body |= {"pin": [[""]], "boost": [boost], "boost_factor": [factor]}
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            text = json.dumps({"inputs": body})
            connection.request("POST", "/v1/models/ruled:predict", text)
            answer = connection.getresponse()
            said = answer.read().decode()
            connection.close()
            assert answer.status == 400 and "boost_factor: expected a number above 0" in said
