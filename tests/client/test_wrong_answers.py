"""Wrong arguments and wrong answers: each raises InputError or ServingError."""

import gzip
import json
import math
import socket
import threading
import time
from concurrent import futures

import pytest

import kerasrec
from kerasrec.client import ServingError
from kerasrec.errors import InputError

STRINGS, NUMBERS = "DT_STRING", "DT_FLOAT"


def tensors(**dtypes):
    rank = {"history": 2, "exclude": 2, "allow": 2}
    return {
        name: {"dtype": dtype, "tensor_shape": {"dim": [{"size": "-1"}] * rank.get(name, 1)}}
        for name, dtype in dtypes.items()
    }


ANSWER = tensors(item=STRINGS, score=NUMBERS)
QUERY = tensors(user=STRINGS, history=STRINGS)
CHOICE = tensors(exclude=STRINGS, allow=STRINGS, k="DT_INT32")
REASONS = tensors(reason_item=STRINGS, reason=NUMBERS)
SIGNATURES = {
    "recommend": {"inputs": {**QUERY, **CHOICE}, "outputs": ANSWER},
    "recommend_explained": {"inputs": {**QUERY, **CHOICE}, "outputs": {**ANSWER, **REASONS}},
    "score": {"inputs": {**QUERY, **tensors(item=STRINGS)}, "outputs": tensors(score=NUMBERS)},
    "similar_items": {"inputs": {**tensors(item=STRINGS), **CHOICE}, "outputs": ANSWER},
}


def metadata(signatures=SIGNATURES, version="3"):
    table = {"signature_def": {"signature_def": signatures}}
    return {"model_spec": {"version": version}, "metadata": table}


def whole(body, status=200, headers=b"", length=None):
    """The bytes of an answer; `body` is bytes, JSON text, or a JSON value."""
    if not isinstance(body, bytes):
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
    length = len(body) if length is None else length
    return b"HTTP/1.1 %d Said\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (
        status, headers, length, body,
    )  # fmt: skip


class Canned:
    """A server that answers each path ending with given bytes."""

    def __init__(self):
        self.answers, self.sent = {}, 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self):
        socket.create_connection(self._listening.getsockname()).close()
        self._thread.join()
        self._listening.close()

    def _serve(self):
        while True:
            connection, _ = self._listening.accept()
            with connection, connection.makefile("rb") as file:
                path = file.readline().split()
                if not path:
                    return
                length = 0
                while (line := file.readline()).strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                file.read(length)
                self.sent += 1
                end = path[1].decode().replace(":", "/").rpartition("/")[2]
                try:
                    connection.sendall(self.answers[end])
                except ConnectionError:
                    pass


@pytest.fixture(scope="module")
def canned():
    server = Canned()
    yield server
    server.close()


@pytest.fixture
def client(canned):
    canned.answers = {"metadata": whole(metadata())}
    with kerasrec.Client(canned.url, model="toy", timeout=20, retries=0) as client:
        yield client


# The endings of paths, and the methods that read their answers.
METHODS = {
    "toy": [lambda client: client.status()],
    "metadata": [lambda client: client.metadata(), lambda client: client.score(user="u", item="a")],
    "predict": [
        lambda client: client.recommend(user="u", k=1),
        lambda client: client.recommend(users=["u"], k=1, explain=True),
        lambda client: client.score(user="u", item="a"),
        lambda client: client.similar_items("a", k=1),
    ],
}
GOOD = {"item": [["a"]], "score": [[1.5]], "reason_item": [[["b"]]], "reason": [[[0.5]]]}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99999 No\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\xff\xfe: \xff\r\n\r\n3",
        b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\nX: " + b"y" * 99_999,
        b"HTTP/1.1 204 None\r\n\r\n",
        b"HTTP/1.1 101 Other\r\n\r\n",
        whole("{}", length=100),
        whole("{}", status=301, headers=b"Location: http://127.0.0.1:1/\r\n"),
        whole('{"error": "\\ud800"}', status=400),
        whole('{"error": 7}', status=500),
        whole("[" * 100_000, status=400),
        whole(b"\xff\xfe\xfd", status=404),
        whole("", status=503, headers=b"Retry-After: " + b"9" * 1000 + b"\r\n"),
        whole(gzip.compress(b" " * (1 << 20)), headers=b"Content-Encoding: gzip\r\n"),
        whole(b"\xff\xfe\xfd"),
        whole(b'"\xed\xa0\x80"'),
        whole(""),
        whole("[" * 100_000),
        whole('{"a":' * 100_000),
        whole("9" * 10_000),
        *map(whole, ([], {}, None, "[1]", '"text"', 3, "NaN", {"outputs": None}, {"outputs": {}})),
    ],
    ids=lambda answer: repr(answer[:60]),
)  # fmt: skip
def test_a_malformed_answer(client, canned, answer):
    for end, asks in METHODS.items():
        for ask in asks:
            if end == "toy" and answer in (
                whole({}),
                whole({"outputs": None}),
                whole({"outputs": {}}),
            ):
                continue  # No version: of Protocol Buffers, an empty list is left out.
            canned.answers["metadata"] = whole(metadata())
            canned.answers[end] = answer
            client._model._metadata = None
            with pytest.raises(ServingError) as caught:
                ask(client)
            assert str(caught.value).encode() and len(str(caught.value)) < 700


