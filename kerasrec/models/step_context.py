"""What a sequence model reads of a step besides its item, where the data has it."""

from kerasrec.data.query_spec import query_spec, step_context
from kerasrec.models.query_input import query_input

# The last one is open and begins after some nine months.
TIME_GAP_BUCKETS = 26


def context_inputs(schema):
    """Keras inputs `(batch, length)` by name: those of `step_context` that the data has."""
    return {each.name: query_input(each.name) for each in step_context(query_spec(schema))}


def context_sizes(schema):
    """The arguments of the `StepContext` that reads them."""
    return {
        "num_behaviors": schema.num_behaviors,
        "time_gap_buckets": TIME_GAP_BUCKETS if schema.timed else 0,
    }
