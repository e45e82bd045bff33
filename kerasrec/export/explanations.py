"""Explains answers inside the served graph by items of the history and words of the texts."""

import tensorflow as tf

from kerasrec.data.query_spec import QUERY_INPUTS
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.models.requests.reasons import REASONS


def history_reasons(encode, inputs, query, vectors, rows):
    """Finds for each answer the history items whose removal changes its score most.

    Queries are explained one at a time. Each query takes one forward pass over as many histories
    as the longest history of the batch has items.

    Args:
        encode: Function from the inputs of a searchable `Recommender` that reads a history to its
            query vectors, float32.
        inputs: Model inputs of n queries.
        query: `(n, dim)` query vectors.
        vectors: `(n, k, dim)` item vectors of the answers.
        rows: `(n, k)` item rows of the answers; row 0 is padding.

    Returns:
        Item rows and contributions to the score, both `(n, k, REASONS)`, largest magnitude first;
        padded with row 0 and 0.0.
    """

    steps = {name for name, each in QUERY_INPUTS.items() if each.per_step}

    def explain(given):
        one, own, answered, of_items = given
        history = one["history"]
        left = tf.where(history[:, None] == history, PADDING, history)
        # Padding belongs on the right, as in every history.
        order = tf.argsort(tf.cast(left == PADDING, tf.int32), axis=1, stable=True)
        without = {}
        for name in inputs:
            column = tf.repeat(one[name][None], tf.shape(left)[0], axis=0)
            if name in steps:
                column = tf.where(left == PADDING, tf.zeros_like(column), column)
                column = tf.gather(column, order, axis=1, batch_dims=1)
            without[name] = column
        lost = own - encode(without)
        parts = tf.matmul(of_items, lost, transpose_b=True)
        valid = _first_occurrence(history[None]) & (answered >= FIRST)[:, None]
        return _largest(tf.where(valid, parts, 0.0), history[None])

    shape = (None, REASONS)
    return tf.map_fn(
        explain,
        (inputs, query, rows, vectors),
        fn_output_signature=(tf.TensorSpec(shape, tf.int32), tf.TensorSpec(shape, tf.float32)),
        parallel_iterations=1,  # one iteration needs the memory of a batch of plain queries
    )


def word_reasons(model, query, rows, words):
    """Finds for each answer the words of its texts that contribute most to its score.

    Args:
        model: A model with `content_directions` and an encoder that reads texts by convolutions.
        query, rows: As for `history_reasons`.
        words: Dict of text feature to the `IdLookup` of its tokens.

    Returns:
        Words, their features and their contributions, each `(n, k, REASONS)`, largest magnitude
        first; padded with "" and 0.0.
    """
    flat = tf.reshape(rows, [-1])
    directions = model.content_directions(query, rows)
    directions = tf.reshape(directions, [-1, directions.shape[-1]])
    names, features, contributions, stored = [], [], [], model.catalog(flat)
    for name, encoder in model.content_encoder.texts.items():
        tokens = stored[name]
        same = tf.cast(tokens[:, :, None] == tokens[:, None], tf.float32)
        # A repeated word is reported once, with the sum of its contributions.
        sums = tf.matmul(same, encoder.contributions(tokens, directions)[..., None])[..., 0]
        valid = _first_occurrence(tokens) & (flat >= FIRST)[:, None]
        contributions.append(tf.where(valid, sums, 0.0))
        names.append(words[name].ids(tokens))
        features.append(tf.fill(tf.shape(tokens), name))
    columns = (tf.concat(column, 1) for column in (contributions, names, features))
    shape = [-1, tf.shape(rows)[1], REASONS]
    return tuple(tf.reshape(column, shape) for column in _largest(*columns))


def _first_occurrence(values):
    """`(n, length)` bools: not padding, and the first of equal values in its row."""
    same = values[:, :, None] == values[:, None]
    earlier = tf.range(tf.shape(values)[1])[:, None] > tf.range(tf.shape(values)[1])
    return (values != PADDING) & ~tf.reduce_any(same & earlier, axis=2)


def _largest(parts, *values):
    """The values at the parts of largest magnitude, and those parts last."""
    padding = [[0, 0]] * (len(parts.shape) - 1) + [[0, REASONS]]
    padded = tf.pad(parts, padding)
    _, places = tf.math.top_k(tf.abs(padded), REASONS)
    batch = len(parts.shape) - 1
    largest = tf.gather(padded, places, batch_dims=batch)
    chosen = []
    for value in values:
        zero = tf.zeros((), value.dtype)  # "" for strings
        value = tf.pad(tf.broadcast_to(value, tf.shape(parts)), padding, constant_values=zero)
        value = tf.gather(value, places, batch_dims=batch)
        chosen.append(tf.where(largest != 0, value, zero))
    return *chosen, largest
