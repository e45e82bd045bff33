"""The evaluation that ends a run."""

import contextlib

from kerasrec.evaluation import evaluate
from kerasrec.evaluation.ratings import evaluate_predicted_values
from kerasrec.progress_bar import CountBar


def evaluate_run(model, split, config, part, progress=True, baselines=None):
    """Measures a model on a part, with the baselines of a config beside it.

    Args:
        model: An adapted `Recommender`.
        split: `Split`.
        config: `RunConfig`.
        part: "validation" or "test".
        progress: Show a bar on stderr.
        baselines: Adapted models; None to adapt those of the config.

    Returns:
        `(Evaluation, ratings)`: of the ranking, and of the predicted values, None for a model that
        predicts none.
    """
    with CountBar(f"ranking for {part}") if progress else contextlib.nullcontext() as bar:
        evaluation = evaluate(
            model,
            split,
            part=part,
            ks=config.evaluate.ks,
            baselines=config.evaluate.baselines if baselines is None else baselines,
            repeats=config.evaluate.repeats,
            users=config.evaluate.users,
            progress=bar,
        )
    ratings = evaluate_predicted_values(
        model, split, part, config.train.loss, users=config.evaluate.users
    )
    return evaluation, ratings
