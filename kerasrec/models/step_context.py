"""What a sequence model may read of a step besides the item, as far as the data says it."""

import keras

# The last one is open and begins after some nine months.
TIME_GAP_BUCKETS = 26
# What says that nothing is known of a step.
UNSAID = {"behavior": 0, "time_gap": -1.0}


def context_inputs(schema):
    """Keras inputs `(batch, length)` by name: `behavior` and `time_gap`, those that there are."""
    inputs = {}
    if schema.num_behaviors:
        inputs["behavior"] = keras.Input((None,), dtype="int32", name="behavior")
    if schema.timed:
        inputs["time_gap"] = keras.Input((None,), dtype="float32", name="time_gap")
    return inputs


def context_sizes(schema):
    """The arguments of the `StepContext` that reads them."""
    return {
        "num_behaviors": schema.num_behaviors,
        "time_gap_buckets": TIME_GAP_BUCKETS if schema.timed else 0,
    }
