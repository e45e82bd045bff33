import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec import Client
from kerasrec.batch_inference import recommend_to_parquet
from kerasrec.cli import main
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.export.examples import serialized_examples
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.savedmodel import CLoader, verify
from kerasrec.savedmodel.c_loader import RunError
from kerasrec.savedmodel.metadata import read_metadata
from kerasrec.serving.server import Server
from kerasrec_zoo import Hybrid, MatrixFactorization, Popularity

pytestmark = pytest.mark.slow

TEXTS = {"x": "blue sea", "y": "red fire", "z": "blue sky", "w": "red sun"}


@pytest.fixture(scope="module")
def train():
    frame = pd.DataFrame({"user": list("aaabbbcc"), "item": list("xyzxyzxy")})
    items = pd.DataFrame({"item": list(TEXTS), "text": list(TEXTS.values())})
    items["mood"], items["price"], items["look"] = "calm", [1.0, 2.0, 3.0, 4.0], [[1.0, 0.5]] * 4
    items["tags"] = "a|b"
    features = {
        "text": {"kind": "text", "length": 3},
        "mood": {"kind": "category"},
        "price": {"kind": "number"},
        "look": {"kind": "vector"},
        "tags": {"kind": "categories", "separator": "|"},
    }
    return Interactions.from_frame(frame, item_frame=items, item_features=features)


@pytest.fixture(scope="module")
def popularity(train, tmp_path_factory):
    model = Popularity(train.schema())
    model.adapt(train)
    directory = tmp_path_factory.mktemp("popularity") / "1"
    export(model, directory)
    with CLoader(directory) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def hybrid(train, tmp_path_factory):
    keras.utils.set_random_seed(3)
    model = Hybrid(train.schema(history_length=2), dim=4)
    model.adapt(train)
    directory = tmp_path_factory.mktemp("hybrid") / "1"
    export(model, directory)
    with CLoader(directory) as loaded:
        yield model, loaded


@pytest.mark.export
def test_recommend_takes_and_returns_strings(popularity):
    # x and y have three interactions, z two, w none; ties go to the earlier item.
    answer = popularity("recommend", user=["nobody"], exclude=[[""]])
    assert answer["item"].tolist() == [[b"x", b"y", b"z", b"w"]]
    assert answer["score"].tolist() == [[3.0, 3.0, 2.0, 0.0]]


@pytest.mark.export
def test_recommend_is_the_default_signature(popularity):
    answer = popularity("serving_default", user=["nobody"], exclude=[["x"]])
    assert answer["item"].tolist() == [[b"y", b"z", b"w", b""]]
    assert answer["score"][0, 3] == -np.inf


@pytest.mark.export
def test_any_batch_size_and_number_of_exclusions(popularity):
    exclude = [["y", "", "x", "not an item"]] * 7
    answer = popularity("recommend", user=["nobody"] * 7, exclude=exclude)
    assert answer["item"].tolist() == [[b"z", b"w", b"", b""]] * 7
    none = np.zeros((2, 0), dtype=np.dtype("S1"))
    assert popularity("recommend", user=["?", "!"], exclude=none)["item"].shape == (2, 4)


@pytest.mark.export
def test_score_of_pairs(popularity):
    answer = popularity("score", user=["a", "b"], item=["z", "x"])
    assert answer == {"score": pytest.approx([2.0, 3.0])}


@pytest.mark.export
def test_history_may_be_padded_anywhere_and_is_not_recommended(hybrid):
    model, signatures = hybrid
    expected = model.recommend(histories=[["x", "y"]], k=2)
    for history in (["x", "y"], ["", "x", "", "y"], ["x", "?", "y", ""], ["", "", "x", "y"]):
        answer = signatures("recommend", history=[history], exclude=[[""]])
        assert [item.decode() for item in answer["item"][0][:2]] == list(expected["item"])
        np.testing.assert_allclose(answer["score"][0][:2], expected["score"], atol=1e-6)
        assert set(answer["item"][0][2:]) == {b""}


