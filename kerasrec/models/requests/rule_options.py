"""What a request wishes of a model with rules: items that are pinned and boosted."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.id_list import id_factors, id_list


def rule_options(model, request, pin, boost):
    """The arguments of `Reranked.rank_catalog` that a request gives, for one query.

    Args:
        model: A `Recommender`.
        request: Its `Request`, which notes unknown ids.
        pin: List of item ids; None or empty for none.
        boost: Dict of item ids to factors; None or empty for none.

    Returns:
        Dict of `pin`, `boost` (item rows) and `boost_factor` (float32), each `(any,)`, of what is
        given.

    Raises:
        InputError: for a model without rules, a value that is no list or no dict, or a factor that
            is no number above 0.
    """
    pins = [] if pin is None else id_list(pin, "pin")
    boosts = {} if boost is None else id_factors(boost, "boost")
    check_rules(model, pins, boosts)
    found = {}
    if pins:
        found["pin"] = request.item_rows(pins, "pin item")
    if boosts:
        found["boost"] = request.item_rows(list(boosts), "boost item")
        found["boost_factor"] = np.array(list(boosts.values()), "float32")
    return found


def check_rules(model, pin, boost):
    """Refuses pins and boosts for a model without rules."""
    if (pin or boost) and model.rules is None:
        raise InputError(
            f"{type(model).__name__} has no rules, so a request cannot pin or boost items: wrap it "
            "in kerasrec.models.Reranked(model, {})"
        )
