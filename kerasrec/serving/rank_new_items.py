"""Answers `recommend` with items that the export does not know."""

import numpy as np

from kerasrec.serving.merge_new_items import merge_new_items

LISTS = ("exclude", "allow", "history", "recent", "repeats")


def rank_new_items(version, name, inputs, timeout, new, share, request):
    """As `version.run(name, inputs, timeout)`, with new items by their dot product with the query.

    What the request excludes, does not allow, or has in its history is left out, as the graph does.

    Args:
        version: A `Version`.
        name, inputs, timeout: A signature that ranks, its inputs, and seconds.
        new: The `NewVectors` of the version.
        share, request: As for `merge_new_items`.
    """
    outputs = version.run(name, inputs, timeout)
    if not new.items:
        return outputs
    asked = version.signatures["embed_user"].inputs
    query = {one: x for one, x in inputs.items() if one in asked}
    vector = version.run("embed_user", query, timeout)["vector"]
    rows = len(outputs["item"])
    scores = np.broadcast_to(vector @ new.vectors.T, (rows, len(new.items))).copy()
    masks = version.about.get("repeats") == "mask"
    for row in range(rows):
        scores[row, _unwanted(inputs, row, new.places, masks)] = -np.inf
    k = inputs.get("k", version.signatures[name].inputs["k"].default)
    counts = np.broadcast_to(np.asarray(k).ravel(), rows)
    return merge_new_items(outputs, new.items, scores, counts, share, request)


def _unwanted(inputs, row, places, masks):
    """The places of the items that a row must not have."""
    given = {name: set(_row(inputs, name, row)) - {b""} for name in LISTS}
    unwanted, repeats = given["exclude"], given["repeats"]
    if repeats == {b"mask"} or (masks and not repeats):
        unwanted = unwanted | given["history"] | given["recent"]
    if given["allow"]:
        unwanted = unwanted | (places.keys() - given["allow"])
    return [places[item] for item in unwanted if item in places]


def _row(inputs, name, row):
    if name not in inputs:
        return []
    array = np.asarray(inputs[name], object)
    values = np.atleast_1d(array[row if len(array) > 1 else 0]).tolist()
    return [one.encode() if isinstance(one, str) else bytes(one) for one in values]
