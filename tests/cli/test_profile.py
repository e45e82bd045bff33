import pandas as pd
import pytest


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    from kerasrec.data import Interactions
    from kerasrec_zoo import TwoTower

    frame = pd.DataFrame({"user": ["u", "u", "v"], "item": ["tea", "jam", "rye"]})
    items = pd.DataFrame({"item": ["tea", "jam", "rye"], "kind": ["$hot$", "food", "food"]})
    features = {"kind": {"kind": "category"}}
    train = Interactions.from_frame(frame, item_frame=items, item_features=features)
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    return model.save(path := tmp_path_factory.mktemp("models") / "m") or path


def test_profile_of_a_user_and_its_picture(kerasrec, checkpoint, tmp_path):
    status, out, _ = kerasrec("profile", checkpoint, "--user", "u", "--plot", tmp_path / "u.png")
    assert status == 0 and "Profile of user u" in out and "$hot$" in out and "0.5000" in out
    assert (tmp_path / "u.png").read_bytes().startswith(b"\x89PNG")
    _, found, _ = kerasrec("profile", checkpoint, "--history", "jam,rye", "--json")
    assert found["history"] == ["jam", "rye"]
    one = {"feature": "kind", "value": "food", "weight": 1.0, "items": 2}
    assert found["profile"] == [one]


@pytest.mark.parametrize(
    "given, message",
    [
        (("--user", "who"), "does not know the user 'who'"),
        (("--user", "u", "-k", 0), "-k must be at least 1"),
        (("--user", "u", "--plot", "u.pdf"), "--plot writes a PNG"),
        (("--user", "u", "--plot", "nowhere/u.png"), "the folder nowhere does not exist"),
        (("--history", ","), "--history holds no item id"),
    ],
)
def test_wrong_questions(kerasrec, checkpoint, given, message):
    status, _, error = kerasrec("profile", checkpoint, *given)
    assert status == 2 and message in error