@pytest.mark.export
def test_only_the_last_items_of_a_long_history_are_read(hybrid):
    signatures = hybrid[1]
    one = signatures("embed_user", history=[["z", "z", "x", "y", ""]])
    other = signatures("embed_user", history=[["x", "y"]])
    np.testing.assert_allclose(one["vector"], other["vector"], atol=1e-6)


def raw(item, text, price=1.0):
    return {
        "item": [item], "text": [text], "mood": ["calm"], "price": [np.float32(price)],
        "look": [[np.float32(1.0), np.float32(0.5)]], "tags": [["a", "b"]],
    }  # fmt: skip


@pytest.mark.export
def test_content_and_behavior_parts_sum_to_the_score(hybrid):
    model, signatures = hybrid
    answer = signatures("recommend_explained", history=[["x", "y"]], exclude=[[""]])
    plain = signatures("recommend", history=[["x", "y"]], exclude=[[""]])
    np.testing.assert_array_equal(answer["item"], plain["item"])
    real = np.isfinite(answer["score"])
    both = (answer["from_behavior"] + answer["from_content"])[real]
    np.testing.assert_allclose(both, plain["score"][real], atol=1e-6)
    assert not answer["from_content"][~real].any()
    python = model.recommend(histories=[["x", "y"]], k=2, explain=True)
    np.testing.assert_allclose(answer["from_content"][0, :2], python["from_content"], atol=1e-6)


@pytest.mark.export
def test_reasons_match_python(hybrid):
    model, signatures = hybrid
    for history in (["x", "y"], ["z", "", "?"], ["y"]):
        answer = signatures("recommend_explained", history=[history], exclude=[[""]])
        known = [item for item in history if item in TEXTS]
        python = model.recommend(histories=[known], k=2, explain=True)
        for place, row in python.iterrows():
            expected = {r["item"]: r["contribution"] for r in row["reasons"] if r["item"]}
            names = answer["reason_item"][0, place].astype(str)
            parts = dict(zip(names, answer["reason"][0, place], strict=True))
            assert parts.pop("", 0.0) == 0.0
            assert parts == pytest.approx(expected, abs=1e-6)
            words = {w["word"]: w["contribution"] for w in row["words"]}
            names = answer["word"][0, place].astype(str)
            parts = dict(zip(names, answer["word_reason"][0, place], strict=True))
            assert parts.pop("", 0.0) == 0.0
            assert parts == pytest.approx(words, abs=1e-6)
            features = [f.decode() for f in answer["word_feature"][0, place] if f]
            assert features == ["text"] * len(words)


@pytest.mark.export
@pytest.mark.parametrize("history", [[[""]], [["?", ""]], np.zeros((1, 0), str)])
def test_an_empty_history_has_no_reasons(hybrid, history):
    answer = hybrid[1]("recommend_explained", history=history, exclude=[[""]])
    assert (answer["reason_item"] == b"").all() and not answer["reason"].any()
    plain = hybrid[1]("recommend", history=history, exclude=[[""]])
    np.testing.assert_array_equal(answer["item"], plain["item"])
    assert np.isfinite(answer["score"][0, 0])


@pytest.mark.export
def test_padding_has_no_reasons(hybrid):
    answer = hybrid[1]("recommend_explained", history=[["x"]], exclude=[["y", "z", "w"]])
    assert (answer["item"] == b"").all()
    assert not any(answer[name].any() for name in ("reason", "word_reason", "from_content"))


@pytest.mark.export
def test_a_new_item_is_embedded_from_its_raw_features(hybrid):
    model, signatures = hybrid
    # w has no interactions, so its vector also comes from its features alone.
    row = model.items.vocabulary.rows(["w"])[0]
    stored = np.asarray(model.encode_catalog())[row]
    same = signatures("embed_items", **raw("brand new", "red sun", price=4.0))
    np.testing.assert_allclose(same["vector"][0], stored, atol=1e-6)
    other = signatures("embed_items", **raw("brand new", "blue sea", price=4.0))
    assert np.abs(other["vector"][0] - stored).max() > 1e-4


