"""Requests that run in one batch: concatenates their inputs and splits the outputs."""

import time

import numpy as np

from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_size import too_large


class Batch:
    """Tasks of one signature, in order of arrival.

    A task has `inputs`, name -> array with `rows` rows each, and an attribute `answer` to set.

    Args:
        signature: Name of the signature.
        parameters: A `BatchingParameters`.
        limits: A `Limits`; a batch has the same limits as a single request.

    Attributes:
        tasks: The tasks of the batch.
        rows: Total number of rows.
        start: Time of creation, by `time.monotonic`.
    """

    def __init__(self, signature, parameters, limits):
        self._signature, self._parameters, self._limits = signature, parameters, limits
        self.tasks, self.rows, self.start = [], 0, time.monotonic()
        self._shapes = {}

    def add(self, task):
        """Adds a task and returns True, or returns False if it does not fit into the batch."""
        shapes = self._shapes_with(task)
        if self.tasks and (
            shapes is None
            or self.rows + task.rows > self._parameters.max_batch_size
            # All rows are padded to the widest.
            or too_large(self._signature, shapes, self._limits)
        ):
            return False
        self.tasks.append(task)
        self.rows, self._shapes = self.rows + task.rows, shapes
        return True

    def concatenate(self, tasks):
        """Concatenates the inputs of some of the tasks.

        Raises:
            Refusal: if they differ in width, and padding is turned off or not possible.
        """
        inputs = {}
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
                arrays = [_pad(array, widest) for array in arrays]
            inputs[name] = np.concatenate(arrays)
        return inputs

    @staticmethod
    def split(answer, tasks):
        """Splits an answer by rows and sets the `answer` of each task.

        Raises:
            Refusal: if the number of rows differs from that of the tasks.
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

    def _shapes_with(self, task):
        """Shapes of the concatenated inputs with one more task; None if the ranks differ."""
        shapes = {name: array.shape for name, array in task.inputs.items()}
        for name, (rows, *widest) in self._shapes.items():
            more, *widths = shapes[name]
            if len(widths) != len(widest):
                return None
            shapes[name] = (rows + more, *map(max, widest, widths))
        return shapes


def _pad(array, widest):
    if array.shape[1:] == tuple(widest):
        return array
    if not array.size:
        raise invalid("Got empty tensor in batch of non-empty tensors. Send lists of at least ''.")
    padded = np.full((len(array), *widest), array.flat[0], dtype=array.dtype)
    padded[tuple(slice(size) for size in array.shape)] = array
    return padded
