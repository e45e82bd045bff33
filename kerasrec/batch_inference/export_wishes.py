"""Pins and boosts as inputs of an export."""

from kerasrec.errors import InputError


def export_wishes(path, signature, pin=(), boost=None):
    """The inputs of one row that pin and boost items; empty if nothing is.

    Args:
        path: Of the export, for the error message.
        signature: The signature that is asked.
        pin: Item ids.
        boost: Dict of item ids to factors.

    Raises:
        InputError: for an export of a model without rules.
    """
    found = {}
    if pin:
        found["pin"] = [list(pin)]
    if boost:
        found |= {"boost": [list(boost)], "boost_factor": [list(boost.values())]}
    if found.keys() - signature.inputs.keys():
        raise InputError(
            f"{path} has no rules, so a request cannot pin or boost items: export the model in "
            "kerasrec.models.Reranked, or with --rules"
        )
    return found
