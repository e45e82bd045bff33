"""A served export that reads features of a request: missing numbers, and its examples."""

import json

import pytest

from kerasrec.serving.server import Server

pytestmark = pytest.mark.slow

PREDICT = "/v1/models/shop:predict"


@pytest.fixture(scope="module")
def shop(context_export):
    with Server(context_export, port=0, say=print) as server:
        yield server


def missing(**given):
    """The inputs of `score` for one row, as JSON; NaN is written as Python and TF Serving do."""
    inputs = {
        "user": ["u1"], "item": ["i2"], "hour": [""], "price": [float("nan")], "tags": [[""]],
        "query": [""], "at": [0], "place": [[float("nan")] * 2], "recent": [[""]],
    }  # fmt: skip
    return {"signature_name": "score", "inputs": {**inputs, **given}}


def test_nan_is_a_missing_number_and_null_is_none(shop, ask, context_ranker):
    # rapidjson::kParseNanAndInfFlag in tensorflow_serving/util/json_tensor.cc: NaN is a number.
    with pytest.warns(UserWarning, match="not given: answered as if missing"):
        (expected,) = context_ranker.score(users=["u1"], items=["i2"])
    body = missing()
    assert b"NaN" in json.dumps(body).encode()
    status, answer = ask(shop, PREDICT, body)
    assert status == 200
    assert answer["outputs"]["score"] == [pytest.approx(expected, rel=1e-4)]
    assert set(answer["outputs"]) == {"score", "click", "seconds"}
    status, answer = ask(shop, PREDICT, missing(price=[None]))
    assert status == 400
    assert "price: JSON Value: null Type: Null is not of expected type: float32" in answer["error"]


def test_a_missing_input_is_named_with_its_default(shop, ask):
    body = missing()
    del body["inputs"]["price"]
    status, answer = ask(shop, PREDICT, body)
    assert status == 400
    assert "Missing named input: price" in answer["error"]
    assert 'send "price": [NaN]' in answer["error"]


def test_openapi_is_strict_json_and_its_examples_are_answered(shop, ask):
    import urllib3

    text = urllib3.request("GET", f"http://127.0.0.1:{shop.port}/openapi.json").data
    document = json.loads(text, parse_constant=pytest.fail)
    content = document["paths"][PREDICT]["post"]["requestBody"]["content"]["application/json"]
    assert set(content["examples"]) >= {"recommend", "score"}
    for name, example in content["examples"].items():
        assert ask(shop, PREDICT, example["value"])[0] == 200, name


def test_metadata_of_the_page_is_strict_json(shop):
    import urllib3

    text = urllib3.request("GET", f"http://127.0.0.1:{shop.port}/page/model?name=shop").data
    about = json.loads(text, parse_constant=pytest.fail)["about"]
    assert about["context"]["price"] == {"kind": "number"}
