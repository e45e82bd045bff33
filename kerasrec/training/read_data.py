"""A config's `data:` as `Interactions`."""

import pathlib

from kerasrec.data import Interactions, datasets
from kerasrec.data.table_files import is_parquet


def read_data(node, base=None):
    """Reads the data set that a config names, or the table that it describes.

    Args:
        node: `DataNode` of the config.
        base: `(users, items, behaviors)` of an earlier model, whose rows are kept: two `Catalog`s,
            and a `Vocabulary` or None.

    Returns:
        `Interactions`.

    Raises:
        InputError: for anything wrong in the data, with file, row and column.
    """
    base, behaviors = (base[:2], base[2]) if base else (None, None)
    if node.name is not None:
        return datasets.load(node.name, base=base, **node.options)
    path = pathlib.Path(node.path)
    arguments = {"columns": node.columns, "base": base, "name": path.name.partition(".")[0]}
    arguments |= {"on_error": node.on_error, "behaviors": behaviors or ()}
    if node.items is not None:
        arguments |= _table(node.items, "item")
        arguments["item_title"] = node.items.title
    if node.users is not None:
        arguments |= _table(node.users, "user")
    if is_parquet(path):
        return Interactions.from_parquet(path, **arguments)
    return Interactions.from_csv(path, separator=node.separator, **arguments)


def _table(node, kind):
    features = {
        name: {
            "kind": feature.kind,
            "column": name if feature.column is None else feature.column,
            **feature.arguments,
        }
        for name, feature in node.features.items()
    }
    return {f"{kind}_frame": node.path, f"{kind}_id": node.id or kind, f"{kind}_features": features}
