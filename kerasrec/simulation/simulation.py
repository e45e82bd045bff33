"""What happened in the shops, with intervals over people."""

import dataclasses

import numpy as np
import pandas as pd

from kerasrec.evaluation.clustered_ratio import clustered_ratio
from kerasrec.evaluation.off_policy import off_policy_value
from kerasrec.evaluation.ratios import Ratios
from kerasrec.simulation.world import SHOWN, World

FIRST = 20  # the first day of the table: before it the versions differ little
RESAMPLES = 1000
BASELINE, PLAIN = "frozen", "nightly"  # which the others, and the exploring shop, are compared with


@dataclasses.dataclass(frozen=True, eq=False)
class Simulation:
    """The result of `simulate`.

    Args:
        world: `World`.
        model: Name of the model.
        visits: int `(days, people)`.
        shops: The `Shop`s, after the last day.
    """

    world: World
    model: str
    visits: np.ndarray
    shops: list

    @property
    def first(self):
        """The first day of the table; 0 of a world that ends before."""
        return FIRST if self.world.days > FIRST else 0

    def table(self, seed=0):
        """A dict a shop: `rate` clicks of an impression, `above` that of the frozen shop, `young`
        clicks on books under 30 days old per visit, `young_above` those of the nightly shop, each a
        dict `mean`, `low`, `high` (95 %, percentile bootstrap over people); `young_shown`, the
        share of such books among the impressions; `promoted`, `refused`, nights.
        """
        days = slice(self.first, None)
        visits = self.visits[days].sum(0)
        ratios, named = Ratios(self.world.people), {shop.name: shop for shop in self.shops}

        def total(name, what):
            return getattr(named[name], what)[days].sum(0)

        for name in named:
            clicks, young = total(name, "clicks"), total(name, "young")
            ratios.add((name, "rate"), clicks, visits * SHOWN)
            ratios.add((name, "above"), clicks - total(BASELINE, "clicks"), visits * SHOWN)
            ratios.add((name, "young"), young, visits)
            ratios.add((name, "young_above"), young - total(PLAIN, "young"), visits)
        found = ratios.intervals(RESAMPLES, seed)
        return [
            {
                "shop": name,
                **{key: found[name, key] for key in ("rate", "above", "young", "young_above")},
                "young_shown": float(total(name, "young_shown").sum() / visits.sum() / SHOWN),
                "promoted": int(shop.learner.promoted),
                "refused": int(shop.learner.refused),
            }
            for name, shop in named.items()
        ]

    def by_day(self):
        """Clicks of an impression by day, dict of a shop's name to a list; None without visits."""
        shown = self.visits.sum(1) * SHOWN
        return {
            shop.name: [
                float(c / n) if n else None for c, n in zip(shop.clicks.sum(1), shown, strict=True)
            ]
            for shop in self.shops
        }

    def off_policy(self):
        """The click rate of the exploring shop's versions without exploring, estimated and true.

        IPS and SNIPS read the log of what was shown, with its propensities. `true` is the mean of
        the world's click probabilities of the lists that would have been shown instead, to the same
        people at the same visits.
        """
        (shop,) = [one for one in self.shops if one.log]
        log = pd.concat(shop.log, ignore_index=True)
        estimates = {
            name: off_policy_value(log, log["target"], name, given_above=True)
            for name in ("ips", "snips")
        }
        return {
            "true": float(np.concatenate(shop.best).mean()),
            "logged": clustered_ratio(log["click"], clusters=log["request"]).value,
            **{
                name: {"mean": one.value, "low": one.low, "high": one.high}
                for name, one in estimates.items()
            },
        }

    def to_dict(self):
        """Plain values for JSON."""
        return {
            "people": self.world.people,
            "days": self.world.days,
            "seed": self.world.seed,
            "model": self.model,
            "first_day": self.first,
            "shops": [_plain(row) for row in self.table()],
            "by_day": self.by_day(),
            "off_policy": self.off_policy(),
        }


def _plain(row):
    return {
        key: {name: None if x != x else x for name, x in value.items()}
        if isinstance(value, dict)
        else value
        for key, value in row.items()
    }
