"""What answers the queries of all users or items: a model in Python, or an export."""

import contextlib
import os

from kerasrec.savedmodel.open_export import open_export
from kerasrec.savedmodel.versions import find_version


@contextlib.contextmanager
def open_answers(source, options, of_model, of_export, trust=False):
    """The answers of a source, closed at the end.

    Args:
        source: An adapted `Recommender`, or the path of an export: a version, or the folder
            of a model's versions.
        options: `Options` of the request.
        of_model: Class of the answers of a model, such as `ModelRecommendations`.
        of_export: That of the answers of an export, such as `ExportRecommendations`.
        trust: Allow an export with operations of its own.

    Raises:
        InputError: there is no such export, or what the class refuses.
    """
    if not isinstance(source, str | os.PathLike):
        yield of_model(source, options)
        return
    folder = find_version(source)
    loaded, about = open_export(folder, trust)
    with loaded:
        yield of_export(folder, loaded, about, options)
