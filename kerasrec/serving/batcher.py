"""Batches requests of one signature as TF Serving does."""

import collections
import contextlib
import logging
import threading
import time

from kerasrec.serving.batch import Batch
from kerasrec.serving.refusal import Refusal, invalid

LOG = logging.getLogger(__name__)


class Batcher:
    """Collects requests into batches and runs the graph once per batch.

    Source: tensorflow_serving/batching/batching_session.cc, and for queues
    tensorflow/core/kernels/batching_util/shared_batch_scheduler.h. Their restrictions apply here
    too, so that a client meets them before production:

    * all inputs of a request, also defaults, must have the same number of rows;
    * shorter lists are padded with the first value of the request's tensor (batching_util.cc:
      PadTensor), so lists should begin with "", which every signature skips.

    Args:
        run: Function that runs the graph: `run(signature, inputs, timeout)`.
        parameters: A `BatchingParameters`.
        limits: A `Limits`; a batch has the same limits as a single request.
    """

    def __init__(self, run, parameters, limits):
        self._run, self._parameters, self._limits = run, parameters, limits
        self._queues = collections.defaultdict(collections.deque)
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(parameters.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def run(self, signature, inputs, timeout):
        """Runs one request in a batch and returns its answer; arguments as of `run` above.

        Raises:
            Refusal: if the batch is refused, the request is too large or the queue is full.
        """
        task = _Task(inputs, _rows(inputs), time.monotonic() + timeout)
        self._enqueue(signature, task)
        if not task.done.wait(timeout):
            raise Refusal(
                "DEADLINE_EXCEEDED", f"{signature} was not answered within {timeout:.3g} s."
            )
        if task.error:
            raise task.error
        return task.answer

    def close(self):
        """Ends the threads. `run` must not be called afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, signature, task):
        most = self._parameters.max_batch_size
        if task.rows > most:
            raise invalid(
                f"Task size {task.rows} is larger than maximum input batch size {most}. Split it."
            )
        with self._changed:
            queue = self._queues[signature]
            if not queue or not queue[-1].add(task):
                if len(queue) >= self._parameters.max_enqueued_batches:
                    raise Refusal(
                        "UNAVAILABLE",
                        "The batch scheduling queue to which this task was submitted is full. "
                        "Try again in a moment.",
                    )
                queue.append(Batch(signature, self._parameters, self._limits))
                queue[-1].add(task)
            self._changed.notify_all()

    def _work(self):
        while True:
            with self._changed:
                signature, batch = self._next_batch()
            if batch is None:
                return
            with contextlib.suppress(Exception):  # its tasks have the error; the thread goes on
                self._answer(signature, batch)

    def _next_batch(self):
        """Waits for the oldest batch that is full, is followed by another, or has timed out."""
        while not self._closed:
            now, soonest = time.monotonic(), None
            waiting = [(queue[0].start, name) for name, queue in self._queues.items() if queue]
            for start, signature in sorted(waiting):
                queue = self._queues[signature]
                left = start + self._parameters.batch_timeout_micros / 1e6 - now
                if len(queue) > 1 or queue[0].rows >= self._parameters.max_batch_size or left <= 0:
                    return signature, queue.popleft()
                soonest = left if soonest is None else min(soonest, left)
            self._changed.wait(soonest)
        return None, None

    def _answer(self, signature, batch):
        now = time.monotonic()
        tasks = [task for task in batch.tasks if task.deadline > now]
        if not tasks:
            return
        try:
            inputs = batch.concatenate(tasks)
            longest = max(task.deadline for task in tasks) - now
            answer = self._run(signature, inputs, longest)
            batch.split(answer, tasks)
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


class _Task:
    def __init__(self, inputs, rows, deadline):
        self.inputs, self.rows, self.deadline = inputs, rows, deadline
        self.answer = self.error = None
        self.done = threading.Event()


def _rows(inputs):
    # tensorflow_serving/batching/batching_util.h: ComputeTensorBatchSize.
    counts = {name: array.shape[:1] for name, array in inputs.items()}
    if () in counts.values():
        raise invalid("Batching Run() input tensors must have at least one dimension")
    if len(set(counts.values())) > 1:
        rows = ", ".join(f"{name} {count[0]}" for name, count in sorted(counts.items()))
        raise invalid(
            "Batching Run() input tensors must have equal 0th-dimension size; a missing input "
            f"has the rows of its default. Rows: {rows}."
        )
    return next(iter(counts.values()))[0]