def replaced(value, at):
    """`GOOD` with another value at a position such as ("item", 0, 0); None is the whole."""
    found = json.loads(json.dumps(GOOD))
    *path, last = at
    holder = found
    for key in path:
        holder = holder[key]
    holder[last] = value
    return found


HUGE = int("1" + "0" * 400)


@pytest.mark.parametrize(
    "at,values",
    [
        (("item",), [None, 3, "a", "", [], {}, {"0": ["a"]}, [[]], [["a"], ["b"]], ["a"], [None]]),
        (("item", 0), [None, 3, "a", {}, ["a", "b"]]),
        (("item", 0, 0), [None, 3, ["a"], {}, "\ud800", True]),
        (("score",), [None, 3, "1", [], {}, [[]], [1.5], [[1.5], [2.5]]]),
        (("score", 0), [None, 3, "1", {}, [1.5, 2.5]]),
        (("score", 0, 0), [None, "1.5", True, [1.5], math.nan, math.inf, HUGE]),
        (("reason_item", 0, 0), [None, "b", [None], ["\ud800"], ["b", "c"]]),
        (("reason", 0, 0), [None, 3, ["0.5"], [math.nan], [HUGE], [0.5, 0.5]]),
    ],
)
def test_outputs_of_another_format(client, canned, at, values):
    canned.answers["predict"] = whole({"outputs": GOOD})
    (best,) = client.recommend(user="u", k=1, explain=True)
    assert (best.item, best.score, best.reasons[0].item) == ("a", 1.5, "b")
    for value in values:
        canned.answers["predict"] = whole({"outputs": replaced(value, at)})
        with pytest.raises(ServingError):
            client.recommend(user="u", k=1, explain=True)
        if at[0] in ("item", "score"):
            with pytest.raises(ServingError):
                client.similar_items("a", k=1)
    missing = {name: each for name, each in GOOD.items() if name != at[0]}
    canned.answers["predict"] = whole({"outputs": missing})
    with pytest.raises(ServingError):
        client.recommend(user="u", k=1, explain=True)


@pytest.mark.parametrize(
    "outputs",
    [[None], ["1.5"], [True], [[1.5]], [1.5, 2.5], "1", {"score": "1"}, {"score": {"0": 1.5}},
     [math.nan], [math.inf], [HUGE], {"scores": [1.5]}, []],
)  # fmt: skip
def test_scores_of_another_format(client, canned, outputs):
    canned.answers["predict"] = whole({"outputs": outputs})
    with pytest.raises(ServingError):
        client.score(user="u", item="a")
    canned.answers["predict"] = whole('{"outputs": [-Infinity]}')
    assert client.score(user="u", item="a") == -math.inf


@pytest.mark.parametrize("number", ["1e999", "1" + "0" * 400, "3.5", "true", '"x"', "[3]", "null"])
@pytest.mark.parametrize("at", ["version of metadata", "version of status", "size"])
def test_whole_numbers_of_another_format(client, canned, number, at):
    shape = {"dtype": NUMBERS, "tensor_shape": {"dim": [{"size": "@" if at == "size" else 1}]}}
    signatures = {"score": {"inputs": {}, "outputs": {"score": shape}}}
    version = "@" if at == "version of metadata" else 3
    text = json.dumps(metadata(signatures, version)).replace('"@"', number)
    canned.answers["metadata"] = whole(text)
    status = {"model_version_status": [{"version": "@", "state": "AVAILABLE"}]}
    canned.answers["toy"] = whole(json.dumps(status).replace('"@"', number))
    with pytest.raises(ServingError):
        (client.status if at == "version of status" else client.metadata)()


