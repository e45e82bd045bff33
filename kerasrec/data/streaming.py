"""Training from Parquet that is larger than memory."""

import numpy as np
import pandas as pd

from kerasrec.data.batches import Epochs, ending, finished, installed_tensorflow, weights
from kerasrec.data.catalog import Catalog
from kerasrec.data.histories import Histories
from kerasrec.data.parquet_parts import ParquetParts
from kerasrec.data.schema import Schema
from kerasrec.data.table import Table, only_one
from kerasrec.data.vocabulary import PADDING, Vocabulary
from kerasrec.errors import InputError

ROW = np.dtype([("user", np.int32), ("item", np.int32), ("value", np.float32)])
BLOCK = 16  # batches passed from Python to TensorFlow in one call


class Scan:
    """The result of one pass over the files: what `model.adapt` reads of `Interactions`.

    It keeps only ids, counts and the mean of the values. A model that reads neither features nor
    histories can be adapted to it. Histories are not in memory: `recommend(users)` cannot exclude
    items that the users have seen.

    Args:
        users, items: `Catalog`s without features, ids in order of first appearance.
        user_counts, item_counts: int64 by row, 0 for padding and unknown.
        mean_value: of the values; 1.0 without a value column.
        has_labels: whether all values are 0 or 1.
        behaviors: `Vocabulary` of the behaviors, or None.
        timed: whether the interactions have times.
    """

    def __init__(
        self,
        users,
        items,
        user_counts,
        item_counts,
        mean_value=1.0,
        has_labels=True,
        behaviors=None,
        timed=False,
    ):
        self.users = users
        self.items = items
        self.behaviors = behaviors
        self.timed = timed
        self.mean_value = mean_value
        self.has_labels = has_labels
        self._user_counts = user_counts
        self._item_counts = item_counts

    def schema(self, history_length=50):
        """The `Schema` from which a model is built."""
        return Schema(
            num_users=len(self.users),
            num_items=len(self.items),
            history_length=history_length,
            num_behaviors=0 if self.behaviors is None else len(self.behaviors),
            timed=self.timed,
        )

    def histories(self):
        """`Histories` by user row, all empty."""
        return Histories(np.zeros(len(self.users) + 1), [])

    def user_counts(self):
        """int64 (user rows,): rows of each user."""
        return self._user_counts

    def item_counts(self):
        """int64 (item rows,): rows with each item."""
        return self._item_counts


def scan_parquet(path, columns=None):
    """Read ids and values of a Parquet file, or of a folder of parts, row group by row group.

    Memory: the distinct ids and one decoded row group.

    Args:
        path: the file, or the folder; parts are taken in the order of their names, also those in
            folders named `column=value`, which is then a column of theirs.
        columns: `{"user": name, "item": name, "value": name}` where the names differ. Without a
            column for the value it is 1.

    Returns:
        A `Scan`.

    Raises:
        InputError: no such file, no row, no such column, parts that differ in their columns,
            values that are not ids or numbers, or fewer than two users or items.
    """
    source = _Source(path, columns)
    counts, total, labels = {"user": {}, "item": {}}, 0.0, True
    for part, group, first_row, _ in source.groups:
        table = source.table(part, group, first_row)
        for key, seen in counts.items():
            codes, texts = table.texts(key, source.columns[key])
            found = np.bincount(codes, minlength=len(texts)).tolist()
            for text, count in zip(texts, found, strict=True):
                seen[text] = seen.get(text, 0) + count
        values = source.values(table)
        total += float(np.sum(values, dtype="float64"))
        labels = labels and bool(np.isin(values, (0.0, 1.0)).all())
    for key, seen in counts.items():
        if len(seen) < 2:
            raise only_one(str(path), source.columns[key], key, next(iter(seen)))
    by_row = [np.array([0, 0, *seen.values()], dtype=np.int64) for seen in counts.values()]
    catalogs = [Catalog(Vocabulary(list(seen))) for seen in counts.values()]
    return Scan(*catalogs, *by_row, total / source.rows, labels)


