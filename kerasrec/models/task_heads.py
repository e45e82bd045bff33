"""The last layer of a ranker, for each task."""

import keras


def task_heads(schema, x):
    """A logit for each task, by a layer of its own: `<w_k, x_k>`.

    There is no bias: `Ranker` adds one that starts at the mean of the labels.

    Args:
        schema: `Schema` with `tasks`.
        x: Vectors `(batch, width)`, or a list of these with one for each task.

    Returns:
        Dict of task to `(batch,)`.

    >>> from kerasrec.data.schema import Schema, Task
    >>> schema = Schema(num_users=9, num_items=7, tasks=(Task("click"), Task("purchase")))
    >>> {name: logit.shape for name, logit in task_heads(schema, keras.Input((4,))).items()}
    {'click': (None,), 'purchase': (None,)}
    """
    names = [task.name for task in schema.tasks]
    parts = x if isinstance(x, list | tuple) else [x] * len(names)
    return {
        name: keras.layers.Dense(1, use_bias=False, name=f"{name}_logit")(part)[:, 0]
        for name, part in zip(names, parts, strict=True)
    }