@pytest.mark.export
def test_non_finite_numbers_and_vectors_count_as_missing(hybrid):
    signatures = hybrid[1]
    plain = raw("new", "red sun")
    nothing = signatures("embed_items", **{**plain, "look": np.zeros((1, 2), "float32")})
    for value in (np.nan, np.inf):
        look = np.array([[value, 0.5]], "float32")
        answer = signatures("embed_items", **{**plain, "look": look})
        np.testing.assert_array_equal(answer["vector"], nothing["vector"])
        prices = [
            signatures("embed_items", **raw("new", "red sun", price)) for price in (value, 2.5)
        ]
        # 2.5 is the mean of the prices.
        np.testing.assert_allclose(prices[0]["vector"], prices[1]["vector"], atol=1e-6)
    with pytest.raises(RuntimeError, match="not compatible with expected shape"):
        signatures("embed_items", **{**plain, "look": np.zeros((1, 3), "float32")})


@pytest.mark.export
def test_a_known_item_is_embedded_from_the_catalogue(hybrid):
    model, signatures = hybrid
    row = model.items.vocabulary.rows(["x"])[0]
    answer = signatures("embed_items", **raw("x", "any text"))
    np.testing.assert_allclose(
        answer["vector"][0], np.asarray(model.encode_catalog())[row], atol=1e-6
    )


@pytest.mark.export
def test_seen_items_are_excluded_unless_repeats_allow_them(popularity):
    # a has x, y and z. Counts: x and y three, z two, w none.
    seen = popularity("recommend", user=["a", "b", "nobody"])
    assert seen["item"].tolist() == [
        [b"w", b"", b"", b""], [b"w", b"", b"", b""], [b"x", b"y", b"z", b"w"],
    ]  # fmt: skip
    every = popularity("recommend", user=["a", "c"], repeats=["allow", "mask"])
    assert every["item"].tolist() == [[b"x", b"y", b"z", b"w"], [b"z", b"w", b"", b""]]
    with pytest.raises(RunError, match="repeats: expected mask, allow or nothing"):
        popularity("recommend", user=["a"], repeats=["sometimes"])


@pytest.mark.export
def test_each_row_has_its_own_k(popularity):
    answer = popularity("recommend", k=[0, 1, 3, 99, -1])
    found = [[item for item in row if item] for row in answer["item"].tolist()]
    assert found == [[], [b"x"], [b"x", b"y", b"z"], [b"x", b"y", b"z", b"w"], []]
    assert np.isneginf(answer["score"][0]).all() and answer["score"].shape == (5, 4)


@pytest.mark.export
def test_each_row_has_its_own_whitelist(popularity):
    allow = [["w", "z", "w"], ["no such item", "", ""], ["", "", ""], ["x", "y", "?"]]
    answer = popularity("recommend", allow=allow, exclude=[[""], [""], [""], ["x"]])
    found = [[item for item in row if item] for row in answer["item"].tolist()]
    assert found == [[b"z", b"w"], [], [b"x", b"y", b"z", b"w"], [b"y"]]


@pytest.mark.export
def test_one_row_is_broadcast_to_all_rows(popularity):
    answer = popularity("recommend", user=["nobody"] * 3, exclude=[["x"]], k=[2])
    assert answer["item"].tolist() == [[b"y", b"z"]] * 3
    with pytest.raises(RuntimeError, match="Incompatible|incompatible|broadcast"):
        popularity("recommend", user=["nobody"] * 3, k=[2, 2])


