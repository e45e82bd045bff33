"""Run by `verify` in a fresh process, as a file: an export answers with TensorFlow's C++ alone."""

import base64
import sys

import numpy as np

ALONE = 24  # requests that are asked one by one as well
LARGE = 1024  # rows of one large request
SLOW = "recommend_explained"


def replay(directory, recorded, answers):
    """Asks every signature what was recorded, and writes what it answers.

    Args:
        directory: A SavedModel.
        recorded: The npz file of requests and answers, of which the requests are asked.
        answers: The npz file to write: outputs of all requests at once, of the first ones one by
            one (`alone`), and of as many as `LARGE` (`large`), of which the first are kept.
    """
    # They lie beside this file, and are found there without kerasrec.
    from c_loader import CLoader
    from recorded import read_arrays, write_arrays

    found, file = {}, read_arrays(recorded)
    request = {n.partition("/")[2]: file[n] for n in file if n.startswith("request/")}
    for name in (n for n in file if n.startswith("base64/")):
        texts = [base64.b64decode(text) for text in file[name]]
        request[name.partition("/")[2]] = np.array(texts, dtype=object)
    asked = {n.split("/")[1]: len(file[n]) for n in file if n.startswith("answer/")}
    with CLoader(directory) as loaded:
        for name in asked:
            inputs = {key: request[key][: asked[name]] for key in loaded.signatures[name].inputs}
            ways = {"all": [inputs], "alone": _one_by_one(inputs, ALONE)}
            if name != SLOW:
                ways["large"] = [_repeated(inputs, LARGE)]
            for way, requests in ways.items():
                outputs = [loaded(name, **one) for one in requests]
                for output in outputs[0]:
                    column = _joined(output, [one[output] for one in outputs])
                    if way == "large" and len(column) != LARGE:
                        column = column[:0]  # an output without the batch dimension
                    column = column[: asked[name]]
                    # One after the other to objects, before the next one takes a fixed width.
                    texts = column.dtype.kind == "S"
                    found[f"{way}/{name}/{output}"] = column.astype(object) if texts else column
    write_arrays(answers, found)


def _joined(output, parts):
    """Answers below each other, as wide as the widest, filled up as an export does it."""
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    width = max(part.shape[1] for part in parts)
    nothing = b"" if parts[0].dtype.kind in "SO" else -np.inf if output == "score" else 0
    wide = []
    for part in parts:
        missing = [(0, 0), (0, width - part.shape[1]), *[(0, 0)] * (part.ndim - 2)]
        wide.append(np.pad(part, missing, constant_values=nothing))
    return np.concatenate(wide)


def _one_by_one(inputs, most):
    rows = min(most, len(next(iter(inputs.values()))))
    return [{name: x[row : row + 1] for name, x in inputs.items()} for row in range(rows)]


def _repeated(inputs, rows):
    return {name: np.resize(x, (rows, *x.shape[1:])) for name, x in inputs.items()}


if __name__ == "__main__":
    replay(*sys.argv[1:])
    assert not {"tensorflow", "keras", "kerasrec"} & set(sys.modules)
