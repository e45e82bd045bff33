"""Runs recorded requests on an export, with TensorFlow's C++ only; a script for `verify`."""

import base64
import sys

import numpy as np

ALONE = 24  # requests that also run one at a time
LARGE = 1024  # rows of one large request, at most
LARGE_SCORES = 2**27  # rows x items of it: 512 MiB
SLOW = "recommend_explained"  # no large request


def replay(directory, expected, answers):
    """Runs the recorded requests of every signature and writes the answers.

    Args:
        directory: A SavedModel.
        expected: The npz file with the requests and Python's answers.
        answers: The npz file to write. It has the outputs of all requests in one batch (`all`), of
            the first requests one at a time (`alone`), and of the requests repeated to a large
            number of rows (`large`), cut to the number of requests.
    """
    # These modules are in the folder of this file, so kerasrec is not needed.
    from c_loader import CLoader
    from npz_file import read_arrays, write_arrays

    replayed, file = {}, read_arrays(expected)
    request = {n.partition("/")[2]: file[n] for n in file if n.startswith("request/")}
    for name in (n for n in file if n.startswith("base64/")):
        texts = [base64.b64decode(text) for text in file[name]]
        request[name.partition("/")[2]] = np.array(texts, dtype=object)
    counts = {n.split("/")[1]: len(file[n]) for n in file if n.startswith("answer/")}
    # Exports of earlier commits do not say how many items they have.
    (items,) = file.get("num_items", [1])
    large = max(ALONE, min(LARGE, LARGE_SCORES // int(items)))
    with CLoader(directory) as loaded:
        for name, count in counts.items():
            inputs = {key: request[key][:count] for key in loaded.signatures[name].inputs}
            batchings = {"all": [inputs], "alone": _split_rows(inputs, ALONE)}
            if name != SLOW:
                batchings["large"] = [_repeat_rows(inputs, large)]
            for batching, requests in batchings.items():
                outputs = [loaded(name, **one) for one in requests]
                for output in outputs[0]:
                    column = _concatenate(output, [one[output] for one in outputs])
                    if batching == "large" and len(column) != large:
                        column = column[:0]  # an output without the batch dimension
                    column = column[:count]
                    if column.dtype.kind == "S":
                        # Convert at once: fixed-width strings of all outputs may exceed the memory.
                        column = column.astype(object)
                    replayed[f"{batching}/{name}/{output}"] = column
    write_arrays(answers, replayed)


def _concatenate(output, parts):
    """Concatenates answers of different widths, padded as an export pads them."""
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    width = max(part.shape[1] for part in parts)
    padding = b"" if parts[0].dtype.kind in "SO" else -np.inf if output == "score" else 0
    padded = []
    for part in parts:
        missing = [(0, 0), (0, width - part.shape[1]), *[(0, 0)] * (part.ndim - 2)]
        padded.append(np.pad(part, missing, constant_values=padding))
    return np.concatenate(padded)


def _split_rows(inputs, most):
    rows = min(most, len(next(iter(inputs.values()))))
    return [{name: x[row : row + 1] for name, x in inputs.items()} for row in range(rows)]


def _repeat_rows(inputs, rows):
    return {name: np.resize(x, (rows, *x.shape[1:])) for name, x in inputs.items()}


if __name__ == "__main__":
    replay(*sys.argv[1:])
    assert not {"tensorflow", "keras", "kerasrec"} & set(sys.modules)
