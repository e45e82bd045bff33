"""Writes a SavedModel beside its place, checks it in a fresh process, then moves it there."""

import base64
import contextlib
import errno
import pathlib

import numpy as np
import tensorflow as tf

from kerasrec.data.query_spec import EXAMPLES
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.export.describe import describe
from kerasrec.export.examples import serialized_examples
from kerasrec.export.expected import Expected
from kerasrec.export.requests import REQUESTS, make_requests
from kerasrec.export.search import ExactIndex, IVFIndex
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.export.warm_up import write_warm_up
from kerasrec.export.without_saving import remove_saving
from kerasrec.files.replacing import replacing
from kerasrec.models.precision import in_float32
from kerasrec.savedmodel.about import EXTRA, RECORDED
from kerasrec.savedmodel.graph_operations import foreign_operations
from kerasrec.savedmodel.recorded import write_arrays
from kerasrec.savedmodel.verify import verify
from kerasrec.whole_number import whole_number

INDEXES = ("exact", "ivf")
DEFAULT_K = 100
# Queries on which an approximate index is measured.
MEASURED = 2000


def export(
    model,
    directory,
    k=None,
    index="exact",
    recall=0.95,
    storage="float32",
    histories=True,
    run=None,
):
    """Writes `model` as a SavedModel, reloads it in a fresh process and compares the answers.

    Signatures, all with named inputs and outputs and a batch dimension; docs/serving.md has them
    as a table:

    * `serving_default` = `recommend`: who asks, and `exclude` and `allow` `(batch, any)`, `k`
      `(batch,)`, `repeats` `(batch,)` -> `item` `(batch, k)` strings and `score` `(batch, k)`,
      best first, ties in the order of the catalogue, as wide as the largest k. Fewer answers are
      filled up with "" and -inf. Without `repeats` ("mask" or "allow") the model's own decides.
    * `recommend_examples`: the same from serialized `tf.Example`s.
    * `recommend_explained`, of a model that reads histories and whose score is a dot product: as
      `recommend`, and `(batch, k, 3)` items of the history, `reason_item`, with what the score
      loses without each, `reason`. Of a model with content also what of each score comes
      `from_behavior` and `from_content`, both `(batch, k)`, which add up to it, and of one that
      reads texts by convolutions `(batch, k, 3)` words, `word`, of which `word_feature`, with what
      each adds, `word_reason`. Filled up with "" and 0. A request takes as many plain queries as
      its longest history has items, for each history of it.
    * `score`: who asks and `item` `(batch,)` -> `score` `(batch,)`.
    * `similar_items`: `item` `(batch,)`, `exclude`, `allow` and `k` -> `item`, `score`
      `(batch, k)`: the cosines of the item vectors, where a model has such.
    * `embed_user`: who asks -> `vector` `(batch, dim)`.
    * `embed_items`: `item` `(batch,)` and the raw features (text and category `(batch,)` strings,
      categories `(batch, any)` strings, number `(batch,)`, vector `(batch, width)` floats) ->
      `vector` `(batch, dim)`. A known item is encoded from the catalogue, any other from the
      features given, so an item never seen can be added to an index.

    Who asks is `user` `(batch,)` and/or `history` `(batch, any)`, with `behavior` and `timestamp`
    where the model reads them. All ids are strings; "" is padding and may stand anywhere; unknown
    ids are skipped. Every input but `item` and raw features may be left out where the server fills
    in defaults, as TF Serving does over gRPC. A known user without a history is answered from what
    the export has stored.

    `assets.extra/` holds what the export says of itself (`kerasrec.json`), its ids and titles, 200
    requests with Python's answers (see `kerasrec.savedmodel.verify`) and warm-up requests for TF
    Serving.

    What is served computes in float32, also that of a model trained in half precision: then the
    answers compared are those of the model in float32.

    Args:
        model: An adapted `Recommender`.
        directory: Folder to make; TF Serving wants a number below the model's name: `hybrid/1`.
        k: The most items in an answer, at most the number of items; None for 100, or all of fewer
            items.
        index: How the best items are found, for a model whose score is a dot product: "exact", or
            "ivf", which looks at some of the catalogue and misses few.
        recall: Share of the best `k` that "ivf" must find, measured on the model's own queries.
        storage: "float32" or "bfloat16" item vectors.
        histories: Keep what each known user did in the export, to leave it out of the answers, and
            to answer who gives no history.
        run: Plain values on where the model comes from, for `kerasrec.json`.

    Returns:
        A dict with `k`, the number of `requests` compared, the largest `difference` of a number,
        `signatures`, the same for each, and `foreign`, sentences on why the export is not run
        without `trust`; none of a zoo model.

    Raises:
        InputError: if the folder exists, k is below 1, the disk is full, the model has no vectors
            to search or `recall` is not reached.
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
    200
    """
    model.check_adapted("export")
    model.check_finite("export")
    directory = pathlib.Path(directory)
    if directory.exists():
        raise InputError(f"{directory} exists already: export to a new folder")
    available = model.schema.num_items - FIRST
    k = min(DEFAULT_K, available) if k is None else k
    k = whole_number(k, "k", 1, available, "the number of items, ")
    model = in_float32(model)
    with replacing(directory) as partial:
        with _portable_rnn(model):
            graph = ServingGraph(model, k, _index(model, index, recall, storage, k), histories)
            _write_graph(graph, partial)
        (partial / EXTRA).mkdir()
        _record(model, graph, partial)
        describe(model, graph, partial, run)
        # The model is in this process already: whatever it computes is its user's own.
        found = verify(partial, trust=True)
        foreign = foreign_operations(partial)
        if found["problems"]:
            problems = "; ".join(found["problems"])
            raise RuntimeError(f"the export answers other than Python: {problems}")
    differences = [row["difference"] for row in found["signatures"].values()]
    return {
        "k": k,
        "requests": REQUESTS,
        "difference": max(differences),
        "signatures": found["signatures"],
        "foreign": foreign,
    }


