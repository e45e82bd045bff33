"""Offline evaluation by ranking the whole catalogue."""

import time

import numpy as np

from kerasrec.data.chunks import chunks
from kerasrec.data.vocabulary import FIRST, PADDING, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.evaluation.baselines import BASELINES, adapted
from kerasrec.evaluation.draw_users import draw_users
from kerasrec.evaluation.evaluation import Evaluation
from kerasrec.evaluation.inputs import check_batch_size, check_model, query_inputs, within
from kerasrec.evaluation.leakage import leaked_pairs
from kerasrec.evaluation.lists import Lists
from kerasrec.evaluation.ratios import Ratios, check_resamples
from kerasrec.evaluation.rows import above_rows, group_rows, model_rows, names_of
from kerasrec.id_list import id_list
from kerasrec.models.requests.repeats import check_repeats
from kerasrec.whole_number import whole_number

DEFAULT_KS = (5, 10, 20)
# Scores of a batch (512 MiB): of more than 131,072 items fewer than 1,024 users are ranked at once.
SCORES = 2**27
_WIDTH = 64  # padded histories have a width that is a multiple of it


def evaluate(
    model,
    split,
    part="test",
    ks=None,
    baselines=BASELINES,
    batch_size=1024,
    seed=0,
    bootstrap=1000,
    progress=None,
    repeats=None,
    users=None,
):
    """Ranks the whole catalogue for every user of a part and measures the lists by the truths.

    A query is a user with interactions in the part, which are the truths; the history holds the
    user's known interactions before it. Items of the history are masked for every model, or for
    none: to unmask only those that occur again would reveal the truths. If masked, a truth that is
    in the history cannot be hit; it stays in the denominators, and the notes say how many there
    are. A truth that occurs several times counts once.

    Reported are the metrics of `kerasrec.metrics.RANKING`, coverage, novelty, popularity lift and,
    if the items have categories or vectors, diversity, at each k, as means over queries with 95 %
    bootstrap intervals over users. Groups: truth items without any training interaction are cold,
    with fewer than 10 warm, the others hot (truths of other groups are ignored, other items in the
    list are not); users without history are cold, with fewer than 10 known interactions warm, the
    others hot. Baselines are measured on the same queries and the same resamples.

    Of a `cold_items` split with `among="cold"` only the cold items of the part are ranked. Of a
    `sampled` split only the candidates of each query are, and there are only the ranking metrics,
    under names such as `sampled_ndcg@10`.

    Args:
        model: an adapted Recommender.
        split: a Split of data whose vocabularies are the model's, possibly grown since.
        part: "validation" (train is known) or "test" (train and validation are known).
        ks: cut-offs, each at most the number of items; None for 5, 10 and 20, cut to the number
            of items.
        baselines: names of models that need no training, adapted here to the train part, or
            adapted Recommenders, to measure beside the model; `()` for none.
        batch_size: users ranked at a time, at most; fewer for more than 131,072 items.
        seed: of the bootstrap, and of the users that are drawn.
        bootstrap: resamples, at least 2; 0 leaves the intervals out.
        progress: called with (users ranked, users to rank) over all models.
        repeats: "mask" for no model's list to hold an item of the history, "allow" for every
            item to be ranked; None for what `model.repeats` says.
        users: how many users to rank for, drawn at random with `seed`; the intervals then say how
            far the mean of all users may be. None for all, as where there are no more.

    Returns:
        An Evaluation.

    Raises:
        InputError: an invalid k, repeats, part, users or bootstrap, a model adapted to other users
            or items.
    """
    started = time.perf_counter()
    ks, cut = _cutoffs(ks, len(split.train.items.vocabulary) - FIRST)
    check_resamples(bootstrap)
    check_batch_size(batch_size)
    repeats = check_repeats(model.repeats if repeats is None else repeats)
    history_length = model.schema.history_length
    models = [model, *adapted(baselines, split, type(model), history_length)]
    for each in models:
        check_model(each, split.train)
    chosen, drawn = draw_users(split, part, users, seed)
    queries = split.queries(part, chosen)
    lists = Lists(split.train, queries)
    ratios = Ratios(len(queries.users))
    names, seconds, coverages, groups, tenths = names_of(models), [], {}, [], []
    for i, (name, each) in enumerate(zip(names, models, strict=True)):
        report = _reporter(progress, i * len(queries.users), len(models) * len(queries.users))
        rows, spent = _rank(each, queries, max(ks), batch_size, repeats == "mask", report)
        seconds.append(spent)
        coverages |= lists.add(ratios, name, rows, ks)
        if i:
            lists.add_above(ratios, names[0], name)
        groups += lists.add_groups(ratios, name, rows, ks)
        tenths += [] if lists.sampled else lists.deciles(name, rows, ks)
    metrics = ratios.intervals(bootstrap, seed) | coverages
    return Evaluation(
        rows=model_rows(metrics, names, seconds),
        groups=group_rows(metrics, groups),
        deciles=tenths,
        ks=ks,
        protocol=split.protocol,
        part=part,
        n_queries=len(queries.users),
        seconds={"total": time.perf_counter() - started, "ranking": sum(seconds)},
        notes=(*split.notes, *drawn, *lists.notes(repeats), *cut),
        repeats=repeats,
        leakage=leaked_pairs(model.trained_on, split, part),
        above=above_rows(metrics, names[1:]),
    )


