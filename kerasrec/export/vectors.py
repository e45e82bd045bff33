"""Writes item vectors for search outside the graph: a Parquet file and a faiss index."""

import importlib.util
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.replacing import replacing
from kerasrec.models.precision import in_float32

TABLE, INDEX = "items.parquet", "items.faiss"
# Rows of one Parquet row group: 64 MiB at 256 columns.
ROW_GROUP = 2**16


def export_vectors(model, directory):
    """Writes the vectors of all items for a vector database; queries come from `embed_user`.

    A score is the dot product of both vectors; biases are columns of both. There are two files:

    * `items.parquet`: `item`, the id, and `vector`, float32 of fixed size, in the model's order;
    * `items.faiss`, if faiss is installed: an exact inner product index of the same rows in the
      same order, from which any other faiss index can be built.

    Args:
        model: An adapted model whose score is a dot product.
        directory: Folder to create.

    Returns:
        The names of the files.

    Raises:
        InputError: if the folder exists, the score is not a dot product, the model is not adapted
            or the disk is full. No files remain then.

    Example:

    >>> import tempfile
    >>> from kerasrec.data import load
    >>> from kerasrec_zoo import MatrixFactorization
    >>> train = load("synthetic", users=50, items=100)
    >>> model = MatrixFactorization(train.schema(), dim=4)
    >>> model.adapt(train)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = export_vectors(model, pathlib.Path(folder) / "vectors")
    ...     pq.read_table(pathlib.Path(folder) / "vectors" / "items.parquet").column_names
    ['item', 'vector']
    """
    model.check_adapted("export_vectors")
    model.check_finite("export_vectors")
    directory = pathlib.Path(directory)
    if not model.searchable:
        raise InputError(
            f"the score of {type(model).__name__} is not a dot product: it has no vectors to search"
        )
    if directory.exists():
        raise InputError(f"{directory} exists already: write the vectors to a new folder")
    # In float32, as the served `embed_user` computes.
    catalog = np.asarray(in_float32(model).encode_catalog())
    vectors = np.ascontiguousarray(catalog[FIRST:], "float32")
    with replacing(directory) as partial:
        partial.mkdir()
        _write_table(model.items.vocabulary.ids, vectors, partial / TABLE)
        names = [TABLE]
        if importlib.util.find_spec("faiss"):
            _write_index(vectors, partial / INDEX)
            names.append(INDEX)
    return names


def _write_table(ids, vectors, path):
    vector = pa.list_(pa.float32(), vectors.shape[1])
    schema = pa.schema([("item", pa.string()), ("vector", vector)])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, max(1, len(vectors)), ROW_GROUP):
            part = slice(start, start + ROW_GROUP)
            flat = pa.array(vectors[part].ravel())
            column = pa.FixedSizeListArray.from_arrays(flat, type=vector)
            items = pa.array(list(ids[part]), pa.string())
            writer.write_table(pa.Table.from_arrays([items, column], schema=schema))


def _write_index(vectors, path):
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        # faiss raises RuntimeError for a full disk and the like.
        raise OSError(str(error).splitlines()[0]) from error