@pytest.mark.parametrize(
    "signatures",
    [[], "score", 3, {"score": []}, {"score": {"inputs": []}}, {"score": {"outputs": "score"}},
     {"score": {"outputs": {"score": {}}}}, {"score": {"outputs": {"score": {"dtype": 3}}}},
     {"score": {"outputs": {"score": {"dtype": NUMBERS, "tensor_shape": {"dim": {}}}}}},
     {"\ud800": {}}, {"score": {"outputs": {"\ud800": {"dtype": NUMBERS}}}}],
)  # fmt: skip
def test_signatures_of_another_format(client, canned, signatures):
    canned.answers["metadata"] = whole(metadata(signatures))
    for ask in METHODS["metadata"]:
        with pytest.raises(ServingError):
            ask(client)


@pytest.mark.parametrize(
    "versions",
    ["ab", {}, 3, [3], [{}], [{"state": 3}], [{"state": "\ud800"}],
     [{"state": "END", "status": "no"}], [{"state": "END", "status": {"error_message": 7}}]],
)  # fmt: skip
def test_statuses_of_another_format(client, canned, versions):
    canned.answers["toy"] = whole({"model_version_status": versions})
    with pytest.raises(ServingError):
        client.status()


# Wrong arguments.


@pytest.mark.parametrize("timeout", [math.inf, math.nan, 0, -1, "5", None, True, 10**400, 86_401])
def test_wrong_timeouts(timeout):
    with pytest.raises(InputError, match="timeout must be seconds above 0 and at most 86,400"):
        kerasrec.Client("http://127.0.0.1:1", model="toy", timeout=timeout)


@pytest.mark.parametrize("scheme", ["http", "https", "grpc", "grpcs"])
@pytest.mark.parametrize(
    "rest",
    ["[::1", "[zz]:80", "a:99999", "a:abc", "a:-1", "a:0", "a:80:80", "u:p@a", "a b", "a\n", "a#b",
     "a?b", "", ":80", "a..b", "x" * 64, "\ud800"],
)  # fmt: skip
def test_wrong_urls(scheme, rest):
    with pytest.raises(InputError, match="url must look like"):
        kerasrec.Client(f"{scheme}://{rest}", model="toy")


def test_grpc_urls_have_no_path():
    with pytest.raises(InputError, match="url must look like"):
        kerasrec.Client("grpc://127.0.0.1:1/behind", model="toy")


@pytest.mark.parametrize(
    "wrong",
    [{"model": 7}, {"model": "\ud800"}, {"version": -1}, {"version": 3.0}, {"version": True},
     {"version": ""}, {"version": "\ud800"}, {"version": 10**30}, {"version": ["3"]},
     {"retries": math.inf}],
)  # fmt: skip
def test_wrong_settings(wrong):
    with pytest.raises(InputError):
        kerasrec.Client("http://127.0.0.1:1", **{"model": "toy", **wrong})


def test_requests(client, canned):
    before = canned.sent
    for wrong in (
        {"user": "\ud800"},
        {"history": ["a", "\udfff"]},
        {"user": "u", "exclude": ["\ud800"]},
        {"user": "u", "k": 2**31},
        {"user": "u", "explain": -1},
    ):
        with pytest.raises(InputError):
            client.recommend(**wrong)
    with pytest.raises(InputError):
        client.score(user="u", items=["\ud800"])
    with pytest.raises(InputError):
        client.similar_items("\ud800")
    assert canned.sent == before


def test_a_closed_client(client):
    client.close()
    for ask in (client.status, client.metadata, lambda: client.recommend(user="u")):
        with pytest.raises(InputError, match="this client is closed"):
            ask()


# gRPC.


class CannedGrpc:
    """A gRPC server that answers each method with given bytes."""

    def __init__(self):
        import grpc

        outer, self.answers = self, {}

        class Any(grpc.GenericRpcHandler):
            def service(self, call):
                name = call.method.rpartition("/")[2]
                return grpc.unary_unary_rpc_method_handler(lambda *_: outer.answers[name])

        self.server = grpc.server(futures.ThreadPoolExecutor(2))
        self.server.add_generic_rpc_handlers([Any()])
        self.url = f"grpc://127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()


