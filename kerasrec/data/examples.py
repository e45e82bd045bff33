"""What one training example is: gathered from columns by the number of the example."""

import numpy as np

from kerasrec.data.query_spec import EXAMPLE_AGE, step_context


def index(largest):
    """0 .. largest-1 in the smallest type that TensorFlow gathers with."""
    return np.arange(largest, dtype=np.int32 if largest < 2**31 else np.int64)


def examples_of(arrays, data, inputs, steps, length, horizon):
    """What the functions below give, chosen as `batches` says; `data` has columns by name."""
    if steps in ("set", "item_set"):
        return sets(arrays, data, inputs, length, steps == "item_set")
    if "history" not in inputs:
        return pairs(arrays, data, inputs)
    if steps == "all":
        return windows(arrays, data, inputs, length, horizon)
    return last_steps(arrays, data, inputs, length)


# Each of the following gives the real places of each example, and a function from their numbers
# and the width of a batch to (x, y, which targets are real). The number after the last example is
# one of padding. `batches` says what is in them. `arrays` is TensorFlow, or `host_arrays`.


def pairs(arrays, data, inputs):
    # One table, so that an example is one read from memory instead of one for each column.
    count = len(data.user)
    context = _of_targets(arrays, data, inputs)
    inputs = [name for name in inputs if name not in context]
    table = np.zeros((count + 1, len(inputs) + 1), np.int32)
    for place, name in enumerate(inputs):
        table[:-1, place] = getattr(data, name)
    table[:-1, -1] = np.ascontiguousarray(data.value, np.float32).view(np.int32)
    table = arrays.constant(table)

    def gather(order, width):
        *x, value = arrays.unstack(arrays.gather(table, order), axis=1)
        y = arrays.bitcast(value, "float32")
        x = dict(zip(inputs, x, strict=True))
        x |= {name: arrays.gather(column, order) for name, column in context.items()}
        return x, y, order < count

    return np.ones(count, np.int32), gather


def _grouped(key, *columns):
    """Each key with its first position and length, and the columns by key, in time order within."""
    order = np.argsort(key, kind="stable")
    key, first, length = np.unique(key[order], return_index=True, return_counts=True)
    return key, first, length, *(column[order] for column in columns)


def _of_targets(arrays, data, inputs, by_user=False):
    """What is read of the interaction to predict, in the order of `_grouped`; then padding."""
    columns = {name: one for name, one in data.context.columns.items() if name in inputs}
    if EXAMPLE_AGE in inputs:
        columns[EXAMPLE_AGE] = _shares(data.timestamp.max() - data.timestamp)
    if by_user:
        columns = {name: _grouped(data.user, one)[-1] for name, one in columns.items()}
    return {
        name: arrays.constant(np.concatenate([column, np.zeros_like(column[:1])]))
        for name, column in columns.items()
    }


def _shares(seconds):
    """float32: as shares of the longest; zeros where all are 0."""
    return (seconds / max(1, seconds.max(initial=0))).astype(np.float32)


def _context(data, inputs):
    """The inputs of each step besides its item, flat as the columns of `_grouped`."""
    columns = {}
    for each in step_context(inputs):
        _, first, _, column = _grouped(data.user, getattr(data, each.source))
        columns[each.name] = each.values(column, first, len(column))
    return columns


