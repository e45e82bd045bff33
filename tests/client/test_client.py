"""The client with fake servers: REST by http.server, gRPC by TF Serving's own stubs."""

import json
import subprocess
import sys
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import kerasrec
from kerasrec.client import (
    Reason,
    Recommendation,
    ServingError,
    Tensor,
    VersionStatus,
    Word,
    attempts,
)
from kerasrec.errors import InputError

MOST = 12
STRINGS, IDS = ("string", [-1, -1]), ("string", [-1])
QUERY = {"user": IDS, "history": STRINGS}
CHOICE = {"exclude": STRINGS, "allow": STRINGS, "k": ("int32", [-1])}
RECOMMEND = {**QUERY, **CHOICE, "repeats": IDS}
ANSWER = {"item": ("string", [-1, MOST]), "score": ("float", [-1, MOST])}
REASONS = {
    "reason_item": ("string", [-1, MOST, 3]),
    "reason": ("float", [-1, MOST, 3]),
    "from_behavior": ("float", [-1, MOST]),
    "from_content": ("float", [-1, MOST]),
    "word": ("string", [-1, MOST, 3]),
    "word_feature": ("string", [-1, MOST, 3]),
    "word_reason": ("float", [-1, MOST, 3]),
}
SIGNATURES = {
    "recommend": (RECOMMEND, ANSWER),
    "recommend_explained": (RECOMMEND, {**ANSWER, **REASONS}),
    "score": ({**QUERY, "item": IDS}, {"score": ("float", [-1])}),
    "similar_items": ({"item": IDS, **CHOICE}, ANSWER),
}


def answer(signature, inputs):
    """A model with known answers: item i of a, b, c, d scores 4 - i, plus 10 per history item.

    Excluded items, items that are not allowed and, by default, history items are left out.
    """
    rows = [dict(zip(inputs, values, strict=True)) for values in zip(*inputs.values(), strict=True)]
    if signature == "score":
        return {"score": [_score(row, row["item"]) for row in rows]}
    ranked = [_ranked(row) for row in rows]
    outputs = {
        "item": [[item for item, _ in each] for each in ranked],
        "score": [[score for _, score in each] for each in ranked],
    }
    if signature == "recommend_explained":
        shape = (len(rows), MOST)
        outputs["reason_item"] = [[["a", "b", ""]] * MOST for _ in rows]
        outputs["reason"] = [[[7.0, 3.0, 0.0]] * MOST for _ in rows]
        outputs["from_behavior"] = np.full(shape, 1.5).tolist()
        outputs["from_content"] = np.full(shape, 0.5).tolist()
        outputs["word"] = [[["sea", "", ""]] * MOST for _ in rows]
        outputs["word_feature"] = [[["text", "", ""]] * MOST for _ in rows]
        outputs["word_reason"] = [[[0.25, 0.0, 0.0]] * MOST for _ in rows]
    return outputs


def _score(row, item):
    return 4.0 - "abcd".index(item) + 10 * sum(1 for past in row.get("history", ()) if past)


def _ranked(row):
    unwanted = set(row["exclude"]) | {row.get("item")}
    if row.get("repeats", "allow") != "allow":
        unwanted |= set(row["history"])
    allowed = set(row["allow"]) - {""} or set("abcd")
    best = [(item, _score(row, item)) for item in "abcd" if item in allowed - unwanted]
    return (best[: row["k"]] + [("", float("-inf"))] * MOST)[:MOST]


def info(tensors):
    return {
        name: {
            "dtype": f"DT_{dtype.upper()}",
            "tensor_shape": {"dim": [{"size": str(size), "name": ""} for size in shape]},
        }
        for name, (dtype, shape) in tensors.items()
    }