@pytest.fixture(scope="module")
def canned_grpc():
    server = CannedGrpc()
    yield server
    server.server.stop(None).wait()


def described(**signatures):
    """A `GetModelMetadataResponse` as bytes."""
    from google.protobuf import json_format
    from tensorflow_serving.apis import get_model_metadata_pb2

    kind = "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    body = metadata()
    body["metadata"]["signature_def"] = {"@type": kind, "signature_def": signatures}
    found = json_format.ParseDict(body, get_model_metadata_pb2.GetModelMetadataResponse())
    return found.SerializeToString()


@pytest.fixture
def grpc_client(canned_grpc):
    canned_grpc.answers = {"GetModelMetadata": described(**SIGNATURES)}
    with kerasrec.Client(canned_grpc.url, model="toy", timeout=20, retries=0) as client:
        yield client


def test_grpc_metadata_and_status_of_another_format(grpc_client, canned_grpc):
    from tensorflow_serving.apis import get_model_metadata_pb2

    unknown, broken, other = (get_model_metadata_pb2.GetModelMetadataResponse() for _ in range(3))
    unknown.metadata["signature_def"].type_url = "type.googleapis.com/nobody.Knows"
    broken.metadata[
        "signature_def"
    ].type_url = "type.googleapis.com/tensorflow.serving.SignatureDefMap"
    broken.metadata["signature_def"].value = b"\xff\xff\xff"
    other.metadata["other"].type_url = unknown.metadata["signature_def"].type_url
    for found in (unknown, broken, other):
        canned_grpc.answers["GetModelMetadata"] = found.SerializeToString()
        with pytest.raises(ServingError):
            grpc_client.metadata()
    for found in (b"", b"\xff\xff\xff"):
        canned_grpc.answers["GetModelMetadata"] = canned_grpc.answers["GetModelStatus"] = found
        with pytest.raises(ServingError):
            grpc_client.metadata()
    with pytest.raises(ServingError):
        grpc_client.status()


def test_grpc_inputs_without_a_dtype(grpc_client, canned_grpc):
    for dtype in ("DT_INVALID", "DT_FLOAT", "DT_RESOURCE"):
        score = {**SIGNATURES["score"], "inputs": tensors(user=dtype, item=dtype)}
        canned_grpc.answers["GetModelMetadata"] = described(score=score)
        with pytest.raises(ServingError):
            grpc_client.score(user="u", item="a")


def test_grpc_outputs_of_another_format(grpc_client, canned_grpc):
    from tensorflow import make_tensor_proto
    from tensorflow_serving.apis import predict_pb2

    large = make_tensor_proto([1.5])
    large.tensor_shape.dim[0].size = 1 << 40
    negative = make_tensor_proto([1.5])
    negative.tensor_shape.dim[0].size = -1
    no_type = make_tensor_proto([1.5])
    no_type.dtype = 0
    cut = make_tensor_proto([[1.5, 2.5]])
    cut.tensor_content = cut.tensor_content[:3]
    for wrong in (
        *(large, negative, no_type, cut),
        *map(make_tensor_proto, (1.5, "1.5", ["1.5"], [True], [math.nan], [math.inf], [[True]])),
    ):
        found = predict_pb2.PredictResponse()
        found.outputs["score"].CopyFrom(wrong)
        canned_grpc.answers["Predict"] = found.SerializeToString()
        with pytest.raises(ServingError):
            grpc_client.score(user="u", item="a")
        found.outputs["item"].CopyFrom(make_tensor_proto([["a"]]))
        canned_grpc.answers["Predict"] = found.SerializeToString()
        with pytest.raises(ServingError):
            grpc_client.recommend(user="u", k=1)
    canned_grpc.answers["Predict"] = b"\xff\xff\xff"
    with pytest.raises(ServingError):
        grpc_client.score(user="u", item="a")


def test_grpc_ends_at_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"grpc://127.0.0.1:{silent.getsockname()[1]}"
        with kerasrec.Client(url, model="toy", timeout=0.3) as client:
            start = time.monotonic()
            with pytest.raises(ServingError):
                client.status()
            assert time.monotonic() - start < 5
