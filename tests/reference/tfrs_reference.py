"""What TensorFlow Recommenders says: run as `python tfrs_reference.py in.npz out.npz`.

TFRS needs Keras 2, so this runs in a process of its own, with TF_USE_LEGACY_KERAS=1.

In: `queries` `(n, dim)`, the observed `candidates` `(n, dim)` with their `ids` `(n,)` and sampling
`probabilities` `(n,)`, the `catalog` `(items, dim)`, and `ks`.

Out: `loss_{remove accidental hits}_{correct the sampling}` of the retrieval task, summed over the
batch as TFRS does, and `top_{k}`, the top-k accuracies over the catalog.
"""

import sys

import numpy as np
import tensorflow as tf


def losses(tfrs, given):
    """The retrieval task with and without accidental hits and sampling correction."""
    queries, candidates = tf.constant(given["queries"]), tf.constant(given["candidates"])
    ids, probabilities = tf.constant(given["ids"]), tf.constant(given["probabilities"])
    for remove in (False, True):
        for correct in (False, True):
            task = tfrs.tasks.Retrieval(temperature=1.0, remove_accidental_hits=remove)
            loss = task(
                queries,
                candidates,
                candidate_ids=ids,
                candidate_sampling_probability=probabilities if correct else None,
                compute_metrics=False,
            )
            yield f"loss_{remove}_{correct}", loss.numpy()


def top_k(tfrs, given):
    """Share of queries whose observed candidate is among the best k of the catalog."""
    ks = [int(k) for k in given["ks"]]
    catalog = tf.data.Dataset.from_tensor_slices(given["catalog"]).batch(16)
    metric = tfrs.metrics.FactorizedTopK(catalog, ks=ks)
    metric.update_state(tf.constant(given["queries"]), tf.constant(given["candidates"]))
    for k, value in zip(ks, metric.result(), strict=True):
        yield f"top_{k}", value.numpy()


if __name__ == "__main__":
    # Here, because it fails beside Keras 3, where this file may be read but not run.
    import tensorflow_recommenders

    with np.load(sys.argv[1]) as arrays:
        data = dict(arrays)
    results = [*losses(tensorflow_recommenders, data), *top_k(tensorflow_recommenders, data)]
    np.savez(sys.argv[2], **dict(results))