METADATA = {
    "model_spec": {"name": "toy", "version": "3"},
    "metadata": {
        "signature_def": {
            "signature_def": {
                name: {"inputs": info(inputs), "outputs": info(outputs)}
                for name, (inputs, outputs) in SIGNATURES.items()
            }
        }
    },
}
STATUS = {
    "model_version_status": [
        {"version": "2", "state": "END", "status": {"error_code": "OK", "error_message": ""}},
        {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK"}},
    ]
}


class Rest(ThreadingHTTPServer):
    """Answers as TF Serving does, or with the next of `replies`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.received, self.replies = [], []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(METADATA if self.path.endswith("/metadata") else STATUS)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        signature = SIGNATURES[request["signature_name"]]
        # The message of TF Serving, util/json_tensor.cc.
        missing = [name for name in signature[0] if name not in request["inputs"]]
        assert not missing, f"Missing named input: {missing[0]} in 'inputs' object."
        outputs = answer(request["signature_name"], request["inputs"])
        outputs = outputs if len(outputs) > 1 else next(iter(outputs.values()))
        self._answer({"outputs": outputs}, request)

    def _answer(self, body, request=None):
        self.server.received.append((self.path, request))
        if self.server.replies:
            reply = self.server.replies.pop(0)
            if reply is None:
                self.close_connection = True
                return
            status, headers, text = reply
        else:
            status, headers, text = 200, {}, json.dumps(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def rest():
    with Rest() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def waits(monkeypatch):
    waits = []
    plain = attempts.Attempts

    def without_sleep(timeout, retries):
        return plain(timeout, retries, sleep=waits.append, chance=lambda: 1.0)

    monkeypatch.setattr("kerasrec.client.served_model.Attempts", without_sleep)
    return waits


@pytest.fixture
def client(rest, waits):
    with kerasrec.Client(rest.url, model="toy") as client:
        yield client


def items(recommendations):
    return [each.item for each in recommendations]


def last_inputs(server):
    return server.received[-1][1]["inputs"]


# Requests and answers.


def test_one_history(client, rest):
    # a is in the history; scores are 4 - i + 10; padding is not an answer.
    assert client.recommend(history=["a"], k=2) == [
        Recommendation("b", 13.0),
        Recommendation("c", 12.0),
    ]
    assert rest.received[0][0] == "/v1/models/toy/metadata"
    assert rest.received[1][0] == "/v1/models/toy:predict"


def test_fewer_than_k(client):
    assert items(client.recommend(history=["a"], k=4)) == ["b", "c", "d"]


def test_every_input_is_sent_and_lists_begin_with_padding(client, rest):
    client.recommend(histories=[["a", "b"], ["c"]], k=2, exclude=["d"])
    assert last_inputs(rest) == {
        "user": ["", ""],
        "history": [["", "a", "b"], ["", "", "c"]],
        "exclude": [["", "d"], ["", "d"]],
        "allow": [[""], [""]],
        "k": [2, 2],
        "repeats": ["", ""],
    }


def test_many_are_answered_in_order(client):
    answers = client.recommend(histories=[["a"], [], ["a", "b"]], k=3)
    assert [items(each) for each in answers] == [["b", "c", "d"], ["a", "b", "c"], ["c", "d"]]


def test_users_with_and_without_histories(client, rest):
    client.recommend(user="u")
    assert (last_inputs(rest)["user"], last_inputs(rest)["history"]) == (["u"], [[""]])
    client.recommend(users=["u", "v"], histories=[["a"], []])
    assert last_inputs(rest)["history"] == [["", "a"], ["", ""]]


def test_exclude_allow_and_repeats(client):
    assert items(client.recommend(history=["a"], allow=["a", "d"])) == ["d"]
    assert items(client.recommend(history=["a"], allow=["a", "d"], repeats="allow")) == ["a", "d"]
    assert items(client.recommend(history=["a"], exclude=["b", "c"])) == ["d"]
    with pytest.raises(InputError, match="repeats must be mask or allow: got False"):
        client.recommend(history=["a"], repeats=False)


def test_explained(client):
    (best, *_) = client.recommend(history=["a", "b"], explain=True)
    assert best == Recommendation(
        "c",
        22.0,
        (Reason("a", 7.0), Reason("b", 3.0)),
        (Word("sea", "text", 0.25),),
        1.5,
        0.5,
    )
    (best, *_) = client.recommend(history=["a", "b"], explain=1)
    assert best.reasons == (Reason("a", 7.0),)


def test_scores(client):
    assert client.score(history=["a"], item="c") == 12.0
    assert client.score(history=["a"], items=["c", "d"]) == [12.0, 11.0]
    assert client.score(histories=[[], ["a"]], items=["a", "b"]) == [4.0, 13.0]
    assert client.score(user="u", items=[]) == []


def test_similar_items(client):
    assert items(client.similar_items("a", k=2)) == ["b", "c"]
    assert [items(each) for each in client.similar_items(items=["a", "b"], exclude=["c"])] == [
        ["b", "d"],
        ["a", "d"],
    ]


def test_metadata_and_status(client):
    metadata = client.metadata()
    assert metadata.version == 3
    assert set(metadata.signatures) == set(SIGNATURES)
    assert metadata.signatures["recommend"].inputs["k"] == Tensor("int32", (None,))
    assert client.status() == [VersionStatus(3, "AVAILABLE"), VersionStatus(2, "END")]


def test_metadata_is_requested_once_and_again_after_a_refusal(client, rest):
    client.recommend(user="u")
    client.recommend(user="u")
    assert [path.endswith("metadata") for path, _ in rest.received] == [True, False, False]
    rest.replies = [(400, {}, '{"error": "no such input"}')]
    with pytest.raises(ServingError):
        client.recommend(user="u")
    client.recommend(user="u")
    assert [path.endswith("metadata") for path, _ in rest.received][3:] == [False, True, False]


def test_a_version_by_number_and_by_label(rest, waits):
    kerasrec.Client(rest.url, model="to y", version=7).metadata()
    kerasrec.Client(rest.url + "/behind/", model="toy", version="canary").metadata()
    assert [path for path, _ in rest.received] == [
        "/v1/models/to%20y/versions/7/metadata",
        "/behind/v1/models/toy/labels/canary/metadata",
    ]


def test_numpy_and_tuples(client):
    assert items(client.recommend(history=np.array(["a"]), k=np.int64(1))) == ["b"]
    assert items(client.recommend(history=("a",), k=1)) == ["b"]


def test_a_k_above_that_of_the_export_is_refused(client):
    with pytest.raises(InputError, match="k must be at most 12, which was fixed at export: got 13"):
        client.recommend(user="u", k=13)
    assert len(client.recommend(user="u", k=12)) == 4


def test_the_default_k_is_reduced_with_a_warning(client, monkeypatch):
    monkeypatch.setitem(globals(), "MOST", 3)
    for ask in ({"user": "u"}, {"users": ["u"]}):
        with pytest.warns(UserWarning, match="returns at most 3 items: k is 3, not 10"):
            client.recommend(**ask)
    with pytest.warns(UserWarning, match="k is 3, not 10"):
        assert len(client.similar_items("a")) == 3


def test_many_threads(client):
    with futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda k: items(client.recommend(history=[], k=k)), [1, 2, 3, 4] * 8))
    assert found == [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]] * 8


# Errors before anything is sent.


@pytest.mark.parametrize(
    "wrong,message",
    [
        ({}, "all are missing"),
        ({"user": "u", "users": ["u"]}, "one or many, not both"),
        ({"history": "abc"}, "history must be a list of ids: got 'abc'"),
        ({"histories": ["abc"]}, "history must be a list of lists, one for each answer: got 'abc'"),
        ({"users": "u"}, "expected a list for each answer|must be a list"),
        ({"user": 7}, "users must be strings: got 7, a int"),
        ({"history": ["a", None]}, "history must be strings: got None"),
        ({"users": []}, "lists of equal length, at least 1"),
        ({"users": ["u"], "histories": [["a"], ["b"]]}, "lists of equal length"),
        ({"user": "u", "k": 0}, "k must be a whole number between 1 and 2147483647: got 0"),
        ({"user": "u", "k": 2.5}, "k must be a whole number"),
        ({"user": "u", "exclude": "a"}, "exclude must be a list"),
        ({"user": "u", "allow": []}, "allow has no item"),
        ({"user": "u", "allow": [""]}, "allow has no item"),
        ({"user": "u", "behavior": ["click"]}, "behavior belongs to a history"),
        ({"history": ["a"], "behavior": ["click", "buy"]}, "one for each of the 1 items"),
        ({"history": ["a"], "behavior": ["click"]}, "takes no behavior: it reads allow, exclude"),
        ({"history": ["a"], "timestamp": [-1]}, "a timestamp must be a whole number"),
    ],
)
def test_wrong_requests_are_not_sent(client, rest, wrong, message):
    with pytest.raises(InputError, match=message):
        client.recommend(**wrong)
    assert not any(request for _, request in rest.received)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"item": "a", "items": ["a"]}, {"histories": [["a"]], "item": "a"}, {"items": ["a", "b"]}],
)
def test_wrong_scores_are_not_sent(client, wrong):
    wrong = wrong if "histories" in wrong else {"histories": [["a"]], **wrong}
    with pytest.raises(InputError):
        client.score(**wrong)


def test_a_signature_the_model_does_not_have(client, rest):
    found = {**METADATA["metadata"]["signature_def"]["signature_def"]}
    del found["recommend_explained"]
    body = {**METADATA, "metadata": {"signature_def": {"signature_def": found}}}
    rest.replies = [(200, {}, json.dumps(body))]
    with pytest.raises(InputError, match="no signature 'recommend_explained': it has recommend, s"):
        client.recommend(user="u", explain=True)


@pytest.mark.parametrize("url", ["localhost:8501", "ftp://a", "http://", None, "http://a?b=c"])
def test_wrong_urls(url):
    with pytest.raises(InputError, match="url must look like"):
        kerasrec.Client(url, model="toy")


def test_wrong_settings(rest):
    for wrong in ({"model": ""}, {"timeout": 0}, {"retries": -1}, {"retries": 1.5}):
        with pytest.raises(InputError):
            kerasrec.Client(rest.url, **{"model": "toy", **wrong})


# Servers that refuse or do not answer.


def test_the_servers_message_and_status(client, rest):
    rest.replies = [(404, {}, '{"error": "Servable not found for request: Latest(toy)"}')]
    with pytest.raises(ServingError) as caught:
        client.status()
    assert (caught.value.status, caught.value.message) == (
        404,
        "Servable not found for request: Latest(toy)",
    )
    assert len(rest.received) == 1


@pytest.mark.parametrize("status", [400, 404, 413, 500, 504, 301])
def test_a_refusal_is_not_retried(client, rest, waits, status):
    rest.replies = [(status, {"Location": "/elsewhere"}, "<html>")] * 9
    with pytest.raises(ServingError) as caught:
        client.status()
    assert caught.value.status == status
    assert (len(rest.received), waits) == (1, [])


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_retried(client, rest, waits, status):
    rest.replies = [(status, {"Retry-After": "1"}, '{"error": "busy"}'), (status, {}, "")]
    assert client.status()[0].version == 3
    assert waits == [1.0, 0.2]


def test_raises_after_the_last_retry(client, rest, waits):
    rest.replies = [(503, {}, '{"error": "busy"}')] * 9
    with pytest.raises(ServingError, match=r"busy \(503\)"):
        client.status()
    assert (len(rest.received), len(waits)) == (3, 2)


def test_a_lost_connection_is_retried(client, rest, waits):
    rest.replies = [None]
    assert client.status()[0].version == 3
    assert len(waits) == 1


def test_no_server(rest, waits):
    client = kerasrec.Client("http://127.0.0.1:1", model="toy")
    with pytest.raises(
        ServingError, match="http://127.0.0.1:1/v1/models/toy cannot be reach"
    ) as no:
        client.status()
    assert (no.value.status, len(waits)) == (None, 2)


def test_a_missing_answer_ends_at_the_deadline(waits):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = kerasrec.Client(
            f"http://127.0.0.1:{silent.getsockname()[1]}", model="toy", timeout=0.2
        )
        with pytest.raises(ServingError, match="did not answer in time"):
            client.status()
    assert not waits


def test_a_slow_answer_ends_at_the_deadline(waits):
    """Each byte comes in time, but not all of them together."""
    import socket

    done = threading.Event()

    def drip(server):
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not done.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ServingError, match="did not answer in time"):
            kerasrec.Client(url, model="toy", timeout=0.3).status()
        done.set()
        thread.join()


def test_an_answer_that_is_too_large(client, rest, monkeypatch):
    monkeypatch.setattr("kerasrec.client.rest_transport.MAX_ANSWER_BYTES", 2**20)
    rest.replies = [(200, {}, " " * (2**20 + 2**17))]
    with pytest.raises(ServingError, match="larger than 1 MiB"):
        client.status()


def test_an_answer_that_is_not_json(client, rest):
    rest.replies = [(200, {}, "<html>")]
    with pytest.raises(ServingError, match="did not answer with JSON"):
        client.status()


@pytest.mark.parametrize("body", ["[]", "{}", '{"outputs": {"item": [["a"]]}}', '{"outputs": 3}'])
def test_an_answer_of_another_format(client, rest, body):
    client.metadata()
    rest.replies = [(200, {}, body)]
    with pytest.raises(ServingError, match="did not answer"):
        client.recommend(histories=[["a"], ["b"]])


def test_metadata_of_another_format(client, rest):
    rest.replies = [(200, {}, '{"hello": "world"}')]
    with pytest.raises(ServingError, match="did not answer"):
        client.metadata()


# gRPC.


class Grpc:
    """A gRPC server by the real stubs that answers with the same model."""

    def __init__(self):
        import grpc
        from google.protobuf import json_format
        from tensorflow import make_ndarray, make_tensor_proto
        from tensorflow_serving.apis import (
            get_model_metadata_pb2,
            get_model_status_pb2,
            model_service_pb2_grpc,
            predict_pb2,
            prediction_service_pb2_grpc,
        )

        outer, self.received, self.errors = self, [], []

        def refuse(context):
            if outer.errors:
                context.abort(*outer.errors.pop(0))

        class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
            def Predict(self, request, context):
                outer.received.append(request)
                refuse(context)
                inputs = {
                    name: np.vectorize(_text)(make_ndarray(value)).tolist()
                    for name, value in request.inputs.items()
                }
                found = answer(request.model_spec.signature_name, inputs)
                response = predict_pb2.PredictResponse()
                for name, values in found.items():
                    response.outputs[name].CopyFrom(make_tensor_proto(values))
                return response

            def GetModelMetadata(self, request, context):
                outer.received.append(request)
                refuse(context)
                table = METADATA["metadata"]["signature_def"]
                body = {
                    **METADATA,
                    "metadata": {
                        "signature_def": {
                            "@type": "type.googleapis.com/tensorflow.serving.SignatureDefMap",
                            **table,
                        }
                    },
                }
                return json_format.ParseDict(
                    body, get_model_metadata_pb2.GetModelMetadataResponse()
                )

        class Models(model_service_pb2_grpc.ModelServiceServicer):
            def GetModelStatus(self, request, context):
                outer.received.append(request)
                refuse(context)
                return json_format.ParseDict(STATUS, get_model_status_pb2.GetModelStatusResponse())

        self.server = grpc.server(futures.ThreadPoolExecutor(4))
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            Predictions(), self.server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), self.server)
        self.url = f"grpc://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


@pytest.fixture(scope="module")
def stubs():
    server = Grpc()
    yield server
    server.server.stop(None).wait()


@pytest.fixture
def grpc_server(stubs):
    stubs.received.clear()
    stubs.errors.clear()
    return stubs


@pytest.fixture
def grpc_client(grpc_server, waits):
    with kerasrec.Client(grpc_server.url, model="toy") as client:
        yield client


def test_grpc_answers_as_rest_does(grpc_client, client):
    for arguments in (
        {"history": ["a"], "k": 2},
        {"histories": [["a", "b"], []], "exclude": ["d"]},
        {"users": ["u"], "explain": True},
        {"history": ["a"], "allow": ["a", "d"], "repeats": "allow"},
    ):
        assert grpc_client.recommend(**arguments) == client.recommend(**arguments)
    assert grpc_client.score(history=["a"], items=["b", "c"]) == [13.0, 12.0]
    assert grpc_client.similar_items("a") == client.similar_items("a")
    assert grpc_client.metadata() == client.metadata()
    assert grpc_client.status() == client.status()


def test_grpc_inputs_have_the_dtypes_of_the_signature(grpc_client, grpc_server):
    grpc_client.recommend(history=[], k=1)
    request = grpc_server.received[-1]
    dtypes = {name: value.dtype for name, value in request.inputs.items()}
    # types.proto: string 7, int32 3.
    assert dtypes == {
        "user": 7,
        "history": 7,
        "exclude": 7,
        "allow": 7,
        "k": 3,
        "repeats": 7,
    }
    assert request.model_spec.name == "toy"


def test_grpc_versions_and_labels(grpc_server, waits):
    kerasrec.Client(grpc_server.url, model="toy", version=7).status()
    kerasrec.Client(grpc_server.url, model="toy", version="canary").status()
    assert grpc_server.received[0].model_spec.version.value == 7
    assert grpc_server.received[1].model_spec.version_label == "canary"


def test_grpc_retries_only_if_unavailable(grpc_client, grpc_server, waits):
    import grpc

    grpc_server.errors = [(grpc.StatusCode.UNAVAILABLE, "busy")] * 2
    assert grpc_client.status()[0].version == 3
    assert waits == [0.1, 0.2]
    grpc_server.errors = [(grpc.StatusCode.NOT_FOUND, "Servable not found")]
    with pytest.raises(ServingError, match=r"Servable not found \(NOT_FOUND\)") as caught:
        grpc_client.status()
    assert caught.value.status == "NOT_FOUND"
    assert len(waits) == 2


def test_grpc_without_the_stubs(monkeypatch):
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(InputError, match=r"pip install \"kerasrec\[serving\]\""):
        kerasrec.Client("grpc://127.0.0.1:1", model="toy")


# Imports.


def test_rest_imports_neither_keras_nor_tensorflow():
    code = (
        "import sys, kerasrec; kerasrec.Client('http://127.0.0.1:1', model='toy')\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'pandas', 'grpc', 'tensorflow_serving'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