def windows(arrays, data, inputs, length, horizon):
    user, first, items_of, items, values = _grouped(data.user, data.item, data.value)
    context = _context(data, inputs)
    transitions = items_of - 1
    windows_of = -(-transitions // length)
    owner = np.repeat(np.arange(len(user)), windows_of)
    # How many windows of the same user come after this one: windows are cut from the end.
    later = np.repeat(np.cumsum(windows_of), windows_of) - 1 - np.arange(len(owner))
    stop = transitions[owner] - later * length
    start = np.maximum(stop - length, 0)
    kind = index(len(items) + length).dtype
    start_at = arrays.constant(_with_padding(first[owner] + start, kind))
    real = arrays.constant(_with_padding(stop - start, kind))
    users = arrays.constant(_with_padding(user[owner], np.int32))
    ends = arrays.constant(_with_padding((first + items_of)[owner], kind))
    items, values = arrays.constant(items), arrays.constant(values)
    context = {name: arrays.constant(column) for name, column in context.items()}
    of_target = _of_targets(arrays, data, inputs, by_user=True)
    ahead = arrays.range(1, horizon + 1, dtype=start_at.dtype)

    def gather(order, width):
        steps = arrays.range(width, dtype=start_at.dtype)
        mask = steps < arrays.gather(real, order)[:, None]
        # Past a window's end any position will do: the mask hides what is read there.
        at = arrays.where(mask, arrays.gather(start_at, order)[:, None] + steps, 0)
        x = {"history": arrays.where(mask, arrays.gather(items, at), 0)}
        for name, column in context.items():
            x[name] = arrays.where(mask, arrays.gather(column, at), 0)
        if horizon == 1:
            target = at + 1
        else:
            target = at[..., None] + ahead
            mask = mask[..., None] & (target < arrays.gather(ends, order)[:, None, None])
        target = arrays.minimum(target, len(items) - 1)
        x["item"] = arrays.where(mask, arrays.gather(items, target), 0)
        for name, column in of_target.items():
            x[name] = arrays.where(mask, arrays.gather(column, target), 0)
        if "user" in inputs:
            x["user"] = arrays.gather(users, order)
        return x, arrays.where(mask, arrays.gather(values, target), 0.0), mask

    return stop - start, gather


def last_steps(arrays, data, inputs, length):
    user, first, items_of, items, values = _grouped(data.user, data.item, data.value)
    context = _context(data, inputs)
    offset = index(len(items)) - np.repeat(first, items_of)
    kind = index(len(items) + length).dtype
    target = np.flatnonzero(offset)
    lengths = np.minimum(offset[target], length)
    real = arrays.constant(_with_padding(lengths, kind))
    # Padding has its target behind the last interaction.
    target = arrays.constant(np.append(target, len(items)).astype(kind))
    users = np.repeat(user, items_of) if "user" in inputs else []
    users = arrays.constant(_with_padding(users, np.int32))
    items = arrays.constant(_with_padding(items, np.int32))
    values = arrays.constant(_with_padding(values, np.float32))
    context = {name: arrays.constant(column) for name, column in context.items()}
    of_target = _of_targets(arrays, data, inputs, by_user=True)

    def gather(order, width):
        at = arrays.gather(target, order)
        count = arrays.gather(real, order)
        steps = arrays.range(width, dtype=target.dtype)
        mask = steps < count[:, None]
        past_at = arrays.where(mask, (at - count)[:, None] + steps, 0)
        x = {
            "history": arrays.where(mask, arrays.gather(items, past_at), 0),
            "item": arrays.gather(items, at),
        }
        for name, column in context.items():
            x[name] = arrays.where(mask, arrays.gather(column, past_at), 0)
        x |= {name: arrays.gather(column, at) for name, column in of_target.items()}
        if "user" in inputs:
            x["user"] = arrays.gather(users, at)
        return x, arrays.gather(values, at), count > 0

    return lengths, gather


def sets(arrays, data, inputs, length, of_items):
    sides = (data.item, data.user) if of_items else (data.user, data.item)
    owner, first, size, rows, values = _grouped(*sides, data.value)
    kind = index(len(rows) + length).dtype
    lengths = np.minimum(size, length)
    start = arrays.constant(_with_padding(first + size - lengths, kind))
    kept = arrays.constant(_with_padding(lengths, kind))
    owners = arrays.constant(_with_padding(owner, np.int32))
    rows, values = arrays.constant(rows), arrays.constant(values)

    def gather(order, width):
        places = arrays.range(width, dtype=start.dtype)
        mask = places < arrays.gather(kept, order)[:, None]
        at = arrays.where(mask, arrays.gather(start, order)[:, None] + places, 0)
        members, owner = (
            arrays.where(mask, arrays.gather(rows, at), 0),
            arrays.gather(owners, order),
        )
        x = {"item": owner, "user": members} if of_items else {"item": members}
        if "history" in inputs:
            x["history"] = members
        if "user" in inputs and not of_items:
            x["user"] = owner
        return x, arrays.where(mask, arrays.gather(values, at), 0.0), mask

    return lengths, gather


def _with_padding(column, dtype):
    return np.append(column, 0).astype(dtype)
