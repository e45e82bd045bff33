"""What an answer rests on, inside the served graph: items of the history, words of the texts."""

import tensorflow as tf

from kerasrec.data.query_spec import QUERY_INPUTS
from kerasrec.data.vocabulary import FIRST, PADDING
from kerasrec.models.requests.reasons import REASONS


def history_reasons(model, inputs, query, vectors, rows):
    """For each answer the items of the history without which its score would change most.

    Args:
        model: A searchable `Recommender` that reads a history.
        inputs: Its inputs for n queries.
        query: `(n, dim)`, their vectors.
        vectors: `(n, k, dim)`, those of the answers.
        rows: `(n, k)` answers; row 0 is none.

    Returns:
        Item rows and what each adds to the score, `(n, k, REASONS)`, the largest first; row 0 and
        0.0 where there are fewer. The queries are explained one by one, each by as many histories
        as the longest of them has items.
    """

    def of_one(one):
        history = one["history"]
        left = tf.where(history[:, None] == history, PADDING, history)
        # Padding is on the right, as of every history.
        order = tf.argsort(tf.cast(left == PADDING, tf.int32), axis=1, stable=True)
        without = {}
        for name in model.query_inputs:
            every = tf.repeat(one[name][None], tf.shape(left)[0], axis=0)
            if QUERY_INPUTS[name].per_step:
                every = tf.where(left == PADDING, tf.zeros_like(every), every)
                every = tf.gather(every, order, axis=1, batch_dims=1)
            without[name] = every
        lost = one["query"] - tf.cast(model.query_model(without), tf.float32)
        parts = tf.matmul(one["vectors"], lost, transpose_b=True)
        said = _first_of_each(history[None]) & (one["rows"] >= FIRST)[:, None]
        return _strongest(tf.where(said, parts, 0.0), history[None])

    shape = (None, REASONS)
    return tf.map_fn(
        of_one,
        {**inputs, "query": query, "rows": rows, "vectors": vectors},
        fn_output_signature=(tf.TensorSpec(shape, tf.int32), tf.TensorSpec(shape, tf.float32)),
        parallel_iterations=1,  # each holds as much as a whole batch of plain queries
    )


def word_reasons(model, query, rows, words):
    """For each answer the words of its texts that add most to its score.

    Args:
        model: A model with `content_directions` and an encoder that reads texts by convolutions.
        query, rows: As for `history_reasons`.
        words: Dict of text feature to the layer from token rows to words.

    Returns:
        Words, the features that hold them, and what each adds, `(n, k, REASONS)`, the largest
        first; "" and 0.0 where there are fewer.
    """
    flat = tf.reshape(rows, [-1])
    directions = model.content_directions(query, rows)
    directions = tf.reshape(directions, [-1, directions.shape[-1]])
    names, features, adds, stored = [], [], [], model.catalog(flat)
    for name, encoder in model.content_encoder.texts.items():
        tokens = stored[name]
        same = tf.cast(tokens[:, :, None] == tokens[:, None], tf.float32)
        # A word that stands there twice is said once, with the sum.
        sums = tf.matmul(same, encoder.contributions(tokens, directions)[..., None])[..., 0]
        said = _first_of_each(tokens) & (flat >= FIRST)[:, None]
        adds.append(tf.where(said, sums, 0.0))
        names.append(words[name](tokens))
        features.append(tf.fill(tf.shape(tokens), name))
    columns = (tf.concat(column, 1) for column in (adds, names, features))
    shape = [-1, tf.shape(rows)[1], REASONS]
    return tuple(tf.reshape(found, shape) for found in _strongest(*columns))


def _first_of_each(values):
    """`(n, length)` bools: real, and not further to the left as well."""
    same = values[:, :, None] == values[:, None]
    earlier = tf.range(tf.shape(values)[1])[:, None] > tf.range(tf.shape(values)[1])
    return (values != PADDING) & ~tf.reduce_any(same & earlier, axis=2)


def _strongest(parts, *values):
    """Each of the values where the parts are largest by their size, and these parts."""
    room = [[0, 0]] * (len(parts.shape) - 1) + [[0, REASONS]]
    padded = tf.pad(parts, room)
    _, places = tf.math.top_k(tf.abs(padded), REASONS)
    batch = len(parts.shape) - 1
    strongest = tf.gather(padded, places, batch_dims=batch)
    found = []
    for value in values:
        nothing = tf.zeros((), value.dtype)  # of strings ""
        value = tf.pad(tf.broadcast_to(value, tf.shape(parts)), room, constant_values=nothing)
        value = tf.gather(value, places, batch_dims=batch)
        found.append(tf.where(strongest != 0, value, nothing))
    return *found, strongest
