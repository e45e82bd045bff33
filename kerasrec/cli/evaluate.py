"""`kerasrec evaluate RUN`."""

from kerasrec.cli.heavy import import_keras
from kerasrec.cli.saved import find_checkpoint
from kerasrec.errors import InputError

NAME = "evaluate"
HELP = "measure a run's best checkpoint on the test part, baselines beside it"


def add_arguments(parser):
    parser.add_argument(
        "run_folder", metavar="RUN", help="run folder, such as runs/ml-1m-hybrid-..."
    )
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    parser.add_argument("--trust", action="store_true", help="allow a model class outside kerasrec")


def run(arguments, output):
    from kerasrec.config import load_config

    import_keras()
    from kerasrec.models import load
    from kerasrec.training import RunFolder
    from kerasrec.training.evaluate_run import evaluate_run
    from kerasrec.training.read_data import read_split
    from kerasrec.training.runs.data_fingerprint import interactions_hash

    folder = RunFolder(arguments.run_folder)
    checkpoint = find_checkpoint(folder.path)
    if not folder.config.exists():
        raise InputError(f"{folder.path} is not a run folder: it has no config.yaml")
    # Not read here; what the weights were started from need not exist any more.
    trust = ["model.trust=true"] if arguments.trust else []
    unread = ["init_from=null", "content_from=null", "freeze_content=false", "train.callbacks=[]"]
    config = load_config(folder.config, [*unread, *trust])
    if not config.split.holds_out:
        raise InputError(
            f"{folder.path} was trained on all interactions (split none), so none are left to "
            "evaluate on: evaluate a run of the same settings with another split, such as "
            f"kerasrec fit {folder.config} split.protocol=next-item"
        )
    model = load(checkpoint, trust=arguments.trust)
    if config.data.ranks:
        _evaluate_ranker(model, config, folder, arguments.part, output)
        return
    _, split = read_split(config, base=_base(model))
    _note_change(folder, "interactions", interactions_hash(split), output)
    evaluation, ratings = evaluate_run(
        model, split, config, arguments.part, progress=not output.as_json
    )
    output.table(evaluation.to_table())
    if ratings:
        output.table(ratings.to_table(shown_notes=evaluation.notes))
    output.result({**evaluation.to_dict(), "ratings": ratings and ratings.to_dict()})


def _base(loaded):
    return loaded.users, loaded.items, loaded.behaviors, loaded.context


def _evaluate_ranker(loaded, config, folder, part, output):
    from kerasrec.evaluation.impressions import evaluate_ranker
    from kerasrec.models import TwoStage
    from kerasrec.training.ranker_baselines import ranker_baselines
    from kerasrec.training.read_impression_split import read_impression_split
    from kerasrec.training.runs.data_fingerprint import impressions_fingerprint

    retriever, ranker = None, loaded
    if isinstance(loaded, TwoStage):
        retriever, ranker = loaded.retriever, loaded.ranker
    _, split = read_impression_split(config, retriever, ranker)
    _note_change(folder, "impressions", impressions_fingerprint(split)["interactions"], output)
    baselines = ranker_baselines(config.evaluate.baselines, split)
    evaluation = evaluate_ranker(ranker, split, part, baselines, config.evaluate.ks)
    output.table(evaluation.to_table())
    output.result(evaluation.to_dict())


def _note_change(folder, what, now, output):
    before = folder.read_data()
    if before is not None and before["interactions"] != now:
        output.note(
            f"The {what} are not those that {folder.path} was trained and tested on: they, or "
            "their order, have changed since."
        )
