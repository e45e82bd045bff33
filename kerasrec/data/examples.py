"""What one training example is: gathered from columns by the number of the example."""

import numpy as np


def index(largest):
    """0 .. largest-1 in the smallest type that TensorFlow gathers with."""
    return np.arange(largest, dtype=np.int32 if largest < 2**31 else np.int64)


# Each of the following gives the number of examples and a function from their numbers to
# (x, y, which targets are real). The number after the last example is one of padding.
# `batches` says what is in them.


def pairs(tf, data, inputs):
    # One table, so that an example is one read from memory instead of one for each column.
    table = np.zeros((len(data) + 1, len(inputs) + 1), np.int32)
    for place, name in enumerate(inputs):
        table[:-1, place] = getattr(data, name)
    table[:-1, -1] = np.ascontiguousarray(data.value, np.float32).view(np.int32)
    table = tf.constant(table)

    def gather(order):
        *x, value = tf.unstack(tf.gather(table, order), axis=1)
        y = tf.bitcast(value, tf.float32)
        return dict(zip(inputs, x, strict=True)), y, order < len(data)

    return len(data), gather


def _by_user(data):
    """Users with their items and values in time order: flat columns, each user's first position."""
    return _grouped(data.user, data.item, data.value)


def _grouped(key, rows, values):
    order = np.argsort(key, kind="stable")
    key, first, length = np.unique(key[order], return_index=True, return_counts=True)
    return key, first, length, rows[order], values[order]


def windows(tf, data, inputs, length):
    user, first, items_of, items, values = _by_user(data)
    transitions = items_of - 1
    windows_of = -(-transitions // length)
    owner = np.repeat(np.arange(len(user)), windows_of)
    # How many windows of the same user come after this one: windows are cut from the end.
    later = np.repeat(np.cumsum(windows_of), windows_of) - 1 - np.arange(len(owner))
    stop = transitions[owner] - later * length
    start = np.maximum(stop - length, 0)
    kind = index(len(items) + length).dtype
    start_at = tf.constant(_with_padding(first[owner] + start, kind))
    real = tf.constant(_with_padding(stop - start, kind))
    users = tf.constant(_with_padding(user[owner], np.int32))
    items, values = tf.constant(items), tf.constant(values)
    steps = tf.range(length, dtype=start_at.dtype)

    def gather(order):
        count = tf.gather(real, order)[:, None]
        mask = steps < count
        # Past a window's end any position will do: the mask hides what is read there.
        at = tf.where(mask, tf.gather(start_at, order)[:, None] + steps, 0)
        target = tf.minimum(at + 1, len(items) - 1)
        x = {
            "history": tf.where(mask, tf.gather(items, at), 0),
            "item": tf.where(mask, tf.gather(items, target), 0),
        }
        if "user" in inputs:
            x["user"] = tf.gather(users, order)
        return x, tf.where(mask, tf.gather(values, target), 0.0), mask

    return len(owner), gather


def last_steps(tf, data, inputs, length):
    user, first, items_of, items, values = _by_user(data)
    offset = index(len(items)) - np.repeat(first, items_of)
    kind = index(len(items) + length).dtype
    target = np.flatnonzero(offset)
    examples = len(target)
    real = tf.constant(_with_padding(np.minimum(offset[target], length), kind))
    # Padding has its target behind the last interaction.
    target = tf.constant(np.append(target, len(items)).astype(kind))
    users = np.repeat(user, items_of) if "user" in inputs else []
    users = tf.constant(_with_padding(users, np.int32))
    items = tf.constant(_with_padding(items, np.int32))
    values = tf.constant(_with_padding(values, np.float32))
    steps = tf.range(length, dtype=target.dtype)

    def gather(order):
        at = tf.gather(target, order)
        count = tf.gather(real, order)
        mask = steps < count[:, None]
        past = tf.where(mask, (at - count)[:, None] + steps, 0)
        x = {"history": tf.where(mask, tf.gather(items, past), 0), "item": tf.gather(items, at)}
        if "user" in inputs:
            x["user"] = tf.gather(users, at)
        return x, tf.gather(values, at), count > 0

    return examples, gather


def sets(tf, data, inputs, length, of_items):
    sides = (data.item, data.user) if of_items else (data.user, data.item)
    owner, first, size, rows, values = _grouped(*sides, data.value)
    kind = index(len(rows) + length).dtype
    kept = np.minimum(size, length)
    start = tf.constant(_with_padding(first + size - kept, kind))
    kept = tf.constant(_with_padding(kept, kind))
    owners = tf.constant(_with_padding(owner, np.int32))
    rows, values = tf.constant(rows), tf.constant(values)
    places = tf.range(length, dtype=start.dtype)

    def gather(order):
        mask = places < tf.gather(kept, order)[:, None]
        at = tf.where(mask, tf.gather(start, order)[:, None] + places, 0)
        members, owner = tf.where(mask, tf.gather(rows, at), 0), tf.gather(owners, order)
        x = {"item": owner, "user": members} if of_items else {"item": members}
        if "history" in inputs:
            x["history"] = members
        if "user" in inputs and not of_items:
            x["user"] = owner
        return x, tf.where(mask, tf.gather(values, at), 0.0), mask

    return len(owner), gather


def _with_padding(column, dtype):
    return np.append(column, 0).astype(dtype)
