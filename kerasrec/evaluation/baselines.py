"""What every table of results must contain."""

from kerasrec.config.model_class import find_model_class

BASELINES = ("Popularity", "ItemKNN")


def adapted(baselines, model, split):
    """The models of `baselines`: a name is built and adapted to the train part, a model is kept.

    A name that is the model's own class is left out.
    """
    models = []
    for baseline in baselines:
        if isinstance(baseline, str):
            baseline_class = find_model_class(baseline)
            if type(model) is baseline_class:
                continue
            baseline = baseline_class(split.train.schema(model.schema.history_length))
            baseline.adapt(split.train)
        models.append(baseline)
    return models