@pytest.mark.export
def test_a_user_without_a_history_gets_the_stored_history(hybrid):
    model, signatures = hybrid
    stored = signatures("recommend", user=["c"])
    given = signatures("recommend", history=[["x", "y"]])  # the history of c
    python = model.recommend(users=["c"], k=2)
    np.testing.assert_array_equal(stored["item"], given["item"])
    assert [item.decode() for item in stored["item"][0, :2]] == python["item"].tolist()
    both = signatures("recommend", user=["c"], history=[["z", ""]])
    np.testing.assert_array_equal(both["item"], signatures("recommend", history=[["z"]])["item"])


@pytest.mark.export
def test_an_export_may_omit_histories(train, tmp_path):
    model = MatrixFactorization(train.schema(), dim=2)
    model.adapt(train)
    export(model, tmp_path / "1", histories=False)
    with CLoader(tmp_path / "1") as loaded:
        answer = loaded("recommend", user=["a"])
    assert sorted(answer["item"][0].tolist()) == [b"w", b"x", b"y", b"z"]
    metadata = read_metadata(tmp_path / "1")
    assert metadata["stored_histories"] is False and metadata["num_items"] == 4


@pytest.mark.export
def test_examples_give_the_same_answers(hybrid):
    signatures = hybrid[1]
    request = {
        "user": np.array(["c", "", "nobody"]),
        "history": np.array([["", ""], ["z", "x"], ["y", ""]]),
        "exclude": np.array([["z"], [""], [""]]),
        "k": np.array([3, 1, 2], "int32"),
        "repeats": np.array(["", "allow", "mask"], object),
    }
    examples = serialized_examples(request, request)
    answer = signatures("recommend_examples", examples=examples)
    expected = signatures("recommend", **request)
    np.testing.assert_array_equal(answer["item"], expected["item"])
    np.testing.assert_array_equal(answer["score"], expected["score"])
    empty = tf.train.Example().SerializeToString()
    nothing = signatures("recommend_examples", examples=[empty])
    np.testing.assert_array_equal(nothing["item"], signatures("recommend", k=[100])["item"])


@pytest.mark.export
def test_similar_items_match_python(hybrid):
    model, signatures = hybrid
    answer = signatures("similar_items", item=["x", "no such item", ""], exclude=[["z"]])
    python = model.similar_items(["x"], k=2, exclude=["z"])
    assert [item.decode() for item in answer["item"][0] if item] == python["item"].tolist()
    np.testing.assert_allclose(answer["score"][0, :2], python["score"], atol=1e-6)
    assert (answer["item"][1:] == b"").all()
    few = signatures("similar_items", item=["x"], allow=[["w", "x"]], k=[1])
    assert few["item"][0].tolist() == [b"w"] + [b""] * (few["item"].shape[1] - 1)


@pytest.mark.export
@pytest.mark.parametrize("batch", [1, 1024])
def test_every_output_has_the_batch_dimension(hybrid, batch):
    model, signatures = hybrid
    request = raw("x", "blue")
    for name, signature in signatures.signatures.items():
        given = {key: value for key, value in request.items() if key in signature.inputs}
        if "examples" in signature.inputs:
            given["examples"] = [tf.train.Example().SerializeToString()]
        if name == "recommend_explained" and batch > 1:
            given["history"] = [["x"]]
        if name == "search":
            given["search_text"] = ["blue"]
        given = {key: list(value) * batch for key, value in given.items()} or {"user": [""] * batch}
        answer = signatures(name, **given)
        assert all(len(value) == batch for value in answer.values()), name


@pytest.mark.export
def test_an_existing_folder_and_a_model_without_adapt_are_refused(train, tmp_path):
    model = Popularity(train.schema())
    model.adapt(train)
    with pytest.raises(InputError, match="exists already"):
        export(model, tmp_path)
    with pytest.raises(InputError, match="adapt"):
        export(Popularity(train.schema()), tmp_path / "1")
    assert not list(tmp_path.iterdir())


