"""Writes a SavedModel beside its place, checks it in a fresh process, then moves it there."""

import contextlib
import errno
import pathlib

import tensorflow as tf

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.export.parity import check_parity
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.replacing import replacing


def export(model, directory, k=100):
    """Writes `model` as a SavedModel, reloads it in a fresh process and compares the answers.

    Signatures, all with named inputs and outputs and a batch dimension:

    * `serving_default` = `recommend`: the query and `exclude` `(batch, any)` -> `item` `(batch, k)`
      strings, `score` `(batch, k)`, best first. Items of the history are never recommended; what a
      `user` has seen the graph does not know, so name it in `exclude`. Fewer than k answers are
      filled with `""` and -inf.
    * `recommend_explained`, of a model that reads histories and whose score is a dot product: as
      `recommend`, and `(batch, k, 3)` items of the history, `reason_item`, with what the score
      loses without each, `reason`. Of a model with content also what of each score comes
      `from_behavior` and `from_content`, both `(batch, k)`, which add up to it, and of one that
      reads texts by convolutions `(batch, k, 3)` words, `word`, of which `word_feature`, with what
      each adds, `word_reason`. Filled up with "" and 0. A request takes as many plain queries as
      its longest history has items, for each history of it.
    * `score`: the query and `item` `(batch,)` -> `score` `(batch,)`.
    * `embed_user`: the query -> `vector` `(batch, dim)`.
    * `embed_items`: `item` `(batch,)` and the raw features (text and category `(batch,)` strings,
      categories `(batch, any)` strings, number `(batch,)`, vector `(batch, width)` floats) ->
      `vector` `(batch, dim)`. A known item is encoded from the catalogue, any other from the
      features given, so an item never seen can be added to an index.

    `assets.extra/` lists the known `users.json` and `items.json` for whoever wants to say which ids
    of a request were skipped; the graph itself does not need it.

    The query is `user` `(batch,)` and/or `history` `(batch, any)`, whichever the model reads. All
    ids are strings; `""` is padding and may stand anywhere; unknown ids are skipped. The two
    `embed` signatures are there where the score is a dot product.

    Args:
        model: An adapted `Recommender`.
        directory: Folder to make; TF Serving wants a number below the model's name: `hybrid/1`.
        k: Items in an answer, cut to the number of items.

    Returns:
        A dict with the number of `requests` compared and the largest `difference` of their scores.

    Raises:
        InputError: if the folder exists, k is below 1, or the disk is full.
        RuntimeError: if Python and the reloaded export differ by more than 1e-5. Nothing is left
            behind then.

    Example:

    >>> import tempfile, pathlib
    >>> from kerasrec.data import load
    >>> from kerasrec_zoo import Popularity
    >>> train = load("synthetic", users=50, items=100)
    >>> model = Popularity(train.schema())
    >>> model.adapt(train)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export(model, pathlib.Path(folder) / "popularity" / "1", k=5)["requests"]
    100
    """
    model.check_adapted("export")
    directory = pathlib.Path(directory)
    if directory.exists():
        raise InputError(f"{directory} exists already: export to a new folder")
    if k < 1:
        raise InputError(f"k must be at least 1: got {k}")
    k = min(k, model.schema.num_items - FIRST)
    with replacing(directory) as partial:
        with _portable_rnn(model):
            _write_graph(model, partial, k)
        _write_ids(model, partial / "assets.extra")
        report = check_parity(model, partial, k)
    return report


def _write_graph(model, folder, k):
    try:
        ServingGraph(model, k).write(folder)
    except tf.errors.OpError as error:
        # TensorFlow's writer has errors of its own for a full disk and the like.
        raise OSError(errno.EIO, str(error).splitlines()[0]) from error


def _write_ids(model, folder):
    folder.mkdir()
    model.users.vocabulary.save(folder / "users.json")
    model.items.vocabulary.save(folder / "items.json")


@contextlib.contextmanager
def _portable_rnn(model):
    """No cuDNN kernel in the graph: traced on a GPU it would not run on a CPU."""
    layers = [layer for layer in model.query_model._flatten_layers() if hasattr(layer, "use_cudnn")]
    before = [layer.use_cudnn for layer in layers]
    for layer in layers:
        layer.use_cudnn = False
    try:
        yield
    finally:
        for layer, value in zip(layers, before, strict=True):
            layer.use_cudnn = value
