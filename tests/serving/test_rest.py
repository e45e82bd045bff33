"""REST requests and answers, by TF Serving's tensorflow_serving/util/json_tensor.cc."""

import asyncio
import gc
import gzip
import json
import zlib

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import get_model_metadata_pb2

from kerasrec.serving.json_body import read_json
from kerasrec.serving.limits import Limits
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.rest import rest_app

PREDICT = "/v1/models/toy:predict"
ALL = {"history": [["a", "a"]], "exclude": [["b"]], "k": [3]}


def test_column_format(server, ask):
    status, answer = ask(server, PREDICT, {"inputs": ALL})
    assert status == 200
    assert answer == {"outputs": {"item": [["a", "ü", ""]], "score": [[2.2, 0.2, -np.inf]]}}


def test_row_format(server, ask):
    rows = [
        {"history": ["ü"], "exclude": [""], "k": 1},
        {"history": ["b"], "exclude": ["b"], "k": 2},
    ]
    status, answer = ask(server, PREDICT, {"signature_name": "recommend", "instances": rows})
    assert status == 200
    assert answer == {
        "predictions": [
            {"item": ["ü", "", ""], "score": [1.2, -np.inf, -np.inf]},
            {"item": ["a", "ü", ""], "score": [0.2, 0.2, -np.inf]},
        ]
    }


def test_a_single_input_or_output_has_no_name(server, ask):
    for format, answered in (("inputs", "outputs"), ("instances", "predictions")):
        body = {"signature_name": "echo", format: ["é", {"b64": "AP8A"}]}
        status, answer = ask(server, PREDICT, body)
        # The name of the output ends with _bytes, so it is in base64: é is c3 a9.
        assert (status, answer) == (200, {answered: [{"b64": "w6k="}, {"b64": "AP8A"}]})


def test_other_dtypes_and_an_explicit_version(server, ask):
    body = {"signature_name": "types", "inputs": {"number": [3, -(2**62)], "yes": [True, False]}}
    status, answer = ask(server, "/v1/models/toy/versions/2:predict", body)
    assert status == 200
    assert answer["outputs"] == {"half": [1.5, -(2.0**61)], "number": [3, -(2**62)],
                                 "yes": [True, False]}  # fmt: skip


def test_an_output_without_rows_needs_the_column_format(server, ask):
    body = {"signature_name": "total", "inputs": [[1, 2], [3, 4.5]]}
    assert ask(server, PREDICT, body) == (200, {"outputs": 10.5})
    body = {"signature_name": "total", "instances": [[1, 2], [3, 4.5]]}
    status, answer = ask(server, PREDICT, body)
    assert status == 400 and "differ in their number of rows" in answer["error"]


def nested(depth, value='"a"'):
    return b'{"inputs": {"history": %s, "exclude": [[""]], "k": [1]}}' % (
        b"[" * depth + value.encode() + b"]" * depth
    )


