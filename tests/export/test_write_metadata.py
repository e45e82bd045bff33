"""The metadata of an export describes its model, data and files."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.export import export
from kerasrec.savedmodel.metadata import read_metadata
from kerasrec_zoo import MatrixFactorization

pytestmark = pytest.mark.slow


def exported(frame, folder, run=None):
    items = pd.DataFrame({"item": list("xyz"), "title": ["Ex", None, "Zed <b>"]})
    train = Interactions.from_frame(frame, item_frame=items, item_title="title")
    model = MatrixFactorization(train.schema(), dim=2)
    model.adapt(train)
    for weight in model.trainable_weights:
        weight.assign(np.ones(weight.shape))
    export(model, folder, k=2, run=run)
    return model, read_metadata(folder)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two exports with the same weights and data that differs in one interaction."""
    folder = tmp_path_factory.mktemp("metadata")
    frame = pd.DataFrame({"user": list("aab"), "item": list("xyz")})
    more = pd.concat([frame, pd.DataFrame({"user": ["b"], "item": ["x"]})])
    run = {"metrics": {"ndcg@10": {"mean": 0.5, "low": 0.4, "high": 0.6}}}
    return folder, exported(frame, folder / "1", run), exported(more, folder / "2")


def test_sizes_names_run_and_versions(both):
    folder, (_, metadata), _ = both
    values = {key: metadata[key] for key in ("model", "num_items", "num_users", "max_k", "format")}
    assert values == {
        "model": "MatrixFactorization", "num_items": 3, "num_users": 2, "max_k": 2, "format": 2,
    }  # fmt: skip
    assert metadata["run"]["metrics"]["ndcg@10"]["mean"] == 0.5
    assert set(metadata["versions"]) == {"kerasrec", "keras", "tensorflow", "numpy", "python"}
    extra = folder / "1" / "assets.extra"
    assert json.loads((extra / "items.json").read_text()) == ["x", "y", "z"]
    assert json.loads((extra / "users.json").read_text()) == ["a", "b"]
    assert json.loads((extra / "titles.json").read_text()) == ["Ex", "y", "Zed <b>"]


def test_signatures_have_dtypes_shapes_and_defaults(both):
    signatures = both[1][1]["signatures"]
    assert signatures["serving_default"] == signatures["recommend"]
    assert signatures["recommend"]["inputs"] == {
        "user": {"dtype": "string", "shape": [None], "default": [""]},
        "recent": {"dtype": "string", "shape": [None, None], "default": [[""]]},
        "exclude": {"dtype": "string", "shape": [None, None], "default": [[""]]},
        "allow": {"dtype": "string", "shape": [None, None], "default": [[""]]},
        "k": {"dtype": "int32", "shape": [None], "default": [2]},
        "repeats": {"dtype": "string", "shape": [None], "default": [""]},
    }
    assert signatures["embed_user"]["outputs"] == {
        "vector": {"dtype": "float32", "shape": [None, 4]}
    }
    assert "default" not in signatures["score"]["inputs"]["item"]


def test_hashes_show_what_changed(both):
    (model, one), (_, other) = both[1:]
    assert one["sha256"]["data"] != other["sha256"]["data"]
    for name in ("users", "items", "config", "vectors"):
        assert one["sha256"][name] == other["sha256"][name]
    vectors = np.ascontiguousarray(model.encode_catalog())
    assert one["sha256"]["vectors"] == hashlib.sha256(vectors).hexdigest()
    assert one["sha256"]["catalog"] is None  # there are no features


def test_every_file_has_its_hash(both):
    folder, (_, metadata), _ = both
    files = {
        path.relative_to(folder / "1").as_posix()
        for path in (folder / "1").rglob("*")
        if path.is_file()
    }
    assert files - set(metadata["files"]) == {"assets.extra/kerasrec.json"}