def _index(model, kind, recall, storage, k):
    if kind not in INDEXES:
        raise InputError(f"index must be one of {', '.join(INDEXES)}: got {kind!r}")
    if not model.searchable:
        if (kind, storage) != (INDEXES[0], "float32"):
            raise InputError(
                f"the score of {type(model).__name__} is no dot product: it has no vectors to "
                f"search, so leave out index and storage"
            )
        return None
    vectors = np.asarray(model.encode_catalog())
    if kind == "exact":
        return ExactIndex(vectors, storage)
    users = np.arange(FIRST, model.schema.num_users)
    users = np.random.default_rng(0).permutation(users)[:MEASURED]
    inputs = model.histories.take(users).inputs(model.query_inputs, model.schema.history_length)
    queries = model.encode_queries({"user": users.astype("int32"), **inputs})
    return IVFIndex.build(vectors, queries, recall=recall, k=k, storage=storage)


def _write_graph(graph, folder):
    try:
        graph.write(folder)
        remove_saving(folder)
    except tf.errors.OpError as error:
        # TensorFlow's writer has errors of its own for a full disk and the like.
        reason = str(error).splitlines()[0].rpartition("; ")[2].partition(" [Op:")[0]
        raise OSError(errno.EIO, reason) from error


def _record(model, graph, folder):
    """Requests with Python's answers, and warm-up requests."""
    asked = graph.signatures["recommend"][1]
    request = make_requests(model, asked, graph.k)
    expected = Expected(model, graph, request)
    answers = {
        f"answer/{signature}/{output}": value
        for signature, outputs in expected.answers().items()
        for output, value in outputs.items()
    }
    if (twins := expected.twins()) is not None:
        answers |= {"twins": twins, "items": model.items.vocabulary.lookup(np.arange(len(twins)))}
    examples = serialized_examples(request, asked)
    columns = {f"request/{name}": column for name, column in request.items()}
    texts = [base64.b64encode(one).decode() for one in examples]
    columns[f"base64/{EXAMPLES}"] = np.array(texts, dtype=object)
    write_arrays(folder / RECORDED, {**columns, **answers})
    inputs = {name: list(inputs) for name, (_, inputs) in graph.signatures.items()}
    write_warm_up(folder, inputs, {**request, EXAMPLES: examples})


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