NAN = b'{"signature_name": "types", "inputs": {"number": [%s], "yes": [true]}}'
MANY = b",".join([b'""'] * 1_049_000)
WRONG = [
    (nested(3), "history has the shape [1, 1, 1]; expected [any, any]"),
    (nested(33), "history has the shape [1, 1, 1, 1, 1, 1, 1, 1, ...]; expected [any, any]"),
    (nested(900), "history has the shape [1, 1, 1, 1, 1, 1, 1, 1, ...]; expected [any, any]"),
    (nested(2, '"a", ' + "[" * 900 + "]" * 900), "list at unexpected level"),
    (nested(1, '["a"], ' + '{"x": ' * 900 + "1" + "}" * 900), "found at incorrect level"),
    (nested(2, '{"x": ' * 900 + "1" + "}" * 900), "Type: Object is not of expected type: string"),
    (b'{"inputs": {}, "signature_name": %s}' % (b"[" * 900 + b"]" * 900), "must be a string"),
    (b"[" * 900 + b"]" * 900, "Is not object"),
    (nested(2, "9" * 5000), "JSON Parse error: a number has too many digits"),
    (nested(2, "9" * 4000), "Type: Number is not of expected type: string"),
    (NAN % b"NaN", "number: JSON Value: NaN Type: Number is not of expected type: int64"),
    (NAN % b"-Infinity", "number: JSON Value: -Infinity Type: Number"),
    (NAN % b"1e400", "number: JSON Value: Infinity Type: Number"),
    (NAN % str(2**63).encode(), "number: JSON Value: 9223372036854775808"),
    (b'{"inputs": {}, "inputs": {}}', 'the name "inputs" is given twice'),
    (b'{"inputs": {"k": [1], "k": [2]}}', 'the name "k" is given twice'),
    (b'{"inputs": {}, "\\ud800": 1, "\\ud800": 2}', r'the name "\ud800" is given twice'),
    ({"signature_name": "\ud800", "inputs": ALL}, r'Serving signature name: "\ud800" not found'),
    ({"instances": [{**ALL, "\ud800": 1}]}, "Keys must be equal to: exclude, history, k"),
    ({"inputs": {**ALL, "k": ["\ud800"]}}, r'JSON Value: "\ud800" Type: String'),
    ({"inputs": {**ALL, "k": ["x" * 3000]}}, 'xxx... Type: String'),
    (b'{"inputs": {"history": [["\xff"]]}}', "JSON Parse error"),
    (json.dumps({"inputs": ALL}).encode("utf-16"), "JSON Parse error"),
    (json.dumps({"inputs": ALL}).encode("utf-8-sig"), "JSON Parse error"),
    (b'{"inputs": {"history": [[%s]], "exclude": [[%s]], "k": [1]}}' % (MANY, MANY),
     "1 rows of 2098001 values, 1049000 of them of exclude, are more than the 2097152 values that"),
    (b"[0" + b",0" * 2_200_000 + b"]", "holds more than 2100224 commas"),
    (b"", "JSON Parse error"),
    (b"{", "JSON Parse error"),
    (b"\xff\xfe", "JSON Parse error"),
    (b"[" * 100_000, "nested too deeply"),
    (b"1", "Is not object"),
    ({}, "Missing 'inputs' or 'instances' key"),
    ({"signature_name": 3, "inputs": ALL}, "'signature_name' must be a string"),
    ({"signature_name": "x", "inputs": ALL}, 'Serving signature name: "x" not found in signature'),
    ({"signature_name": "x", "inputs": ALL}, "There are echo, recommend"),
    ({"inputs": ALL, "instances": []}, "only one of"),
    ({"instances": {}}, "Expecting 'instances' to be an list/array"),
    ({"instances": []}, "No values in 'instances' array"),
    ({"instances": [["a"]]}, "expecting list of objects"),
    ({"instances": [{"history": ["a"], "k": 1}]}, 'defaults; send "exclude": [""]'),
    ({"instances": [{**ALL, "kk": 1}]}, "Keys must be equal to: exclude, history, k"),
    ({"instances": [{"history": ["a"], "exclude": [], "k": 1}, 3]}, "but got list at item 1"),
    ({"instances": [{"history": ["a"], "exclude": [""], "k": 1},
                    {"history": ["a", "b"], "exclude": [""], "k": 1}]}, "pad the shorter ones"),
    ({"inputs": [["a"]]}, "inputs is a plain value/list"),
    ({"inputs": {**ALL, "history": ["a"]}}, "history has the shape [1]; expected [any, any]"),
    ({"inputs": {"history": [["a"]]}}, "Missing named input: exclude in 'inputs' object. REST "
     'fills in no defaults; send "exclude": [[""]], "k": [3].'),
    ({"inputs": {**ALL, "history": [["a"], ["b", "c"]]}}, "Encountered list at unexpected size: 2"),
    ({"inputs": {**ALL, "history": [["a"], "b"]}}, "found at incorrect level"),
    ({"inputs": {**ALL, "history": [["a"], [["b"]]]}}, "list at unexpected level"),
    ({"inputs": {**ALL, "history": [[1]]}}, "1 Type: Number is not of expected type: string"),
    ({"inputs": {**ALL, "history": [[None]]}}, "Type: Null"),
    ({"inputs": {**ALL, "history": [[{"b64": "?"}]]}}, "Unable to base64 decode"),
    ({"inputs": {**ALL, "history": [[{"b65": "?"}]]}}, "Type: Object"),
    ({"inputs": {**ALL, "history": [["\ud800"]]}}, "surrogate"),
    ({"inputs": {**ALL, "k": [1.0]}}, "k: JSON Value: 1.0"),
    ({"inputs": {**ALL, "k": [2**31]}}, "k: JSON Value: 2147483648"),
    ({"inputs": {**ALL, "k": [True]}}, "Type: Bool"),
    ({"inputs": {**ALL, "k": ["1"]}}, "Type: String"),
    ({"inputs": {**ALL, "k": [1, 2, 3], "history": [["a"]] * 2}}, "2 rows and another input 3"),
    ({"inputs": {**ALL, "k": [1] * 1025}}, "expected at most 1024. Split it."),
    ({"inputs": {"history": [["a"] * 3000], "exclude": [[]], "k": [1] * 1000}}, "Shorten the list"),
    ({"signature_name": "total", "inputs": [[1, 2, 3]]}, "has the shape [1, 3]; expected [any, 2]"),
    ({"signature_name": "total", "inputs": [[-1, 2]]}, "x must not be negative"),
    ({"signature_name": "total", "inputs": [[10**400, 2]]}, "is not of expected type: float32"),
    ({"signature_name": "types", "inputs": {"number": [1], "yes": [1]}}, "expected type: bool"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "sentence"), WRONG, ids=[sentence for _, sentence in WRONG])