def _rank(model, queries, k, batch_size, masks, report):
    """Item rows (queries, k), best first, 0 behind the end of a shorter list; and the seconds."""
    started = time.perf_counter()
    catalog = model.encode_catalog()
    num_items = model.schema.num_items
    rows = np.zeros((len(queries.users), k), dtype="int32")
    # histories of similar length share a batch, which needs little padding; long ones are few
    order = np.argsort(queries.history.lengths, kind="stable")
    batch_size = max(1, min(batch_size, SCORES // num_items))
    done = 0
    for part in chunks(_widths(queries, masks)[order], batch_size):
        batch = order[part]
        seen = seen_rows(queries.history.take(batch), num_items) if masks else None
        top, _ = model.top_k(
            query_inputs(model, queries, batch),
            k=min(k, num_items - FIRST),
            exclude=seen,
            allow=allowed_rows(queries, batch, num_items),
            catalog=catalog,
        )
        rows[batch, : np.shape(top)[1]] = top
        done += len(batch)
        report(done)
    return rows, time.perf_counter() - started


def _widths(queries, masks):
    """Item rows (queries,) that `seen_rows` and `allowed_rows` hold, the more of both."""
    widths = np.zeros(len(queries), "int64") if not masks else queries.history.lengths
    if queries.candidates is not None:
        widths = np.maximum(widths, queries.candidates.lengths)
    if queries.ranked is not None:
        widths = np.maximum(widths, len(queries.ranked))
    return widths


def seen_rows(history, num_items):
    """Item rows (queries, any) of the histories."""
    # few different widths, for a compiled top_k is traced again for each shape
    longest = max(1, int(history.lengths.max()))
    return within(history.padded(-(-longest // _WIDTH) * _WIDTH), num_items, PADDING)


def allowed_rows(queries, batch, num_items):
    """Item rows (queries, any) of the only items to rank, or None for all."""
    # An item unknown to the model becomes UNKNOWN: padding alone would allow all items.
    if queries.candidates is not None:
        return within(queries.candidates.take(batch).padded(), num_items, UNKNOWN)
    if queries.ranked is not None:
        return np.tile(within(queries.ranked, num_items, UNKNOWN), (len(batch), 1))
    return None


def _cutoffs(ks, num_items):
    """The cut-offs, and a note if the default ones were cut to the catalogue."""
    if ks is None:
        cut = tuple(sorted({min(k, num_items) for k in DEFAULT_KS}))
        note = f"The catalogue has {num_items} items: the cut-offs are {cut}, not {DEFAULT_KS}."
        return cut, (note,) if cut != DEFAULT_KS else ()
    ks = tuple(
        sorted({whole_number(k, "each of ks", 1) for k in id_list(ks, "ks", False, "numbers")})
    )
    if not ks or ks[-1] > num_items:
        raise InputError(
            f"ks must be between 1 and the catalogue's {num_items} items, received {ks}"
        )
    return ks, ()


def _reporter(progress, before, total):
    return (lambda done: progress(before + done, total)) if progress else (lambda done: None)
