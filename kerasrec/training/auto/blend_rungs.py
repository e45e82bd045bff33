"""Blends of the best rungs: the last of the ladder of `kerasrec auto`."""

import math

from kerasrec.errors import InputError
from kerasrec.evaluation import fit_blend
from kerasrec.models import Blend
from kerasrec.training.auto.rung import Rung
from kerasrec.training.auto.tried import Tried

# Parts of a blend, and how their scores are added.
MOST_PARTS = 4
HOWS = ("product", "sum")
# A part that is not so much better costs more than it gives.
LEAST_GAIN = 0.005
# A part with less than this share of the largest weight says nothing.
LEAST_WEIGHT = 0.001
# Parts whose metric is below such a share of the best one's are not looked at.
LEAST_SHARE = 0.2


def blend_rungs(ladder, seconds=math.inf):
    """Adds parts to the best rung while the metric of the validation part rises.

    Greedy, also from a blend that is the best: each part of another class is tried beside the
    chosen ones, and the best is kept if it raises the metric by half a percent. Of several rungs
    of a class only the best is a part. One that gets no weight is not added.

    The weights are fitted on the validation part too, which has thousands of users for a few
    numbers.

    Args:
        ladder: `Ladder`.
        seconds: That it may take, where others are to come.

    Returns:
        Whether a blend was left out since there was no time.
    """
    best = ladder.best
    if best is None:
        return False
    clock, cut = _Time(ladder.budget, seconds), set()
    chosen, current = list(best.parts or (best,)), best
    while len(chosen) < MOST_PARTS:
        found = _best_addition(ladder, chosen, current, clock, cut)
        if found is None or found.mean < (1 + LEAST_GAIN) * current.mean:
            break
        ladder.add(found)
        chosen, current = list(found.parts), found
    if current.parts and not current.rung.arguments.get("gated"):
        _try_gates(ladder, current, clock)
    ladder.left_out |= {name: "no time is left" for name in cut}
    return bool(cut)


class _Time:
    """What is left for blends.

    Args:
        budget: `Budget`.
        seconds: From now on.
    """

    def __init__(self, budget, seconds):
        self.budget, self.end = budget, budget.clock() + seconds

    def allows(self, parts):
        """Whether the scores of all parts can be had twice: for the weights and for the metric."""
        left = min(self.budget.left(), self.end - self.budget.clock())
        return left >= 2 * sum(part.ranking for part in parts)


def candidates(tried, chosen):
    """The best `Tried` of each other class, the best first.

    Args:
        tried: All rungs; blends are no parts.
        chosen: Those that are parts already.
    """
    classes = {one.rung.class_ for one in chosen}
    best = {}
    for one in sorted(tried, key=lambda one: -one.mean):
        if not one.parts and one.rung.class_ not in classes:
            best.setdefault(one.rung.class_, one)
    least = LEAST_SHARE * max(one.mean for one in tried)
    return [one for one in best.values() if one.mean > least]


def _best_addition(ladder, chosen, current, clock, cut):
    found = []
    # Of a blend that has begun the way of adding is kept.
    hows = HOWS if len(chosen) == 1 else (current.rung.arguments["how"],)
    for other in candidates(ladder.tried, chosen):
        for how in hows:
            parts = (*chosen, other)
            if not clock.allows(parts):
                cut.add(blend_name(parts))
                continue
            blend = _blend(ladder, parts, how)
            if blend is not None:
                found.append(blend)
    return max(found, key=lambda one: one.mean, default=None)


def _try_gates(ladder, current, clock):
    """Weights by the length of a history and the count of an item, for the chosen parts."""
    reads = any("history" in part.model.query_inputs for part in current.parts)
    if not reads or not clock.allows(current.parts):
        return
    found = _blend(ladder, current.parts, current.rung.arguments["how"], gated=True)
    if found is not None and found.mean >= (1 + LEAST_GAIN) * current.mean:
        ladder.add(found)


def _blend(ladder, parts, how, gated=False):
    started, name = ladder.budget.clock(), blend_name(parts) + (", gated" if gated else "")
    try:
        model = Blend([part.model for part in parts], how=how, gated=gated)
        model.repeats = ladder.repeats
        weights = fit_blend(model, ladder.split).part_weights
        ladder.left_out.pop(name, None)
        last = list(weights.values())[-1]
        if not gated and last < LEAST_WEIGHT * max(weights.values()):
            ladder.note(f"{name}, {how}: the last one gets no weight")
            return None
        validation, ranking = ladder.measure(model)
    except InputError as error:
        ladder.left_out[f"{name}, {how}"] = str(error)
        return None
    shown = ", ".join(f"{part} {weight:.2g}" for part, weight in weights.items())
    ladder.note(f"{name}, {how}: {validation['mean']:.4f} with weights {shown}")
    rung = Rung(name, "Blend", {"how": how, **({"gated": True} if gated else {})})
    seconds = ladder.budget.clock() - started
    return Tried(rung, model, validation, seconds, ranking, parts=parts)


def blend_name(parts):
    """Such as "Blend of Markov and SASRec"."""
    names = [part.rung.class_ for part in parts]
    return f"Blend of {', '.join(names[:-1])} and {names[-1]}"