def test_invalid_bodies_are_refused(server, ask, body, sentence):
    status, answer = ask(server, PREDICT, body)
    assert status == 400
    assert sentence in answer["error"]
    assert "Traceback" not in answer["error"] and "node" not in answer["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/v1/models/other:predict", {}, 404, "Servable not found for request: Latest(other)"),
        ("/v1/models/toy/versions/1:predict", {}, 404,
         "Servable not found for request: Specific(toy, 1)"),
        ("/v1/models/toy/versions/%D9%A1", None, 400, "Malformed request"),
        ("/v1/models/toy/versions/%D9%A2:predict", {}, 400, "Malformed request"),
        ("/v1/models/toy/versions/%C2%B2", None, 400, "Malformed request"),
        ("/v1/models/toy/versions/+2", None, 400, "Malformed request"),
        (f"/v1/models/toy/versions/{'9' * 5000}", None, 400, "Failed to convert version"),
        ("/v1/models/%ED%A0%80:predict", {}, 404, "Servable not found for request: Latest("),
        ("/v1/models/%FF%00%0D:predict", {}, 404, "Servable not found for request: Latest("),
        ("/v1/models/toy%3Fx:predict", {}, 404, "Servable not found for request: Latest(toy?x)"),
        ("/v1/models/toy%23x", None, 404, "Could not find any versions of model toy#x"),
        ("/page/%ED%A0%80", None, 404, "Not Found: GET /page/"),
        ("/v1/models/toy/labels/best:predict", {}, 400, "servable version label: best"),
        ("/v1/models/toy/versions/99999999999999999999", None, 400, "Failed to convert version"),
        ("/v1/models/toy:classify", {}, 400, "answers :predict"),
        ("/v1/models/toy:rank", {}, 400, "Malformed request: POST /v1/models/toy:rank"),
        ("/v1/models/toy:predict", None, 405, "Malformed request: GET /v1/models/toy:predict"),
        ("/v1/models", None, 400, "Missing model name in request."),
        ("/v1/models/other", None, 404, "Could not find any versions of model other"),
        ("/v1/models/toy/versions/7", None, 404, "Could not find version 7 of model toy"),
        ("/v1/models/other/metadata", None, 404, "Servable not found for request: Latest(other)"),
        ("/v1/models/toy/metadata/x", None, 400, "Malformed request"),
        ("/v2/models", None, 404, "Not Found"),
    ],
)  # fmt: skip
def test_wrong_paths_are_refused(server, ask, path, body, status, sentence):
    found, answer = ask(server, path, body)
    assert found == status and sentence in answer["error"]


def test_no_garbage_collection_while_millions_of_lists_are_read():
    collected = []
    gc.callbacks.append(lambda phase, about: collected.append(about["generation"]))
    try:
        assert len(read_json(b"[%s]" % b",".join([b"[]"] * 100_000))) == 100_000
    finally:
        gc.callbacks.pop()
    assert len(collected) < 5 and gc.isenabled()  # otherwise one for every 700 lists
    with pytest.raises(Refusal):
        read_json(b"[")
    assert gc.isenabled()


def test_status(server, ask):
    expected = {
        "model_version_status": [
            {"version": "2", "state": "AVAILABLE",
             "status": {"error_code": "OK", "error_message": ""}}
        ]
    }  # fmt: skip
    for path in ("/v1/models/toy", "/v1/models/toy/versions/2"):
        assert ask(server, path) == (200, expected)


