"""The `data:` and `split:` of a config as `Interactions` and a `Split`."""

import pathlib

from kerasrec.config.first_line import first_line
from kerasrec.data import Interactions, datasets
from kerasrec.data.splits import PROTOCOLS
from kerasrec.data.table_files import is_parquet
from kerasrec.errors import InputError
from kerasrec.training.feature_table import feature_table, features_of
from kerasrec.training.read_prepared import is_out_of_core, read_prepared


def read_split(config, base=None):
    """The data of a config and its split.

    Args:
        config: `RunConfig`.
        base: As for `read_data`.

    Returns:
        `(Interactions, Split)`; both are on disk where the config says so, see `read_prepared`.

    Raises:
        InputError: for anything wrong in the data, or arguments that the split cannot use.
    """
    if is_out_of_core(config.data):
        return read_prepared(config, base)
    data = read_data(config.data, base)
    protocol, arguments = config.split.protocol, config.split.arguments
    try:
        return data, PROTOCOLS[protocol](data, **arguments)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(
            f"split: {protocol} does not take {arguments}: {first_line(error)}"
        ) from error


def read_data(node, base=None):
    """Reads the data set that a config names, or the table that it describes.

    Args:
        node: `DataNode` of the config.
        base: `(users, items, behaviors, context)` of an earlier model, whose rows are kept: two
            `Catalog`s, a `Vocabulary` or None, and `FeatureEncoder`s by name.

    Returns:
        `Interactions`.

    Raises:
        InputError: for anything wrong in the data, with file, row and column.
    """
    base, behaviors, encoders = (base[:2], *base[2:]) if base else (None, None, {})
    if node.name is not None:
        return datasets.load(node.name, base=base, **node.options)
    arguments = {"columns": node.columns, "base": base, "name": node.label}
    arguments |= {"on_error": node.on_error, "behaviors": behaviors or ()}
    arguments["clean"] = node.clean.model_dump()
    arguments |= {"context": features_of(node.context), "encoders": encoders}
    arguments |= feature_table(node.items, "item") | feature_table(node.users, "user")
    if node.sql is not None:
        return Interactions.from_sql(node.sql, **arguments)
    path = pathlib.Path(node.path)
    if is_parquet(path):
        return Interactions.from_parquet(path, **arguments)
    return Interactions.from_csv(path, separator=node.separator, **arguments)