def stream_batches(
    path,
    columns,
    users,
    items,
    *,
    batch_size=1024,
    buffer_rows=1_000_000,
    seed=0,
    first_epoch=0,
):
    """Pair batches, as of `batches`, from Parquet that need not fit in memory.

    An epoch reads the row groups of all parts in an order drawn from `(seed, epoch)` through a
    shuffle buffer, and gives every row exactly once. Epochs are counted, and the last batch is
    filled up with padding of weight 0, as in `batches`.

    Memory at the peak, with `R` the rows of the largest row group and `w` the bytes of a row in
    Arrow (of the two ids and the value; 8 for a number, 8 and its UTF-8 bytes for a text):

        12 bytes * (buffer_rows + R) + (200 bytes + 4 w) * R + 12 bytes * 64 * batch_size

    (the shuffle buffer, one row group being decoded, batches made ahead) and the two
    vocabularies, whatever the size of the table. `buffer_rows` is at least two batches.

    Args:
        path: a Parquet file, or a folder of parts.
        columns: `{"user": name, "item": name, "value": name}` where the names differ. Without a
            column for the value it is 1.
        users, items: `Vocabulary` of each side, such as `scan_parquet(path).users.vocabulary`; an
            id that is not in it becomes row 1, unknown.
        batch_size: `B`, over all replicas together; their number must divide it.
        buffer_rows: rows in the shuffle buffer.
        seed: of the shuffling.
        first_epoch: the epoch to start with.

    Returns:
        A `tf.data.Dataset` of `(x, y, sample_weight)`, `x = {"user": (B,), "item": (B,)}` int32,
        the others `(B,)` float32, its shapes static and its cardinality known.

    Raises:
        InputError: no such file, no row, no such column, parts that differ in their columns, or no
            TensorFlow. A missing id, or a value that is not a number, is found while iterating:
            TensorFlow then raises its own error with the message.
    """
    tf = installed_tensorflow()
    if tf is None:
        raise InputError(
            "stream_batches needs TensorFlow's tf.data, and TensorFlow is not installed: install "
            "it, or read the table whole and use batches"
        )
    for name, number in (("batch_size", batch_size), ("buffer_rows", buffer_rows)):
        if number < 1:
            raise InputError(f"{name}={number!r}: expected at least 1.")
    source = _Source(path, columns)
    epochs = Epochs(first_epoch)
    vocabularies = {"user": users, "item": items}

    def blocks():
        epoch = int(epochs.current())
        left = source.rows
        for rows in source.shuffled(vocabularies, (seed, epoch), buffer_rows, batch_size):
            left -= len(rows)
            if missing := -len(rows) % batch_size:
                rows = np.concatenate([rows, np.zeros(missing, ROW)])
            columns = (np.ascontiguousarray(rows[name]) for name in ROW.names)
            yield *columns, -1 if left else epoch

    def to_batches(user, item, value, epoch):
        steps = tf.size(user, tf.int64) // batch_size
        user, item, value = (tf.reshape(rows, (-1, batch_size)) for rows in (user, item, value))

        def batch(step):
            x = {"user": user[step], "item": item[step]}
            return x, value[step], weights(tf, user[step] > PADDING)

        return ending(tf, steps, batch, epochs, epoch)

    rows = [tf.TensorSpec((None,), ROW[name]) for name in ROW.names]
    dataset = tf.data.Dataset.from_generator(
        blocks, output_signature=(*rows, tf.TensorSpec((), tf.int64))
    )
    return finished(tf, dataset.flat_map(to_batches), -(-source.rows // batch_size), epochs)


class _Source:
    """The row groups of all parts: `groups` = (part, group, first row in its file, rows)."""

    def __init__(self, path, columns):
        self.parts = ParquetParts(path)
        header = Table(pd.DataFrame(), [(str(path), 0)], header=self.parts.header)
        self.columns = header.resolve(columns, ROW.names, needed=("user", "item"))
        self.parts.check(self.columns.values())
        self.groups = []
        for part, sizes in enumerate(self.parts.sizes):
            starts = np.cumsum([0, *sizes]).tolist()
            self.groups += [
                (part, group, starts[group], size) for group, size in enumerate(sizes) if size
            ]
        self.rows = sum(size for *_, size in self.groups)
        if not self.rows:
            raise InputError(f"{path}: no data rows.")

    def table(self, part, group, first_row):
        """One row group, decoded."""
        frame = self.parts.frame(part, self.columns.values(), group)
        parts = [(str(self.parts.files[part]), len(frame))]
        return Table(frame, parts, first_row, advice="Correct it: a stream leaves no row out.")

    def shuffled(self, vocabularies, seed, buffer_rows, batch_size):
        """Blocks of whole batches in random order; the last one may end with part of a batch."""
        random = np.random.default_rng(seed)
        buffer_rows = max(buffer_rows, 2 * batch_size)
        # The buffer is never larger than the table.
        largest = max(size for *_, size in self.groups)
        buffer = np.empty(min(buffer_rows + largest, self.rows), ROW)
        filled = 0
        for place in random.permutation(len(self.groups)):
            part, group, first_row, size = self.groups[place]
            self._decode(vocabularies, part, group, first_row, buffer[filled : filled + size])
            filled += size
            if filled < buffer_rows:
                continue
            # Half of the buffer is emitted; the other half is shuffled with the next rows.
            random.shuffle(buffer[:filled])
            while steps := min(BLOCK, (filled - buffer_rows // 2) // batch_size):
                filled -= steps * batch_size
                yield buffer[filled : filled + steps * batch_size]
        random.shuffle(buffer[:filled])
        for start in range(0, filled, BLOCK * batch_size):
            yield buffer[start : min(start + BLOCK * batch_size, filled)]

    def _decode(self, vocabularies, part, group, first_row, out):
        table = self.table(part, group, first_row)
        for key, vocabulary in vocabularies.items():
            codes, texts = table.texts(key, self.columns[key])
            out[key] = vocabulary.rows(texts)[codes]
        out["value"] = self.values(table)

    def values(self, table):
        """The values of one row group, ones without a value column."""
        if "value" not in self.columns:
            return np.ones(len(table.frame))
        return table.numbers("value", self.columns["value"])