@pytest.mark.export
def test_an_export_with_other_answers_is_refused_and_removed(train, tmp_path, monkeypatch):
    model = MatrixFactorization(train.schema(), dim=2)
    model.adapt(train)
    monkeypatch.setattr(verify, "TOLERANCE", -1.0)
    with pytest.raises(RuntimeError, match="gives other answers than Python"):
        export(model, tmp_path / "model" / "1")
    assert not list((tmp_path / "model").iterdir())


@pytest.mark.export
def test_a_full_disk_leaves_no_files(train, tmp_path, monkeypatch):
    model = Popularity(train.schema())
    model.adapt(train)

    def full(self, folder):
        folder.mkdir()
        (folder / "half").write_text("half")
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(ServingGraph, "write", full)
    with pytest.raises(InputError, match="cannot be written: No space left"):
        export(model, tmp_path / "1")
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="k must be a whole number between 1 and .*: got 0"):
        export(model, tmp_path / "1", k=0)


@pytest.fixture(scope="module")
def labelled(train, tmp_path_factory):
    """A model whose scores are logits, the folder of its export, and its best items for "a"."""
    model = MatrixFactorization(train.schema(), dim=2, candidates="pair")
    model.adapt(train)
    model.scores_are_logits = True
    folder = tmp_path_factory.mktemp("labelled") / "m"
    assert export(model, folder / "1")["difference"] < 1e-5
    best = model.recommend(["a"], k=3, repeats="allow", probabilities=True)["probability"]
    return model, folder, best.tolist()


@pytest.mark.export
def test_a_logit_is_exported_with_its_probability(labelled):
    model, folder, best = labelled
    with CLoader(folder / "1") as loaded:
        answer = loaded("score", user=["a", "b"], item=["z", "w"])
        found = loaded("recommend", user=["a"], repeats=["allow"], k=[3])
    expected = 1 / (1 + np.exp(-answer["score"].astype("float64")))
    np.testing.assert_allclose(answer["probability"], expected, rtol=1e-6)
    python = model.score(["a", "b"], items=["z", "w"], probabilities=True)
    np.testing.assert_allclose(answer["probability"], python, atol=1e-6)
    np.testing.assert_allclose(found["probability"][0], best, atol=1e-6)


@pytest.mark.export
def test_probabilities_in_a_file(labelled, tmp_path):
    model, folder, best = labelled
    for number, source in enumerate((model, folder)):
        path = tmp_path / f"{number}.parquet"
        asked = {"users": ["a"], "k": 3, "repeats": "allow", "probabilities": True}
        recommend_to_parquet(source, path, **asked)
        table = pd.read_parquet(path)
        assert list(table) == ["user", "rank", "item", "score", "probability"]
        np.testing.assert_allclose(table["probability"], best, atol=1e-6)


@pytest.mark.export
def test_probabilities_of_a_client(labelled):
    model, folder, best = labelled
    python = model.score(["a"], items=["z"], probabilities=True)
    with Server(folder, port=0, say=lambda _: None) as server:
        with Client(f"http://127.0.0.1:{server.port}", "m", timeout=60) as client:
            asked = {"user": "a", "k": 3, "repeats": "allow"}
            shown = [one.probability for one in client.recommend(**asked, probabilities=True)]
            assert shown == pytest.approx(best, abs=1e-6)
            assert client.recommend(**asked)[0].probability is None
            one = client.score(user="a", item="z", probabilities=True)
            assert one == pytest.approx(float(python[0]), abs=1e-6)


@pytest.mark.export
def test_probabilities_on_the_command_line(labelled, capsys):
    _, folder, best = labelled
    arguments = ["--user", "a", "-k", "3", "--repeats", "allow", "--probabilities", "--json"]
    assert main(["recommend", str(folder), *arguments]) == 0
    rows = json.loads(capsys.readouterr().out)["recommendations"]
    assert [row["probability"] for row in rows] == pytest.approx(best, abs=1e-6)
