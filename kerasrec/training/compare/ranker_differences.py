"""What rankers of a comparison differ by, on the same test rows."""

from kerasrec.evaluation.impressions import task_differences
from kerasrec.evaluation.impressions.evaluate_ranker import KINDS
from kerasrec.models import TwoStage
from kerasrec.models.checkpoints import checkpoint
from kerasrec.training.read_impression_split import read_impression_split


def ranker_differences(configs, folders, metrics):
    """The metrics of each ranker minus those of the first, with paired bootstrap intervals.

    Models err on the same hard requests, so the interval of a difference is narrower than those of
    the two models suggest: see `task_differences`. A task of kind rating has none.

    Args:
        configs: Dict of a name -> `RunConfig`.
        folders: Dict of a name -> `RunFolder`, finished, with the same test rows.
        metrics: Names of metrics, such as "click.auc".

    Returns:
        One dict for each ranker but the first: `name`, `minus` (the name of the first) and
        `metrics`, "click.auc" -> {"mean", "low", "high"}, None where it is not defined.
    """
    names = list(folders)
    if len(names) < 2:
        return []
    first, data = _predictions(configs[names[0]], folders[names[0]])
    found = []
    for name in names[1:]:
        theirs, _ = _predictions(configs[name], folders[name])
        differences = {}
        for task in data.tasks:
            if task.kind in KINDS:
                of_task = _of_task(task, data, theirs, first, metrics)
                differences |= {f"{task.name}.{key}": one for key, one in of_task.items()}
        shown = {metric: differences[metric] for metric in metrics if metric in differences}
        found.append({"name": name, "minus": names[0], "metrics": shown})
    return found


def _of_task(task, data, predictions, others, metrics):
    cutoffs = [metric.partition("@")[2] for metric in metrics if "@" in metric]
    binary = task.kind == "binary"
    ks = sorted(set(map(int, cutoffs))) if binary and data.request is not None else ()
    found, _ = task_differences(
        data.labels[task.name],
        predictions[task.name],
        others[task.name],
        KINDS[task.kind],
        requests=data.request,
        weights=data.row_weights(),
        ks=ks,
    )
    return found


def _predictions(config, folder):
    """What the ranker of a run predicts for the test part, by task; and the part."""
    retriever, ranker = None, checkpoint.load(folder.checkpoint, trust=config.model.trust)
    if isinstance(ranker, TwoStage):
        retriever, ranker = ranker.retriever, ranker.ranker
    test = read_impression_split(config, retriever, ranker)[1].test
    return ranker.predict_impressions(test), test
