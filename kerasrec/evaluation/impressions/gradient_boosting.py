"""The strongest simple baseline of rankers: boosted trees."""

import os

import numpy as np

from kerasrec.config.first_line import first_line
from kerasrec.data.impression_batches import folds
from kerasrec.errors import InputError
from kerasrec.evaluation.impressions.impression_columns import ImpressionColumns

OBJECTIVES = {"binary": "binary", "count": "poisson", "seconds": "poisson", "rating": "regression"}
# Rows of a matrix that is predicted from.
ROWS_AT_ONCE = 2**20


class GradientBoosting:
    """Boosted trees of LightGBM over the columns of `ImpressionColumns`, a model for each task.

    A random tenth of the train rows chooses the number of trees, so the validation and the test
    part are as new to it as they are to a ranker. Its threads are bounded, and its result does not
    depend on their number.

    It is a baseline: it is fitted again in each run and never saved. It reads no history and does
    not rank a catalog.

    Args:
        seed: Of the tenth, and of LightGBM.
        threads: At most so many, and not more than there are processors.

    Raises:
        InputError: where LightGBM is not installed.

    Reference:
        Ke et al., LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 2017.
    """

    TREES, PATIENCE = 1000, 30
    # Beyond it more rows add minutes and nearly no accuracy.
    MOST_ROWS = 2_000_000

    def __init__(self, seed=0, threads=4):
        self._lightgbm = import_lightgbm()
        self.seed = seed
        self.threads = min(threads, os.cpu_count() or 1)

    def adapt(self, train):
        """Fits the trees to `Impressions`."""
        self._columns = ImpressionColumns(train)
        random = np.random.default_rng(self.seed)
        chosen = random.permutation(len(train))[: self.MOST_ROWS]
        held_out = np.zeros(len(train), bool)
        held_out[chosen[: len(chosen) // 10]] = True
        used = np.sort(chosen)
        fold, held_out = folds(train)[used], held_out[used]
        train = train.select(used)
        matrix = self._columns.matrix(train, fold)
        self._models = {task.name: self._fit(task, train, matrix, held_out) for task in train.tasks}
        return self

    def predict_impressions(self, data):
        """Predictions `(n,)` by task."""
        found = {name: np.empty(len(data), "float32") for name in self._models}
        for start in range(0, len(data), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            matrix = self._columns.matrix(data.select(rows))
            for name, model in self._models.items():
                found[name][rows] = model.predict(matrix, num_threads=self.threads)
        return found

    def _fit(self, task, train, matrix, held_out):
        lightgbm, labels = self._lightgbm, train.labels[task.name]
        known, weights = ~np.isnan(labels), train.row_weights()

        def rows(mask, reference=None):
            mask = mask & known
            return lightgbm.Dataset(
                matrix[mask],
                labels[mask],
                weight=None if weights is None else weights[mask],
                feature_name=self._columns.names,
                categorical_feature=self._columns.categories,
                reference=reference,
            )

        options = {
            "objective": OBJECTIVES[task.kind],
            "learning_rate": 0.1,
            # Many rows support deep trees, which multiply columns; few are learned by heart.
            "num_leaves": int(np.clip(known.sum() // 1000, 7, 255)),
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.threads,
            "verbosity": -1,
        }
        data = rows(~held_out)
        callbacks, validation = [], []
        if (held_out & known).any():
            validation = [rows(held_out, data)]
            callbacks = [lightgbm.early_stopping(self.PATIENCE, verbose=False)]
        trees = self.TREES if validation else 100
        return lightgbm.train(options, data, trees, validation, callbacks=callbacks)


def import_lightgbm():
    """The module.

    Raises:
        InputError: where it is not installed, or lacks a library of the system, such as libgomp.
    """
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise InputError(
            f"GradientBoosting needs LightGBM, which cannot be imported ({first_line(error)}): "
            'pip install "kerasrec[lightgbm]"'
        ) from None
    return lightgbm