def test_metadata_matches_protobufs_json(server, ask, toys):
    saved = saved_model_pb2.SavedModel.FromString((toys / "2" / "saved_model.pb").read_bytes())
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in saved.meta_graphs[0].signature_def.items():
        if not name.startswith("__"):
            signatures.signature_def[name].CopyFrom(signature)
            signatures.signature_def[name].defaults.clear()
    expected = json_format.MessageToDict(
        signatures, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    status, answer = ask(server, "/v1/models/toy/metadata")
    assert status == 200
    assert answer["model_spec"] == {"name": "toy", "signature_name": "", "version": "2"}
    assert answer["metadata"]["signature_def"] == expected


def test_the_answer_matches_python(server, ask, toys):
    signature = tf.saved_model.load(str(toys / "2")).signatures["recommend"]
    expected = signature(**{name: tf.constant(value) for name, value in ALL.items()})
    _, answer = ask(server, PREDICT, {"inputs": ALL})
    np.testing.assert_array_equal(np.float32(answer["outputs"]["score"]), expected["score"])


@pytest.mark.parametrize(
    "host",
    ["rebound.example", "rebound.example:8501", "", "[", "[::1", "127.0.0.1.example", "localhost/",
     "localhost:x", "x@localhost", "localhost, x"],
)  # fmt: skip
def test_another_host_is_refused(server, ask, host):
    status, answer = ask(server, "/v1/models/toy", Host=host)
    assert status == 400
    assert answer == {"error": "Invalid host header: expected one of 127.0.0.1, localhost, ::1."}


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:1", "[::1]", "[::1]:8"])
def test_this_host_is_answered(server, ask, host):
    assert ask(server, "/v1/models/toy", Host=host)[0] == 200


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        (b"[", "/v1/models/toy", 200),
        (b"x/v1/models/other?", "/v1/models/toy", 200),
        (b"[", "/nothing", 404),
        (b"[", "/page/models/", 307),
        (b"\xff", "/v1/models", 400),
    ],
)
def test_the_host_header_does_not_change_the_path(server, host, path, status):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    app = rest_app(server.models, None, Limits(), "0.0.0.0")
    scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "scheme": "http",
        "headers": [(b"host", host)], "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == status
    if status != 307:
        assert isinstance(json.loads(sent[1]["body"]), dict)


def test_a_method_that_is_not_allowed_gets_json(server, ask):
    status, answer = ask(server, "/page/titles")
    assert (status, answer) == (405, {"error": "Method Not Allowed: GET /page/titles"})
    status, answer = ask(server, "/v1/models/toy", method="BREW")
    assert status == 405 and answer["error"].startswith("Method Not Allowed: BREW")


def compress(body):
    return gzip.compress(body, mtime=0)  # the same in every process of the tests


def test_a_body_may_be_compressed_with_gzip(server, ask):
    plain = ask(server, PREDICT, {"inputs": ALL})
    body = compress(json.dumps({"inputs": ALL}).encode())
    for coding in ("gzip", "GZIP ", "x-gzip"):
        headers = {"Content-Encoding": coding}
        assert ask(server, PREDICT, body, **headers) == plain
    body = json.dumps({"inputs": ALL}).encode()
    assert ask(server, PREDICT, body, **{"Content-Encoding": "identity"}) == plain


@pytest.mark.parametrize(
    ("body", "coding", "status", "sentence"),
    [
        (compress(b" " * (8 << 20)), "gzip", 400, "JSON Parse error"),
        (compress(b" " * ((8 << 20) + 1)), "gzip", 413, "larger than 8 MiB decompressed: split"),
        (compress(b" " * (1 << 26)), "gzip", 413, "larger than 8 MiB decompressed: split"),
        (compress(b"{}")[:-1], "gzip", 400, "not exactly one complete gzip member"),
        (compress(b"{}") + b"{}", "gzip", 400, "not exactly one complete gzip member"),
        (compress(b"") * 10_000, "gzip", 400, "not exactly one complete gzip member"),
        (compress(b"{}")[:-5] + b"12345", "gzip", 400, "The body is not gzip"),
        (b"{}", "gzip", 400, "The body is not gzip"),
        (b"", "gzip", 400, "not exactly one complete gzip member"),
        (zlib.compress(b"{}"), "deflate", 415, "Content-Encoding 'deflate' is not supported"),
        (compress(compress(b"{}")), "gzip, gzip", 415, "send gzip or no encoding"),
    ],
)  # fmt: skip
def test_compressed_bodies_that_are_refused(server, ask, body, coding, status, sentence):
    found, answer = ask(server, PREDICT, body, **{"Content-Encoding": coding})
    assert found == status and sentence in answer["error"]


def test_an_internal_error_reveals_nothing(server, ask, monkeypatch):
    def broken(*_):
        raise KeyError("secret")

    monkeypatch.setattr("kerasrec.serving.predictor.read_predict_body", broken)
    status, answer = ask(server, PREDICT, {"inputs": ALL})
    assert status == 500
    assert answer == {"error": "The server could not answer this request."}
    assert "secret" not in json.dumps(answer)
