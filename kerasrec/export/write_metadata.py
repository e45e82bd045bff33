"""Writes the metadata of an export to `assets.extra/`."""

import datetime
import hashlib
import json

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from kerasrec.data.vocabulary import FIRST
from kerasrec.files.file_hash import file_hash
from kerasrec.library_versions import library_versions
from kerasrec.savedmodel.files import list_files
from kerasrec.savedmodel.metadata import EXTRA_FOLDER, FORMAT, METADATA

# A page shows as many in a list.
MOST_VALUES = 200


def write_metadata(model, graph, directory, run=None):
    """Writes `kerasrec.json`, `items.json`, `users.json` and `titles.json` of an export.

    Args:
        model, graph: The model and the `ServingGraph` that was written.
        directory: The SavedModel; all its other files must exist, since their hashes are listed.
        run: JSON values that say where the model comes from: config, data, metrics.
    """
    extra = directory / EXTRA_FOLDER
    model.items.vocabulary.save(extra / "items.json")
    model.users.vocabulary.save(extra / "users.json")
    rows = np.arange(FIRST, model.schema.num_items)
    titles = [str(title) for title in model.items.title_of(rows)]
    if titles != model.items.vocabulary.ids.tolist():
        (extra / "titles.json").write_text(json.dumps(titles, indent=0), encoding="utf-8")
    features = [model.items.columns[name] for name in sorted(model.items.columns)]
    index = graph.candidates or graph.index
    metadata = {
        "format": FORMAT,
        "model": type(model).__name__,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "max_k": graph.k,
        "num_items": model.schema.num_items - FIRST,
        "num_users": model.schema.num_users - FIRST,
        "repeats": model.repeats,
        "rules": None if model.rules is None else model.rules.to_dict(),
        "unknown_user": model.unknown_user,
        "history_length": model.schema.history_length if "history" in model.query_inputs else None,
        "stored_histories": graph.reader.stored is not None,
        "newest": _newest(model.histories),
        "capabilities": sorted(model.capabilities),
        "signatures": _signatures(directory),
        "context": _context(graph.reader.context.columns, model.context),
        "user_features": _context(graph.reader.user_features.columns, model.users.encoders),
        "tasks": {task.name: task.kind for task in model.schema.tasks},
        "index": None if index is None else index.metadata(),
        "parts": {
            name: {"user": f"embed_user_{name}", "items": f"embed_items_{name}"}
            for name in graph.parts
        },
        "sha256": {
            "users": file_hash(extra / "users.json"),
            "items": file_hash(extra / "items.json"),
            "catalog": _hash_of_arrays(*features) if features else None,
            "vectors": None if graph.index is None else _hash_of_arrays(graph.index.stored()),
            "data": _hash_of_arrays(model.histories.indptr, model.histories.items),
            # Keras numbers the default names of models, so the name is not part of the hash.
            "config": _hash_of_json({**model.get_config(), "name": None}),
        },
        "run": run,
        "versions": library_versions(),
        "files": list_files(directory),
    }
    text = json.dumps(metadata, indent=1, ensure_ascii=False, allow_nan=False)
    (directory / METADATA).write_text(text + "\n", encoding="utf-8")


def _newest(histories):
    """Seconds since 1970 of the newest interaction; None where times are not known."""
    known = histories.timestamp is not None and len(histories.items)
    return int(histories.timestamp.max()) if known else None


def _context(names, encoders):
    """The features of a request, or of its user, by name: kind, and what goes with it.

    Values are listed if they are few.
    """
    found = {}
    for name in names:
        encoder = encoders[name]
        found[name] = {"kind": encoder.kind}
        if encoder.kind == "categories":
            found[name]["separator"] = encoder.separator
        if encoder.kind == "vector":
            found[name]["size"] = encoder.size
        if encoder.kind in ("category", "categories") and len(encoder.vocabulary) <= MOST_VALUES:
            found[name]["values"] = encoder.vocabulary.ids.tolist()
    return found


def _signatures(directory):
    """Inputs, defaults and outputs of each signature, as read from `saved_model.pb`."""
    saved = saved_model_pb2.SavedModel.FromString((directory / "saved_model.pb").read_bytes())
    signatures = {}
    for name, signature in sorted(saved.meta_graphs[0].signature_def.items()):
        if name.startswith("__"):  # initialization of the lookup tables
            continue
        inputs = {key: _dtype_and_shape(info) for key, info in sorted(signature.inputs.items())}
        for key, value in signature.defaults.items():
            inputs[key]["default"] = _json_value(tf.make_ndarray(value))
        outputs = {key: _dtype_and_shape(info) for key, info in sorted(signature.outputs.items())}
        signatures[name] = {"inputs": inputs, "outputs": outputs}
    return signatures


def _dtype_and_shape(info):
    shape = [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim]
    return {"dtype": tf.dtypes.as_dtype(info.dtype).name, "shape": shape}


def _json_value(values):
    if values.dtype == object:
        return np.vectorize(lambda text: text.decode(), otypes=[object])(values).tolist()
    if values.dtype.kind == "f":  # JSON has no NaN, the default of a number
        values = np.where(np.isnan(values), None, values.astype(object))
    return values.tolist()


def _hash_of_arrays(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _hash_of_json(value):
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
