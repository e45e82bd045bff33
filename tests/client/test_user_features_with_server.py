"""Features of a user through `kerasrec serve`, by the client and on the command line."""

import keras
import numpy as np
import pandas as pd
import pytest

import kerasrec
from kerasrec.cli.main import main
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.serving.server import Server
from kerasrec_zoo import TwoTower

pytestmark = [pytest.mark.export, pytest.mark.filterwarnings("ignore:.*unknown user id")]
GIVEN = {"land": "so", "age": 31}


@pytest.fixture(scope="module")
def model():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"user": [f"u{n % 9}" for n in range(60)]})
    frame["item"] = [f"i{n}" for n in random.integers(0, 8, 60)]
    people = pd.DataFrame({"user": [f"u{n}" for n in range(9)], "land": ["no", "so", "we"] * 3})
    people["age"] = 20.0 + np.arange(9)
    train = Interactions.from_frame(
        frame, user_frame=people,
        user_features={"land": {"kind": "category"}, "age": {"kind": "number"}},
    )  # fmt: skip
    keras.utils.set_random_seed(0)
    model = TwoTower(train.schema(), dim=4)
    model.adapt(train)
    return model


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("users") / "towers"
    export(model, folder / "1", k=8)
    return folder


def items(answer):
    return [each.item for each in answer], [each.score for each in answer]


def test_a_client_gives_them(model, folder):
    with Server(folder, port=0, grpc_port=None, say=print) as server:
        with kerasrec.Client(f"http://127.0.0.1:{server.port}", "towers", timeout=60) as client:
            for user in ("nobody", "", "u0"):
                expected = model.recommend([user], k=8, user_features=GIVEN)
                found = items(client.recommend(user, k=8, user_features=GIVEN))
                assert found[0] == expected["item"].tolist()
                np.testing.assert_allclose(found[1], expected["score"], rtol=1e-4)
            many = {"land": ["so", None], "age": [31, 22.5]}
            expected = model.score(["nobody", "u0"], items=["i1", "i2"], user_features=many)
            scores = client.score(users=["nobody", "u0"], items=["i1", "i2"], user_features=many)
            np.testing.assert_allclose(scores, expected, rtol=1e-4)
            # What a user has already changes nothing.
            same = client.recommend("u1", k=8, user_features={"land": "so", "age": 21})
            stored = client.recommend("u1", k=8)
            assert items(same)[0] == items(stored)[0]
            with pytest.raises(InputError, match="reads no feature 'size' of a user; it reads age"):
                client.recommend("u0", user_features={"size": 1})
            with pytest.raises(InputError, match="user_features: age: expected a number"):
                client.recommend("u0", user_features={"age": "old"})
            with pytest.raises(InputError, match="context: .* no feature 'age' of a request"):
                client.recommend("u0", context={"age": 3})


def test_the_command_line_gives_them(model, folder, tmp_path, capsys):
    expected = model.recommend(["nobody"], k=3, user_features=GIVEN)["item"].tolist()
    model.save(tmp_path / "checkpoint")
    given = ["--user-feature", "land=so", "--user-feature", "age=31"]
    for source in (folder, tmp_path / "checkpoint"):
        asked = ["recommend", str(source), "--user", "nobody", "-k", "3", "--json"]
        assert main([*asked, *given]) == 0
        found, said = capsys.readouterr()
        assert all(item in found for item in expected) and "from the features given" in found
        assert main([*asked, "--user-feature", "size=3"]) == 2
        assert "reads no feature 'size' of a user; it reads land, age" in capsys.readouterr().err
