"""Requests of one signature answered together, as TF Serving's batching does it."""

import collections
import contextlib
import logging
import threading
import time

import numpy as np

from kerasrec.serving.refusal import Refusal, invalid

LOG = logging.getLogger(__name__)


class Batcher:
    """Collects requests into batches, and answers each batch by one run of the graph.

    It follows tensorflow_serving/batching/batching_session.cc and, for what waits and what is
    turned away, tensorflow/core/kernels/batching_util/shared_batch_scheduler.h; also where that is
    unpleasant, so that it shows here and not in production:

    * all inputs of a request need the same number of rows, those of defaults too;
    * lists of unequal length are filled up with the first value of the request's tensor
      (batching_util.cc: PadTensor), so lists should begin with "", which every signature skips.

    Args:
        run: Answers a request: `run(signature, inputs, outputs, timeout)`.
        parameters: A `BatchingParameters`.
    """

    def __init__(self, run, parameters):
        self._run, self._parameters = run, parameters
        self._queues, self._changed = (
            collections.defaultdict(collections.deque),
            threading.Condition(),
        )
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, signature, inputs, outputs, timeout):
        """The answer to one request, out of a batch; arguments are those of `run` above.

        Raises:
            Refusal: what the batch is refused with, or for a request that fits into none.
        """
        task = _Task(inputs, _rows(inputs), time.monotonic() + timeout)
        self._enqueue((signature, outputs), task)
        if not task.done.wait(timeout):
            raise Refusal(
                "DEADLINE_EXCEEDED", f"{signature} was not answered within {timeout:.3g} s."
            )
        if task.error:
            raise task.error
        return task.answer

    def close(self):
        """Ends the threads; nothing may be asked any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, key, task):
        most = self._parameters.max_batch_size
        if task.rows > most:
            raise invalid(
                f"Task size {task.rows} is larger than maximum input batch size {most}. Split it."
            )
        with self._changed:
            queue = self._queues[key]
            if not queue or queue[-1].rows + task.rows > most:
                if len(queue) >= self._parameters.max_enqueued_batches:
                    raise Refusal(
                        "UNAVAILABLE",
                        "The batch scheduling queue to which this task was submitted is full. "
                        "Ask again in a moment.",
                    )
                queue.append(_Batch())
            queue[-1].tasks.append(task)
            queue[-1].rows += task.rows
            self._changed.notify_all()

    def _work(self):
        while True:
            with self._changed:
                key, batch = self._next()
            if batch is None:
                return
            with contextlib.suppress(Exception):  # it has told its tasks, the next one has others
                self._answer(*key, batch.tasks)

    def _next(self):
        """The oldest batch that is full, followed by another, or has waited long enough."""
        while not self._closed:
            now, soonest = time.monotonic(), None
            waiting = [(queue[0].start, key) for key, queue in self._queues.items() if queue]
            for start, key in sorted(waiting):
                queue = self._queues[key]
                left = start + self._parameters.batch_timeout_micros / 1e6 - now
                if len(queue) > 1 or queue[0].rows >= self._parameters.max_batch_size or left <= 0:
                    return key, queue.popleft()
                soonest = left if soonest is None else min(soonest, left)
            self._changed.wait(soonest)
        return None, None

    def _answer(self, signature, outputs, tasks):
        now = time.monotonic()
        tasks = [task for task in tasks if task.deadline > now]
        if not tasks:
            return
        try:
            inputs = self._merged(tasks)
            longest = max(task.deadline for task in tasks) - now
            answer = self._run(signature, inputs, outputs, longest)
            self._split(answer, tasks)
        except Refusal as error:
            for task in tasks:
                task.error = error
        except Exception:
            for task in tasks:
                task.error = Refusal("INTERNAL", "The server could not answer this request.")
            LOG.exception("A batch of %s could not be answered.", signature)
        finally:
            for task in tasks:
                task.done.set()

    def _merged(self, tasks):
        merged = {}
        for name in tasks[0].inputs:
            arrays = [task.inputs[name] for task in tasks]
            widest = np.max([array.shape[1:] for array in arrays], axis=0)
            if any(array.shape[1:] != tuple(widest) for array in arrays):
                if not self._parameters.pad_variable_length_inputs:
                    raise Refusal(
                        "FAILED_PRECONDITION",
                        f"Tensors with name '{name}' from different tasks have different shapes "
                        "and padding is turned off. Set pad_variable_length_inputs to true, or "
                        "send lists of one length.",
                    )
                arrays = [_padded(array, widest) for array in arrays]
            merged[name] = np.concatenate(arrays)
        return merged

    @staticmethod
    def _split(answer, tasks):
        rows = [task.rows for task in tasks]
        for name, array in answer.items():
            if not array.ndim or len(array) != sum(rows):
                raise Refusal(
                    "FAILED_PRECONDITION",
                    f"Batched output tensor's 0th dimension does not equal the sum of the 0th "
                    f"dimension sizes of the input tensors: {name} has the shape {array.shape}.",
                )
        for task, end in zip(tasks, np.cumsum(rows), strict=True):
            task.answer = {name: array[end - task.rows : end] for name, array in answer.items()}


class _Task:
    def __init__(self, inputs, rows, deadline):
        self.inputs, self.rows, self.deadline = inputs, rows, deadline
        self.answer = self.error = None
        self.done = threading.Event()


class _Batch:
    def __init__(self):
        self.tasks, self.rows, self.start = [], 0, time.monotonic()


def _rows(inputs):
    # tensorflow_serving/batching/batching_util.h: ComputeTensorBatchSize.
    counts = {name: array.shape[:1] for name, array in inputs.items()}
    if () in counts.values():
        raise invalid("Batching Run() input tensors must have at least one dimension")
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{name} {count[0]}" for name, count in sorted(counts.items()))
        raise invalid(
            "Batching Run() input tensors must have equal 0th-dimension size; an input left out "
            f"has that of its default. Rows: {said}."
        )
    return next(iter(counts.values()))[0]


def _padded(array, widest):
    if array.shape[1:] == tuple(widest):
        return array
    if not array.size:
        raise invalid("Got empty tensor in batch of non-empty tensors. Send lists of at least ''.")
    padded = np.full((len(array), *widest), array.flat[0], dtype=array.dtype)
    padded[tuple(slice(size) for size in array.shape)] = array
    return padded
