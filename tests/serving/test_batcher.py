"""Batching without a graph: requests run a function of the test."""

import concurrent.futures
import threading
import time

import numpy as np
import pytest

from kerasrec.serving import batcher as module
from kerasrec.serving.batcher import Batcher
from kerasrec.serving.batching_parameters import BatchingParameters
from kerasrec.serving.limits import Limits
from kerasrec.serving.refusal import Refusal

FOREVER = 3_600_000_000


class Graph:
    """Answers `{"x": ...}` with twice x once it is released; records the batches it gets."""

    def __init__(self):
        self.batches, self.free = [], threading.Event()
        self.started = threading.Semaphore(0)
        self.free.set()

    def __call__(self, signature, inputs, timeout):
        self.batches.append((signature, inputs))
        self.started.release()
        assert self.free.wait(30)
        if signature == "broken":
            raise Refusal("INVALID_ARGUMENT", "broken")
        if signature == "fault":
            raise KeyError("secret")
        if signature == "no rows":
            return {"y": np.float32(1)}
        return {"y": inputs["x"] * 2} if "x" in inputs else {"y": inputs["text"]}


@pytest.fixture
def batching():
    """`batching(**parameters)` -> (graph, batcher, `ask(signature, **inputs)`: a future)."""
    made = []

    def make(limits=Limits(), **parameters):  # noqa: B008
        graph = Graph()
        parameters = BatchingParameters(num_batch_threads=1, **parameters)
        batcher = Batcher(graph, parameters, limits)
        pool = concurrent.futures.ThreadPoolExecutor(16)
        made.append((batcher, pool, graph))
        queued = batcher._enqueue
        entered = threading.Semaphore(0)

        def enqueue(signature, task):
            try:
                queued(signature, task)
            finally:
                entered.release()

        batcher._enqueue = enqueue

        def ask(signature, timeout=30, **inputs):
            inputs = {name: np.array(value) for name, value in inputs.items()}
            future = pool.submit(batcher.run, signature, inputs, timeout)
            assert entered.acquire(timeout=30)
            return future

        return graph, batcher, ask

    yield make
    for batcher, pool, graph in made:
        graph.free.set()
        batcher.close()
        pool.shutdown()


def test_waiting_requests_share_a_batch_and_get_their_rows(batching):
    graph, _, ask = batching(max_batch_size=4, batch_timeout_micros=FOREVER)
    one, two = ask("double", x=[1.0, 2.0]), ask("double", x=[3.0])
    assert not graph.batches
    three = ask("double", x=[4.0])
    assert one.result(30)["y"].tolist() == [2, 4]
    assert two.result(30)["y"].tolist() == [6]
    assert three.result(30)["y"].tolist() == [8]
    ((signature, inputs),) = graph.batches
    assert signature == "double" and inputs["x"].tolist() == [1, 2, 3, 4]


def test_a_batch_that_is_not_full_runs_after_its_timeout(batching):
    graph, _, ask = batching(batch_timeout_micros=20_000)
    start = time.monotonic()
    assert ask("double", x=[1.0]).result(30)["y"].tolist() == [2]
    assert time.monotonic() - start >= 0.02


def test_a_request_that_does_not_fit_waits_for_the_next_batch(batching):
    graph, _, ask = batching(max_batch_size=3, batch_timeout_micros=FOREVER)
    first, second = ask("double", x=[1.0, 2.0]), ask("double", x=[3.0, 4.0])
    assert first.result(30)["y"].tolist() == [2, 4]  # closed by the next batch
    third = ask("double", x=[5.0])
    assert second.result(30)["y"].tolist() == [6, 8] and third.result(30)["y"].tolist() == [10]
    assert [len(inputs["x"]) for _, inputs in graph.batches] == [2, 3]


def test_each_signature_has_its_own_batches(batching):
    graph, _, ask = batching(max_batch_size=2, batch_timeout_micros=FOREVER)
    one, other = ask("double", x=[1.0]), ask("twice", x=[2.0])
    assert not graph.batches
    ask("double", x=[3.0]).result(30), ask("twice", x=[4.0]).result(30)
    assert one.result(30)["y"].tolist() == [2] and other.result(30)["y"].tolist() == [4]


def test_lists_are_padded_with_their_first_value_as_in_tf_serving(batching):
    parameters = {"max_batch_size": 2, "batch_timeout_micros": FOREVER}
    graph, _, ask = batching(pad_variable_length_inputs=True, **parameters)
    short, long = ask("echo", text=[["", "a"]]), ask("echo", text=[["b", "c", "d"]])
    assert short.result(30)["y"].tolist() == [["", "a", ""]]
    assert long.result(30)["y"].tolist() == [["b", "c", "d"]]
    _, _, ask = batching(pad_variable_length_inputs=False, **parameters)
    both = ask("echo", text=[["", "a"]]), ask("echo", text=[["b", "c", "d"]])
    for one in both:
        with pytest.raises(Refusal, match="Set pad_variable_length_inputs to true"):
            one.result(30)


