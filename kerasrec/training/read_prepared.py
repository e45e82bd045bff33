"""The `data:` and `split:` of a config where the table stays on disk."""

import hashlib
import json
import pathlib
import sys
import time
from itertools import chain

from kerasrec.data.clean_rows import COLUMNS
from kerasrec.data.event_context import columns_of
from kerasrec.data.ids import read_ids
from kerasrec.data.parquet_parts import ParquetParts, fits_into_memory
from kerasrec.data.read_interactions import Side, report_catalog
from kerasrec.data.table_files import is_parquet
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.out_of_core import Prepared, SqlQuery, prepare
from kerasrec.tables.memory import GIB, free_memory
from kerasrec.training.feature_table import feature_table, features_of

ROOT = "runs/prepared"
QUIET_SECONDS = 2.0  # what takes no longer needs no progress
IDS = ("user", "item", "behavior")


def is_out_of_core(node):
    """Whether the table of a `DataNode` is prepared on disk instead of read into memory."""
    if node.is_prepared:
        return True
    if node.out_of_core != "auto":
        return node.out_of_core == "always"
    if node.path is None or not is_parquet(pathlib.Path(node.path)):
        return False
    names = {key: key for key in COLUMNS} | node.columns
    columns = [*names.values(), *chain(*columns_of(features_of(node.context)).values())]
    return not fits_into_memory(node.path, columns, [names[key] for key in IDS])


def read_prepared(config, base=None):
    """Prepares the table of a config on disk, where that is not done already.

    Args:
        config: `RunConfig`.
        base: `(users, items, behaviors, context)` of an earlier model, as for `read_data`.

    Returns:
        `(StoredInteractions, Split)`: all interactions, and the parts, whose columns are files.

    Raises:
        InputError: for anything wrong in the data, as from `prepare`, and for what only memory can
            do.
    """
    node = config.data
    if node.is_prepared:
        return _read_ready(config, base)
    if node.context:
        raise InputError(
            f"{node.path}: the table does not fit into memory, and one on disk keeps no features "
            "of requests: leave data.context out, or set data.out_of_core to never"
        )
    if node.on_error != "raise":
        raise InputError(
            "data.on_error: drop reads the table into memory, and data.out_of_core leaves it on "
            "disk, where no bad row is left out: leave on_error out, or set out_of_core to never"
        )
    if node.path is not None and not is_parquet(pathlib.Path(node.path)):
        raise InputError(
            f"data.out_of_core: {node.path} is not Parquet: give, instead of data.path, data.sql: "
            f"select * from read_csv('{node.path}')"
        )
    sides = {kind: _side(node, kind, base) for kind in ("user", "item")}
    for kind, side in sides.items():
        _check_table(node, kind, side)
    known = {f"{kind}s": side.known_ids() for kind, side in sides.items()}
    known["behaviors"] = base[2].ids.tolist() if base and base[2] else ()
    folder = prepared_folder(config)
    try:
        prepared = prepare(
            SqlQuery(node.sql) if node.sql is not None else node.path,
            folder,
            node.columns,
            split={"protocol": config.split.protocol, **config.split.arguments},
            clean={name: value for name, value in node.clean.model_dump().items() if value},
            **known,
            memory=max(1.0, min(4.0, free_memory() / GIB / 2)),
            progress=progress_lines(folder),
        )
    except InputError as error:
        raise InputError(f"data.out_of_core: {error}") from error
    catalogs, absent = {}, {}
    for kind, side in sides.items():
        # Without ids that only the table of features has: `catalog` checks that some occur.
        given = prepared.all_counts(f"{kind}s") > 0
        given[len(known[f"{kind}s"]) :] = True
        ids = prepared.ids(kind)[given]
        catalogs[f"{kind}s"], absent[kind] = side.catalog(ids, _where(node, kind), "raise")
    prepared = Prepared(folder, **catalogs, name=node.label)
    data = prepared.interactions()
    for kind, count in absent.items():
        report_catalog(data.report, kind, catalogs[f"{kind}s"], count)
    return data, prepared.split()


def _where(node, kind):
    return f"{node.path or 'the result of the query'}, column {node.columns.get(kind, kind)!r}"


def _check_table(node, kind, side):
    """Refuses the wrong table of features before hours of preparing, where it can be seen.

    A row group is read at a time, mostly one. The result of a query is not there yet.
    """
    own = side.own_ids()
    if node.path is None or own is None or not len(own.ids):
        return
    column, parts, texts = node.columns.get(kind, kind), ParquetParts(node.path), []
    if column not in parts.header:
        return  # `prepare` says what is missing
    for part, sizes in enumerate(parts.sizes):
        for group in range(len(sizes)):
            _, texts, _ = read_ids(parts.frame(part, [column], group)[column])
            if (own.rows(texts) >= FIRST).any():
                return
    if len(texts):
        raise side.wrong_table(own.ids, texts[0], _where(node, kind))


def _read_ready(config, base):
    """The folder `data.prepared` as it is."""
    users, items, _ = base or (None, None, None)
    prepared = Prepared(config.data.prepared, users, items, config.data.label)
    if prepared.protocol != config.split.protocol:
        raise InputError(
            f"data.prepared: {prepared.folder} was split by {prepared.protocol!r}, and "
            f"split.protocol is {config.split.protocol!r}: give the one of the folder"
        )
    return prepared.interactions(), prepared.split()


def prepared_folder(config):
    """The folder of the prepared table: `data.prepared`, or one named after what is prepared."""
    node = config.data
    if node.prepared is not None:
        return pathlib.Path(node.prepared)
    whole = config.to_dict()
    about = {key: whole["data"][key] for key in ("sql", "columns", "clean")}
    about |= {"path": node.path and str(pathlib.Path(node.path).absolute())}
    about |= {"split": whole["split"]}
    text = json.dumps(about, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return pathlib.Path(ROOT) / f"{node.label}-{digest}"


def _side(node, kind, base):
    table = feature_table(getattr(node, f"{kind}s"), kind)
    return Side(
        kind,
        table.get(f"{kind}_frame"),
        table.get(f"{kind}_id", kind),
        table.get(f"{kind}_features"),
        table.get(f"{kind}_title"),
        base and base[0 if kind == "user" else 1],
    )


def progress_lines(folder):
    """Shows the steps of a preparation on stderr, once it takes a while."""
    began = time.monotonic()

    def show(line):
        if time.monotonic() - began > QUIET_SECONDS:
            print(f"preparing {folder}: {line}", file=sys.stderr, flush=True)

    return show
