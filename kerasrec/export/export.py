"""Writes a SavedModel to a temporary folder, verifies it in a new process, then renames it."""

import base64
import contextlib
import errno
import pathlib

import numpy as np
import tensorflow as tf

from kerasrec.data.query_spec import EXAMPLES
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.export.examples import serialized_examples
from kerasrec.export.expected import Expected
from kerasrec.export.requests import REQUESTS, draw_values, make_requests
from kerasrec.export.search import BlendIndex, ExactIndex, IVFIndex
from kerasrec.export.serving_graph import ServingGraph
from kerasrec.export.warm_up import write_warm_up
from kerasrec.export.without_saving import remove_saving
from kerasrec.export.write_metadata import write_metadata
from kerasrec.files.replacing import replacing
from kerasrec.models import Blend
from kerasrec.models.precision import in_float32
from kerasrec.savedmodel.graph_operations import foreign_operations
from kerasrec.savedmodel.metadata import EXPECTED, EXTRA_FOLDER
from kerasrec.savedmodel.npz_file import write_arrays
from kerasrec.savedmodel.verify import verify
from kerasrec.whole_number import whole_number

INDEXES = ("exact", "ivf")
DEFAULT_K = 100
# Queries that choose the probes of an approximate index and measure its recall.
NUM_INDEX_QUERIES = 2000


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
    """Writes `model` as a SavedModel, reloads it in a new process and compares the answers.

    All signatures have named inputs and outputs and a batch dimension. docs/serving.md lists them
    in a table. "Query inputs" are `user` `(batch,)` and/or `history` `(batch, any)`, with
    `behavior` and `timestamp` if the model reads them, and the raw features of the request, with
    the shapes and dtypes of `embed_items`.

    * `serving_default` = `recommend`: query inputs, `exclude` and `allow` `(batch, any)`, `k`
      `(batch,)`, `repeats` `(batch,)` -> `item` `(batch, k)` strings and `score` `(batch, k)`,
      best first, ties in catalogue order. The answer is as wide as the largest k; missing answers
      are "" and -inf. `repeats` is "mask" or "allow"; the default is the model's. One with rules
      also reads `pin` and `boost` `(batch, any)` strings with `boost_factor` `(batch, any)`. Scores
      that are logits of labels come with `probability`, here and in the next two.
    * `recommend_examples`: the same from serialized `tf.Example`s.
    * `recommend_explained`, for a model that reads histories and scores by a dot product: as
      `recommend`, plus `reason_item` `(batch, k, 3)`, items of the history, and `reason`, the score
      lost when that item is removed. A model with content adds `from_behavior` and `from_content`
      `(batch, k)`, which sum to the score. A model that reads texts by convolutions adds `word`
      `(batch, k, 3)`, `word_feature`, the feature of each word, and `word_reason`, its
      contribution. Padding is "" and 0. Each history costs as many queries as the longest history
      of the request has items.
    * `search`, for a model whose vectors read texts: `search_text` `(batch,)`, query inputs,
      `exclude`, `allow` and `k` -> `item`, `score` `(batch, k)`, `by_words` and `known_words`
      `(batch,)`, and `unknown_word` `(batch, 6)`, words that no item has; see
      `Recommender.search`.
    * `profile`, for a model that keeps item features: `user`, `history`, `item_weight` and, where
      the model reads it, `timestamp` -> `feature`, `value`, `weight`, `items` `(batch, any)`, 10
      places a feature; see `Recommender.profile`.
    * `score`: query inputs and `item` `(batch,)` -> `score` `(batch,)`, and for a ranker what each
      task predicts `(batch,)`, by its name.
    * `similar_items`: `item` `(batch,)`, `exclude`, `allow` and `k` -> `item`, `score`
      `(batch, k)`: cosines of the item vectors, if the model has item vectors.
    * `embed_user`: query inputs -> `vector` `(batch, dim)`. Of a `Blend` there is one for each part
      whose score is a dot product, such as `embed_user_SASRec`, and so for `embed_items`.
    * `embed_items`: `item` `(batch,)` and the raw features (text and category `(batch,)` strings,
      categories `(batch, any)` strings, number `(batch,)`, vector `(batch, width)` floats, time
      `(batch,)` int64 Unix seconds, 0 if missing) -> `vector` `(batch, dim)`. A known item is
      encoded from the catalogue, any other item from the given features, so a new item can be
      added to an index.

    All ids are strings. "" is padding and may stand anywhere; unknown ids are skipped. Every input
    except `item` and raw features has a default, which TF Serving fills in over gRPC. A known user
    without a history is answered from the history stored in the export.

    `assets.extra/` holds the metadata (`kerasrec.json`), ids and titles, 200 requests with Python's
    answers (see `kerasrec.savedmodel.verify`) and warm-up requests for TF Serving.

    An export computes in float32, even if the model was trained in half precision. The expected
    answers then come from the model in float32.

    Args:
        model: An adapted `Recommender`.
        directory: Folder to create. TF Serving expects a number below the model's name: `hybrid/1`.
        k: Maximum number of items in an answer, at most the number of items; None for 100, or for
            all items if there are fewer.
        index: Search method of a model whose score is a dot product: "exact", or "ivf", which
            scans a part of the catalogue and may miss a few of the best items. Of a `Blend` "ivf"
            scores the candidates of its parts, see `BlendIndex`.
        recall: Share of the best `k` that "ivf" must find, measured on the model's own queries.
        storage: "float32" or "bfloat16" item vectors.
        histories: Store the history of each known user in the export, to exclude its items from
            the answers and to answer requests without a history.
        run: JSON values that say where the model comes from, for `kerasrec.json`.

    Returns:
        A dict with `k`, the number of `requests` compared, the largest numeric `difference`,
        `signatures`, the same for each signature, and `foreign`, the reasons why the export does
        not run without `trust`; empty for a zoo model.

    Raises:
        InputError: if the folder exists, k is below 1, the disk is full, the model has no vectors
            to search or `recall` is not reached.
        RuntimeError: if Python and the reloaded export differ by more than 1e-5. No files remain
            then.

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
        with _without_cudnn(model):
            search_index = _make_index(model, index, recall, storage, k)
            graph = ServingGraph(model, k, search_index, histories)
            _write_graph(graph, partial)
        (partial / EXTRA_FOLDER).mkdir()
        _write_expected(model, graph, partial)
        write_metadata(model, graph, partial, run)
        # The model already runs in this process, so its user trusts its operations.
        report = verify(partial, trust=True)
        foreign = foreign_operations(partial)
        if report["problems"]:
            problems = "; ".join(report["problems"])
            raise RuntimeError(f"the export gives other answers than Python: {problems}")
    differences = [row["difference"] for row in report["signatures"].values()]
    return {
        "k": k,
        "requests": REQUESTS,
        "difference": max(differences),
        "signatures": report["signatures"],
        "foreign": foreign,
    }


def _make_index(model, kind, recall, storage, k):
    if kind not in INDEXES:
        raise InputError(f"index must be one of {', '.join(INDEXES)}: got {kind!r}")
    if isinstance(model, Blend) and kind != INDEXES[0]:
        if storage != "float32":
            raise InputError("storage: the vectors of a Blend's parts are float32: leave it out")
        inputs, seen = _index_queries(model)
        return BlendIndex.build(model, model.encode_queries(inputs), seen, recall, k)
    if not model.searchable:
        if (kind, storage) != (INDEXES[0], "float32"):
            raise InputError(
                f"the score of {type(model).__name__} is not a dot product: it has no vectors to "
                f"search, so leave out index and storage"
            )
        return None
    vectors = np.asarray(model.encode_catalog())
    if kind == "exact":
        return ExactIndex(vectors, storage)
    queries = model.encode_queries(_index_queries(model)[0])
    pool = model.pool_size(k)
    return IVFIndex.build(vectors, queries, recall=recall, k=pool, storage=storage)


def _index_queries(model):
    """Inputs of some users' queries, and their histories `(n, any)`."""
    users = np.arange(FIRST, model.schema.num_users)
    random = np.random.default_rng(0)
    users = random.permutation(users)[:NUM_INDEX_QUERIES]
    past = model.histories.take(users)
    inputs = past.inputs(model.query_inputs, model.schema.history_length)
    inputs = {"user": users.astype("int32"), **inputs}
    for name, encoder in model.context.items():
        if name in model.query_inputs:
            values = draw_values(encoder, random, len(users), stranger="")
            inputs[name] = encoder.encode(list(values))
    return inputs, past.padded()


