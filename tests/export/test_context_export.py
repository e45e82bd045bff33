"""What an export says of the features of a request."""

import json

import pytest

from kerasrec.savedmodel.metadata import read_metadata


@pytest.mark.slow
def test_metadata_describes_the_features_and_tasks(context_export):
    text = (context_export / "1" / "assets.extra" / "kerasrec.json").read_text()
    # Strict JSON: the default of a number, NaN, is null.
    about = json.loads(text, parse_constant=pytest.fail)
    assert about == read_metadata(context_export / "1")
    assert sorted(about["context"]["hour"].pop("values")) == sorted(map(str, range(24)))
    assert sorted(about["context"]["tags"].pop("values")) == ["a", "b", "c"]
    assert about["context"] == {
        "hour": {"kind": "category"},
        "price": {"kind": "number"},
        "tags": {"kind": "categories", "separator": "|"},
        "query": {"kind": "text"},
        "at": {"kind": "time"},
        "place": {"kind": "vector", "size": 2},
    }
    assert about["tasks"] == {"click": "binary", "seconds": "seconds"}
    inputs = about["signatures"]["score"]["inputs"]
    assert inputs["price"] == {"dtype": "float32", "shape": [None], "default": [None]}
    assert inputs["place"]["default"] == [[None, None]]


@pytest.mark.slow
def test_the_graph_answers_as_python_does(context_ranker, check_graph):
    check_graph(context_ranker, 6)
