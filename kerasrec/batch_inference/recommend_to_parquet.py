"""The best items of all users, or of many histories, as a Parquet file."""

import os

from kerasrec.batch_inference.answer_all import answer_all
from kerasrec.batch_inference.export_recommendations import ExportRecommendations
from kerasrec.batch_inference.history_file import HistoryFile
from kerasrec.batch_inference.id_file import IdFile
from kerasrec.batch_inference.id_queries import IdQueries
from kerasrec.batch_inference.model_recommendations import ModelRecommendations
from kerasrec.batch_inference.open_answers import open_answers
from kerasrec.batch_inference.options import read_options, text_ids
from kerasrec.batch_inference.parts_folder import check_output
from kerasrec.data.context_values import absent_notes
from kerasrec.errors import InputError
from kerasrec.id_list import id_list


def recommend_to_parquet(
    source,
    path,
    users=None,
    histories=None,
    k=None,
    exclude=None,
    allow=None,
    repeats=None,
    explain=False,
    overwrite=False,
    progress=None,
    trust=False,
    context=None,
    pin=None,
    boost=None,
    probabilities=False,
):
    """Writes the answers of `recommend` for all users to one Parquet file.

    Memory does not depend on the number of users. The work is done in parts, kept in the folder
    `<path>.parts` until the file is complete: after an interruption the same call continues behind
    the last part. Then the file appears at once, and the folder is removed.

    Args:
        source: An adapted `Recommender`, or the path of an export: a version, or the folder
            of a model's versions.
        path: The file to write, `.parquet`. Its columns: `user` (the id, or the number of the row
            in `histories`, from 0), `rank` (from 1), `item`, `score`; in the order of the users.
        users: List of user ids, or the path of a file with them: `.parquet`, `.csv` or `.tsv` with
            a column `user`, and with columns of features of the request if any; else one id a
            line. None for all users of the train part.
        histories: Path of a Parquet file with a column `history`, a list of item ids in time
            order; optional columns are `user`, and `behavior` and `timestamp`, lists of the same
            lengths, and features of the request. A row without items takes the stored history of
            its user.
        k: Items for each user; None for 10, or all of fewer.
        exclude, allow, repeats: As in `Recommender.recommend`.
        explain: Also write the columns `reasons` and, where the model has them, `from_behavior`,
            `from_content`, `words` and `attention`.
        overwrite: Replace the file, and parts of another request.
        progress: Called with `(users answered, users)`.
        trust: Allow an export with operations of its own.
        context: Features of the request by name, one value for all. A feature that is neither here
            nor a column of the file is missing. Numbers may be texts, as in a text file.
        pin, boost: As in `Recommender.recommend`, for a model with rules.
        probabilities: Also write the column `probability`, as in `Recommender.recommend`.

    Returns:
        A dict: `path`, `queries`, `rows`, `k`, `resumed` (users that an earlier call had answered)
        and `notes`, sentences on unknown ids and the like.

    Raises:
        InputError: as `Recommender.recommend`; if the file exists, its folder does not or is full,
            a file of ids has no id or no such column, or parts of another request are there.

    Example:

    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from kerasrec.data import load
    >>> from kerasrec_zoo import Popularity
    >>> train = load("synthetic", users=50, items=100)
    >>> model = Popularity(train.schema())
    >>> model.adapt(train)
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "best.parquet"
    >>> recommend_to_parquet(model, path, k=3)["rows"]
    150
    >>> list(pd.read_parquet(path))
    ['user', 'rank', 'item', 'score']
    """
    path = check_output(path, overwrite)
    options = read_options(k, exclude, allow, repeats, explain, context, pin, boost, probabilities)
    if users is not None and histories is not None:
        raise InputError("give users or histories: a file of histories has a column for the user")
    if users is not None and not isinstance(users, str | os.PathLike):
        users = text_ids(id_list(users, "users"))
    kinds = ModelRecommendations, ExportRecommendations
    with open_answers(source, options, *kinds, trust) as answers:
        if histories is not None:
            queries = HistoryFile(histories, answers.context)
            answers.check(queries.columns)
        else:
            answers.check(None)
            if isinstance(users, str | os.PathLike):
                users = IdFile(users, "user", answers.context)
            queries = IdQueries(answers.all_users() if users is None else users)
        answers.notes.extend(_context_notes(answers, queries, options))
        request = {"kind": "recommend", "repeats": answers.repeats, "explain": options.explain}
        request["probabilities"] = options.probabilities
        return answer_all(
            answers, queries, options, path, ("user", "item"), request, overwrite, progress
        )


def _context_notes(answers, queries, options):
    """A sentence on features that are not given, after a look for those given twice."""
    if twice := [name for name in queries.context if name in options.context]:
        raise InputError(
            f"context: {', '.join(twice)} of all, and a column of the file: give one of them"
        )
    return absent_notes([*queries.context, *options.context], answers.context)
