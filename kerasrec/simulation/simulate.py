"""Several shops for the same people in the same days."""

import numpy as np

from kerasrec.config.model_class import find_model_class
from kerasrec.errors import InputError
from kerasrec.simulation.diary import Diary
from kerasrec.simulation.explorer import Explorer
from kerasrec.simulation.frozen import Frozen
from kerasrec.simulation.nightly import Nightly
from kerasrec.simulation.popular import Popular
from kerasrec.simulation.shop import Shop, searched
from kerasrec.simulation.simulation import Simulation
from kerasrec.simulation.world import WARM_UP, World
from kerasrec.update.gate import Gate

# Counted in well under a second, so that a night costs less than a day of answers. They know books
# by their ids alone: what is new has to be shown to be learned.
MODELS = {"ItemKNN": {"shrinkage": 3.0}, "Markov": {}, "EASE": {"l2": 20.0}}
# A shop of some hundred people has some hundred queries: a smaller loss than this is not seen.
MARGIN = 0.3


def simulate(people=600, days=90, seed=0, model="ItemKNN", gate=None, progress=None):
    """Runs four shops: a frozen model, a nightly update, one that explores as well, popularity.

    For `WARM_UP` days people search and nothing is recommended; all shops start from these days.
    Then each shop shows every visitor its own list of ten. Visits, what is looked at, and what
    somebody would take are the same in all shops, so that their differences are paired.

    Args:
        people, days, seed: Of the `World`.
        model: Name of a model, one of `MODELS`.
        gate: `Gate` of the nightly updates.
        progress: Called with the number of days that are done.

    Returns:
        `Simulation`.

    Raises:
        InputError: for an unknown model, or a number out of range.
    """
    if model not in MODELS:
        raise InputError(f"model: expected one of {', '.join(MODELS)}, got {model!r}")
    world, gate = World(people, days, seed), gate or Gate(margin=MARGIN)
    diary = Diary(world)
    for day in range(-WARM_UP, 0):
        chances = world.day(day)
        found = searched(world, day, chances, diary.read)
        diary.add(chances.visitors, found, chances.seconds, np.ones(len(found), bool))

    def make(schema):
        return find_model_class(model)(schema, **MODELS[model])

    shops = [
        Shop("frozen", world, Frozen(world, make, diary), diary),
        Shop("nightly", world, Nightly(world, make, diary, gate), diary),
        Shop("exploring", world, Nightly(world, make, diary, gate), diary, Explorer(world)),
        Shop("popular", world, Popular(world, diary), diary),
    ]
    visits = np.zeros((days, people), int)
    for day in range(days):
        chances = world.day(day)
        visits[day, chances.visitors] = 1
        for shop in shops:
            shop.open(day, chances)
            shop.learner.night(day, shop.diary)
        if progress:
            progress(day + 1)
    return Simulation(world, model, visits, shops)
