"""Whether a model without dropout is free of it."""

import keras
import numpy as np
from keras import ops

from kerasrec.data.batches import batches

ROUNDING = 1e-5


def random_without_dropout(model, train, arguments):
    """Yields a sentence where two passes in training mode differ with every dropout argument 0.

    What a model samples by design (masks, latent variables, negatives) is drawn again the same.
    """
    if not model.trained or any(arguments[name] for name in arguments if "dropout" in name):
        return
    data = batches(
        train,
        model.train_inputs,
        steps=model.steps,
        batch_size=8,
        history_length=model.schema.history_length,
        horizon=model.horizon,
    )
    (inputs, *_) = next(iter(data))
    dropping = list(_dropping_layers(model))
    seeds = [seed for layer, seed in _seeds(model) if layer not in dropping]
    start = [np.array(seed.state) for seed in seeds]
    passes = []
    for _ in range(2):
        for seed, state in zip(seeds, start, strict=True):
            seed.state.assign(state)
        passes.append(ops.convert_to_numpy(model(inputs, training=True)))
    if np.abs(passes[0] - passes[1]).max() > ROUNDING:
        named = ", ".join(sorted(f"{layer.name} ({_rate(layer)})" for layer in dropping))
        yield (
            "with every dropout argument 0 two passes in training mode differ"
            + (f", by the rates of these layers: {named}" if named else "")
            + ": tie each rate to an argument"
        )


def _dropping_layers(model):
    return (layer for layer in model._flatten_layers() if _rate(layer))


def _rate(layer):
    """The largest rate of a layer, under whatever name."""
    own = [value for name, value in vars(layer).items() if name == "rate" or "dropout" in name]
    return max((value for value in own if isinstance(value, float)), default=0.0)


def _seeds(model):
    for layer in model._flatten_layers():
        for value in vars(layer).values():
            if isinstance(value, keras.random.SeedGenerator):
                yield layer, value
