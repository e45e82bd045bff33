"""The columns of impressions that a cross is made of."""

import dataclasses

from kerasrec.data.schema import Cross
from kerasrec.distinct import pair_counts
from kerasrec.errors import InputError


def cross_column(data, name):
    """The rows of a column `(n,)` int32, and how many rows it has.

    Args:
        data: `Impressions`, or anything with their columns, catalogs and encoders.
        name: See `Cross`.

    Raises:
        InputError: for a name that is no category of the data.
    """
    for side in ("user", "item"):
        catalog, rows = getattr(data, f"{side}s"), getattr(data, side)
        if name == side and len(catalog) > 2:
            return rows, len(catalog)
        feature = name.removeprefix(f"{side}_")
        if feature != name and feature in catalog.encoders:
            encoded = catalog.encoders[feature].feature
            if encoded.kind == "category":
                return catalog.columns[feature][rows], encoded.size
    if name in data.encoders and data.encoders[name].feature.kind == "category":
        return data.context[name], data.encoders[name].feature.size
    known = [side for side in ("user", "item") if len(getattr(data, f"{side}s")) > 2]
    for prefix, encoders in (
        ("", data.encoders), ("user_", data.users.encoders), ("item_", data.items.encoders)
    ):  # fmt: skip
        known += [prefix + key for key, one in encoders.items() if one.feature.kind == "category"]
    raise InputError(f"a cross needs categories, and there is none {name!r}: {', '.join(known)}.")


def read_cross(data, name, options):
    """The `Cross` of some options: its size is the number of pairs that occur in `data`.

    Args:
        data: `Impressions`.
        name: Of the cross.
        options: `columns`, and `min_count`, or `label` and `prior`.

    Raises:
        InputError: for unknown options, columns or labels.
    """
    unknown = set(options) - {"columns", "min_count", "label", "prior"}
    if unknown or not isinstance(options.get("columns"), list | tuple):
        raise InputError(
            f"Cross {name!r}: expected columns, a list, and min_count, or label and prior, got "
            f"{options!r}."
        )
    label = options.get("label")
    if label is not None and label not in data.labels:
        raise InputError(
            f"Cross {name!r}: there is no label {label!r}; there are {', '.join(data.labels)}."
        )
    made = Cross(name, **{**options, "size": 2})
    columns = [cross_column(data, column) for column in made.columns]
    if len(columns) == 1:
        return dataclasses.replace(made, size=columns[0][1])
    size = len(pair_counts(columns[0][0], columns[1][0])[0]) + 2
    return dataclasses.replace(made, size=size)
