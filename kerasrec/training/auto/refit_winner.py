"""The best model of `kerasrec auto`, fitted on all rows after a ladder of some users."""

import dataclasses

from kerasrec.data.splits import PROTOCOLS
from kerasrec.errors import InputError
from kerasrec.models import Blend
from kerasrec.training.blends import fit_parts
from kerasrec.training.fit import fit
from kerasrec.training.make_model import make_model


def refit_winner(winner, ladder, config, whole, say):
    """Fits the winner, and the baselines beside it, on the train part of the whole table.

    Afterwards `ladder` has the split of the whole table and the models that were fitted on it.

    Args:
        winner: `Tried`.
        ladder: `Ladder` of some users.
        config: `RunConfig` that repeats the winner.
        whole: `Interactions`.
        say: Called with lines for people.

    Returns:
        The `Tried` with its new model; None where there was no time, or it failed, which `say`
        says. Ctrl-C leaves it out as well.
    """
    name, budget = winner.rung.name, ladder.budget
    needed = ladder.refit_seconds(winner)
    kept = f"{name} has learned from {ladder.share:.1%} of the users, and not from all rows"
    later = "`kerasrec fit` of the config below does"
    if not budget.allows_refit(needed):
        left = max(0.0, budget.seconds - budget.spent())
        say(f"{kept}: that takes about {needed:.0f} s, and {left:.0f} s are left. {later}.")
        return None
    started = budget.clock()
    arguments = {"protocol": config.split.protocol, **config.split.arguments}
    try:
        split = PROTOCOLS[arguments.pop("protocol")](whole, **arguments)
        model = _fitted(config, whole, split, ladder)
        baselines = {}
        for one in ladder.baselines():
            node = type(config.model).model_validate(one.node())
            own = config.model_copy(update={"model": node})
            baselines[id(one)] = dataclasses.replace(one, model=_fitted(own, whole, split, ladder))
    except KeyboardInterrupt:
        say(f"{kept}: stopped. {later}.")
        return None
    except (InputError, MemoryError) as error:
        say(f"{kept}: {error or 'the memory is full'}. {later}.")
        return None
    ladder.split = split
    ladder.tried = [baselines.get(id(one), one) for one in ladder.tried]
    say(f"{name} is fitted on all {len(whole):,} rows, in {budget.clock() - started:.1f} s.")
    return dataclasses.replace(winner, model=model)


def _fitted(config, whole, split, ladder):
    model = make_model(config, whole, split)
    # The folder of the run records it.
    model.trained_on.splits.clear()
    if isinstance(model, Blend):
        fit_parts(model, split, config, None, False, False, lambda line: None)
    fit(model, split, config.train, None, [ladder.facts.k], progress=False)
    return model
