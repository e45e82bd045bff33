import pandas as pd

from kerasrec.data import Interactions


def test_clusters_a_table_and_a_picture(kerasrec, tmp_path):
    from kerasrec_zoo import TwoTower

    items = pd.DataFrame({"item": list("abcde"), "kind": ["hot", "hot", "hot", "cold", "cold"]})
    frame = pd.DataFrame({"user": ["u", "u", "v", "v", "v"], "item": list("abcde")})
    features = {"kind": {"kind": "category"}}
    train = Interactions.from_frame(frame, item_frame=items, item_features=features)
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    model.save(tmp_path / "m")
    files = ("--plot", tmp_path / "c.png", "--output", tmp_path / "c.csv")
    asked = ("clusters", tmp_path / "m", "-k", 2, "--by", "content")
    status, out, _ = kerasrec(*asked, *files)
    assert status == 0 and "hot" in out and "a; b; c" in out
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    written = pd.read_csv(tmp_path / "c.csv")
    assert dict(zip(written["item"], written["name"], strict=True)) == dict(
        zip(items["item"], items["kind"], strict=True)
    )
    _, found, _ = kerasrec(*asked, "--json")
    assert found["clusters"][1] == {
        "cluster": 1, "name": "cold", "items": 2, "middle": ["d", "e"],
    }  # fmt: skip
    assert kerasrec(*asked, "--output", "c.txt")[0] == 2
    assert "k must be" in kerasrec("clusters", tmp_path / "m", "-k", 9)[2]