def _write_graph(graph, folder):
    try:
        graph.write(folder)
        remove_saving(folder)
    except tf.errors.OpError as error:
        # TensorFlow's writer does not raise OSError for a full disk and the like.
        reason = str(error).splitlines()[0].rpartition("; ")[2].partition(" [Op:")[0]
        raise OSError(errno.EIO, reason) from error


def _write_expected(model, graph, folder):
    """Writes requests with Python's answers, and warm-up requests."""
    recommend_inputs = graph.signatures["recommend"][1]
    request = make_requests(model, graph.inputs(), graph.k)
    expected = Expected(model, graph, request)
    answers = {
        f"answer/{signature}/{output}": value
        for signature, outputs in expected.answers().items()
        for output, value in outputs.items()
    }
    if expected.unsure is not None:
        answers["unsure/search"] = expected.unsure
    if (twins := expected.twins()) is not None:
        answers |= {"twins": twins, "items": model.items.vocabulary.lookup(np.arange(len(twins)))}
    examples = serialized_examples(request, recommend_inputs)
    columns = {"num_items": np.array([model.schema.num_items])}
    for name, column in {**request, EXAMPLES: examples}.items():
        if isinstance(column.flat[0], bytes):
            texts = [base64.b64encode(one).decode() for one in column]
            columns[f"base64/{name}"] = np.array(texts, dtype=object)
        else:
            columns[f"request/{name}"] = column
    write_arrays(folder / EXPECTED, {**columns, **answers})
    inputs = {name: list(inputs) for name, (_, inputs) in graph.signatures.items()}
    write_warm_up(folder, inputs, {**request, EXAMPLES: examples})


@contextlib.contextmanager
def _without_cudnn(model):
    """Switches off cuDNN kernels: a graph traced with them on a GPU does not run on a CPU."""
    layers = [layer for layer in model.query_model._flatten_layers() if hasattr(layer, "use_cudnn")]
    before = [layer.use_cudnn for layer in layers]
    for layer in layers:
        layer.use_cudnn = False
    try:
        yield
    finally:
        for layer, value in zip(layers, before, strict=True):
            layer.use_cudnn = value