def test_an_empty_list_cannot_be_padded(batching):
    _, _, ask = batching(
        max_batch_size=2, batch_timeout_micros=FOREVER, pad_variable_length_inputs=True
    )
    one, other = ask("echo", text=[["a"]]), ask("echo", text=np.zeros((1, 0), "S1"))
    for each in (one, other):
        with pytest.raises(Refusal, match="Got empty tensor in batch of non-empty tensors"):
            each.result(30)


def test_a_batch_has_the_value_limit_of_a_request(batching):
    """One wide row and narrow ones: each fits, but padded they are 3 x 8 values."""
    limits = Limits(values=16)
    graph, _, ask = batching(
        limits, max_batch_size=3, batch_timeout_micros=FOREVER, pad_variable_length_inputs=True
    )
    wide = ask("echo", text=[["w"] * 8])
    narrow = [ask("echo", text=[["n"]]) for _ in range(4)]
    assert wide.result(30)["y"].tolist() == [["w"] * 8]
    assert narrow[0].result(30)["y"].tolist() == [["n"] * 8]
    assert [one.result(30)["y"].tolist() for one in narrow[1:]] == [[["n"]]] * 3
    assert [inputs["text"].shape for _, inputs in graph.batches] == [(2, 8), (3, 1)]


def test_a_batch_has_the_row_limit_of_a_request(batching):
    _, _, ask = batching(Limits(rows=2), batch_timeout_micros=FOREVER)
    one, two = ask("double", x=[1.0]), ask("double", x=[2.0, 3.0])
    assert one.result(30)["y"].tolist() == [2]
    ask("double", x=[4.0], timeout=0.01)
    assert two.result(30)["y"].tolist() == [4, 6]


def test_other_ranks_form_another_batch(batching):
    _, _, ask = batching(batch_timeout_micros=FOREVER, pad_variable_length_inputs=True)
    flat, deep = ask("double", x=[1.0]), ask("double", x=[[2.0]])
    assert flat.result(30)["y"].tolist() == [2]
    ask("double", x=[3.0], timeout=0.01)
    assert deep.result(30)["y"].tolist() == [[4]]


def test_a_full_queue_refuses_requests(batching):
    graph, _, ask = batching(max_batch_size=1, max_enqueued_batches=2)
    graph.free.clear()
    running = ask("double", x=[1.0])
    assert graph.started.acquire(timeout=30)
    waiting = [ask("double", x=[2.0]), ask("double", x=[3.0])]
    with pytest.raises(Refusal, match="queue to which this task was submitted is full") as full:
        ask("double", x=[4.0]).result(30)
    assert (full.value.code, full.value.http) == ("UNAVAILABLE", 503)
    graph.free.set()
    assert [one.result(30)["y"].tolist() for one in (running, *waiting)] == [[2], [4], [6]]


def test_a_request_that_waits_too_long_is_refused(batching):
    graph, _, ask = batching(max_batch_size=1)
    graph.free.clear()
    running = ask("double", x=[1.0])
    assert graph.started.acquire(timeout=30)
    with pytest.raises(Refusal, match="was not answered within 0.01 s") as late:
        ask("double", timeout=0.01, x=[2.0]).result(30)
    assert late.value.http == 504
    graph.free.set()
    running.result(30)
    ask("double", x=[3.0]).result(30)
    assert [inputs["x"].tolist() for _, inputs in graph.batches] == [[1], [3]]


def test_a_refusal_of_a_batch_reaches_all_its_requests(batching):
    _, _, ask = batching(max_batch_size=2, batch_timeout_micros=FOREVER)
    for signature, sentence in (("broken", "broken"), ("no rows", "0th dimension does not equal")):
        both = ask(signature, x=[1.0]), ask(signature, x=[2.0])
        for one in both:
            with pytest.raises(Refusal, match=sentence):
                one.result(30)


def test_an_exception_does_not_end_the_thread(batching, caplog):
    _, _, ask = batching(max_batch_size=1)
    with pytest.raises(Refusal, match="The server could not answer this request.") as caught:
        ask("fault", x=[1.0]).result(30)
    assert caught.value.code == "INTERNAL"
    assert "A batch of fault could not be answered." in caplog.text
    assert ask("double", x=[1.0]).result(30)["y"].tolist() == [2]


def test_requests_that_cannot_be_batched_are_refused(batching):
    _, batcher, ask = batching(max_batch_size=2)
    with pytest.raises(Refusal, match="Task size 3 is larger than maximum input batch size 2"):
        ask("double", x=[1.0, 2.0, 3.0]).result(30)
    for inputs, sentence in (
        ({"x": np.zeros(2), "k": np.zeros(1)}, "equal 0th-dimension size.*Rows: k 1, x 2"),
        ({"x": np.float32(1)}, "at least one dimension"),
    ):
        with pytest.raises(Refusal, match=sentence):
            batcher.run("double", inputs, 30)


def test_a_failing_log_does_not_end_the_thread(batching, monkeypatch):
    def broken(*_):
        raise ValueError("I/O operation on closed file")

    monkeypatch.setattr(module.LOG, "exception", broken)
    _, _, ask = batching(max_batch_size=1, batch_timeout_micros=0)
    with pytest.raises(Refusal, match="could not answer this request"):
        ask("fault", x=[1.0]).result(30)
    assert ask("double", x=[1.0]).result(30)["y"].tolist() == [2.0]
