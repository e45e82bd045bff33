"""Requests that are answered by one run of the graph: their arrays joined, and its answer split."""

import time

import numpy as np

from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_size import too_large


class Batch:
    """Tasks of one signature, in the order in which they came.

    A task has `inputs`, name -> array, all of as many rows as its `rows` says, and takes an
    `answer`.

    Args:
        signature: Its name.
        parameters: A `BatchingParameters`.
        limits: A `Limits`, which hold of all tasks together as of one request.

    Attributes:
        tasks: What it holds.
        rows: Their rows.
        start: When it was begun, by `time.monotonic`.
    """

    def __init__(self, signature, parameters, limits):
        self._signature, self._parameters, self._limits = signature, parameters, limits
        self.tasks, self.rows, self.start = [], 0, time.monotonic()
        self._shapes = {}

    def add(self, task):
        """Takes a task, and says so; False where the task does not fit beside the others."""
        shapes = self._widened(task)
        if self.tasks and (
            shapes is None
            or self.rows + task.rows > self._parameters.max_batch_size
            # One wide row makes all rows as wide.
            or too_large(self._signature, shapes, self._limits)
        ):
            return False
        self.tasks.append(task)
        self.rows, self._shapes = self.rows + task.rows, shapes
        return True

    def merged(self, tasks):
        """The inputs of some of the tasks, below each other.

        Raises:
            Refusal: if they differ in width, and are not to be or cannot be filled up.
        """
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
    def split(answer, tasks):
        """Gives each of the tasks its rows of an answer.

        Raises:
            Refusal: if the answer has other rows than the tasks together.
        """
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

    def _widened(self, task):
        """The shapes of the inputs with one more task; None where their ranks differ."""
        shapes = {name: array.shape for name, array in task.inputs.items()}
        for name, (rows, *widest) in self._shapes.items():
            more, *widths = shapes[name]
            if len(widths) != len(widest):
                return None
            shapes[name] = (rows + more, *map(max, widest, widths))
        return shapes


def _padded(array, widest):
    if array.shape[1:] == tuple(widest):
        return array
    if not array.size:
        raise invalid("Got empty tensor in batch of non-empty tensors. Send lists of at least ''.")
    padded = np.full((len(array), *widest), array.flat[0], dtype=array.dtype)
    padded[tuple(slice(size) for size in array.shape)] = array
    return padded
