"""The `data:` and `split:` of a ranker's config as an `ImpressionSplit`."""

import dataclasses

import numpy as np

from kerasrec.config.first_line import first_line
from kerasrec.data import Impressions, datasets, drawn_impressions
from kerasrec.data.impression_split import IMPRESSION_PROTOCOLS
from kerasrec.data.retriever_scores import RETRIEVER_SCORE, with_retriever_scores
from kerasrec.data.sql_table import read_sql
from kerasrec.errors import InputError
from kerasrec.training.feature_table import feature_table, features_of
from kerasrec.training.read_data import read_data
from kerasrec.training.runs.find_start import start_catalogs
from kerasrec.training.stored_impressions import is_stored, read_stored


def read_impression_split(config, retriever=None, model=None, start=None):
    """The impressions of a config and their split.

    Args:
        config: `RunConfig` whose data is impressions.
        retriever: The first stage of a `TwoStage`: its rows are kept, and its scores are added.
        model: A fitted `Ranker` of the config, whose rows and encoders are kept.
        start: Checkpoint folder of `init_from`, whose rows and encoders are continued.

    Returns:
        `(Impressions, ImpressionSplit)`.

    Raises:
        InputError: for anything wrong in the data, or arguments that the split cannot use.
    """
    base = start_catalogs(start)
    if known := model or retriever:
        context = {name: one for name, one in known.context.items() if name in known.query_inputs}
        base = known.users, known.items, known.behaviors, context
    data = read_impressions(config.data, base)
    if retriever is not None:
        encoder = model and model.context.get(RETRIEVER_SCORE)
        data = with_retriever_scores(data, retriever, encoder)
    if config.train.inverse_propensity:
        data = weighted_by_propensity(data)
    protocol, arguments = config.split.protocol, config.split.arguments
    try:
        return data, IMPRESSION_PROTOCOLS[protocol](data, **arguments)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(
            f"split: {protocol} does not take {arguments}: {first_line(error)}"
        ) from error


def read_impressions(node, base=None):
    """Reads the impressions that a `DataNode` names, with the histories of `data.path`."""
    catalogs, encoders = (base[:2], base[3]) if base else (None, {})
    encoders = {name: one for name, one in encoders.items() if name in node.context}
    if node.impressions is None:
        return datasets.load(node.name, base=catalogs, **node.options)
    past, tables = None, {}
    if node.path is not None or node.sql is not None:
        # The features of requests are columns of the impressions, where there is a table of them.
        drawn = node.impressions.negatives is not None
        context = {"context": node.context if drawn else {}}
        table = node.model_copy(update={"impressions": None, **context})
        past = read_data(table, base and (*base[:3], encoders if drawn else {}))
    else:
        tables = feature_table(node.items, "item") | feature_table(node.users, "user")
    shown = node.impressions
    if shown.negatives is not None:
        return drawn_impressions(past, shown.negatives)
    labels = {
        name: {
            "kind": one.kind,
            "column": name if one.column is None else one.column,
            "values": one.values,
        }
        for name, one in node.labels.items()
    }
    columns = {"labels": labels or None, "context": features_of(node.context)}
    columns |= {"columns": shown.columns, "separator": shown.separator}
    crosses = {name: one.model_dump(exclude_none=True) for name, one in node.crosses.items()}
    more = {"crosses": crosses, "past": past, "base": catalogs, "encoders": encoders, **tables}
    more |= {"name": node.label, "negative_rate": shown.negative_rate}
    if is_stored(node, columns):
        return read_stored(node, columns).impressions(**more)
    return Impressions.from_frame(
        read_sql(shown.sql) if shown.path is None else shown.path,
        on_error=node.on_error,
        where="the result of the query" if shown.path is None else shown.path,
        **columns,
        **more,
    )


def weighted_by_propensity(data):
    """The impressions with weights 1 / propensity, whose mean is 1.

    A row that was unlikely to be shown stands for those that were not: the weighted rows are as if
    everything had been shown equally often.

    Raises:
        InputError: without propensities.
    """
    if data.propensity is None:
        raise InputError(
            f"train.inverse_propensity needs the propensity of each row and {data.name!r} has "
            "none: map a column to propensity"
        )
    weight = 1.0 / data.propensity.astype("float64")
    if data.weight is not None:
        weight = weight * data.weight
    return dataclasses.replace(data, weight=(weight / np.mean(weight)).astype("float32"))
