"""The runs of a comparison of rankers."""

from kerasrec.errors import InputError
from kerasrec.training.make_ranker import ranker_start, read_retriever
from kerasrec.training.read_impression_split import read_impression_split
from kerasrec.training.run import run
from kerasrec.training.runs.data_fingerprint import changed, impressions_fingerprint


class RankerRuns:
    """Fits the rankers of a comparison; each reads the impressions as its own config says.

    What a `TwoStage` adds to them, and their weights, are a matter of its model and its training.
    """

    def __init__(self):
        self._first = None

    def reusable(self, runs, configs, note):
        """Those of a dict of run folders with the same training data."""
        same = {}
        for name, folder in runs.items():
            config = configs[name]
            start, retriever = ranker_start(config), read_retriever(config)
            _, split = read_impression_split(config, retriever, start=start)
            words = changed(folder.read_metrics()["given"], impressions_fingerprint(split, start))
            if words:
                note(f"{words} changed since {folder.path}, so {name} is fitted again")
            else:
                same[name] = self._checked(folder)
        return same

    def run(self, config, say, progress):
        """Fits a config; its finished run folder."""
        return self._checked(run(config, say=say, progress=progress)[0])

    def _checked(self, folder):
        queries = folder.read_metrics()["queries"]
        if self._first is None:
            self._first = folder.path, queries
        first, expected = self._first
        if queries != expected:
            raise InputError(
                f"{folder.path} has other test rows than {first}: only metrics on the same rows, "
                "with the same labels and weights, can be compared"
            )
        return folder
