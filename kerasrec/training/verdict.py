"""What the numbers of a run say, in one sentence."""

import dataclasses

# The last quarter of a curve that rises by more than a hundredth is not at its end.
RISE, LATE = 0.01, 0.75
# A test value so much below or above the validation, and an interval that does not hold it.
FAR = 0.25
# Half an interval, as a share of the mean: more, and models cannot be compared.
WIDE = 0.25


@dataclasses.dataclass(frozen=True)
class Measured:
    """The numbers of a run.

    Attributes:
        name: Of the model.
        metric: Such as "ndcg@10"; larger is better.
        test: {"mean", "low", "high"}; low and high may be None.
        users: Of the test.
        above: Baseline -> {"mean", "low", "high"} of the relative difference to it, paired by user:
            0.12 is 12 % above.
        validation: Of the same model, None where it is not known.
        curves: Name of a trained model -> its validations in their order. Of one model the name is
            the model's.
        unit: What a longer training would have: "epochs" or "minutes".
        untried: Models for whose training there was no time.
    """

    name: str
    metric: str
    test: dict
    users: int
    above: dict = dataclasses.field(default_factory=dict)
    validation: float | None = None
    curves: dict = dataclasses.field(default_factory=dict)
    unit: str = "epochs"
    untried: tuple = ()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """A sentence, and the parts of it that ask for something to be done.

    Attributes:
        sentence: For people.
        warnings: Such parts, without the name of the model.
    """

    sentence: str
    warnings: tuple

    def to_dict(self):
        """Plain values, for JSON."""
        return {"sentence": self.sentence, "warnings": list(self.warnings)}


def verdict(measured):
    """The `Verdict` of `Measured` numbers.

    >>> above = {"ItemKNN": {"mean": 0.12, "low": 0.09, "high": 0.15}}
    >>> test = {"mean": 0.2, "low": 0.19, "high": 0.21}
    >>> verdict(Measured("SASRec", "ndcg@10", test, 6040, above)).sentence
    'SASRec, 12 % above ItemKNN [9, 15].'
    """
    head, warnings = _against_baselines(measured)
    if _is_wide(measured.test):
        warnings.append(_too_few(measured))
    rising = [name for name, curve in measured.curves.items() if still_rising(curve)]
    if rising:
        warnings.append(_rising(measured, rising))
    if measured.untried:
        names = _listed(measured.untried)
        warnings.append(f"there was no time to train {names}: give more minutes")
    if _is_far(measured):
        warnings.append(_far(measured))
    return Verdict(f"{'; '.join(dict.fromkeys([head, *warnings]))}.", tuple(warnings))


def compare_verdict(metric, values, warnings):
    """The `Verdict` on several models with the same test.

    Args:
        metric: Such as "ndcg@10"; larger is better.
        values: Name of a model -> {"mean", "low", "high"}, or None.
        warnings: Name of a model -> those of its own verdict, or None.

    >>> found = {"A": {"mean": 0.2, "low": 0.19, "high": 0.21}}
    >>> found["B"] = {"mean": 0.15, "low": 0.14, "high": 0.16}
    >>> compare_verdict("ndcg@10", found, {"B": ["more epochs would help"]}).sentence
    'A is best: NDCG@10 .200 [.190, .210], B .150 [.140, .160]; B: more epochs would help.'
    """
    known = {name: value for name, value in values.items() if value}
    first, *others = sorted(known, key=lambda name: -known[name]["mean"])
    shown = f"{metric_words(metric)} {_interval(known[first])}"
    head = f"{first} has {shown}"
    if others:
        second, theirs = others[0], known[others[0]]
        low, high = known[first]["low"], theirs["high"]
        head = f"{first} is best: {shown}, {second} {_interval(theirs)}"
        if low is None or high is None or low <= high:
            head = f"{first} and {second} may be as good: {shown} and {_interval(theirs)}"
    lines = [f"{name}: {line}" for name, some in warnings.items() for line in some or ()]
    return Verdict(f"{'; '.join([head, *lines])}.", tuple(lines))


def still_rising(curve):
    """Whether the last validation is the best, by a hundredth more than those of three quarters.

    >>> still_rising([0.10, 0.15, 0.18, 0.20]), still_rising([0.10, 0.19, 0.199, 0.20])
    (True, False)
    """
    if len(curve) < 2 or curve[-1] < max(curve):
        return False
    before = curve[: max(1, int(LATE * len(curve)))]
    return curve[-1] > (1 + RISE) * max(before)


def _against_baselines(measured):
    name, metric = measured.name, metric_words(measured.metric)
    known = {key: value for key, value in measured.above.items() if value["mean"] is not None}
    if not known:
        return f"{name} has {metric} {_number(measured.test['mean'])}", []
    best = min(known, key=lambda key: known[key]["mean"])
    value = known[best]
    if value["low"] is None:
        side = "above" if value["mean"] >= 0 else "below"
        return f"{name}, {abs(100 * value['mean']):.0f} % {side} {best}", []
    low, high = value["low"], value["high"]
    if low > 0:
        return f"{name}, {_percent(value['mean'])} above {best} [{_whole(low)}, {_whole(high)}]", []
    if high < 0:
        shown = f"{_percent(-value['mean'])} below {best} [{_whole(-high)}, {_whole(-low)}]"
        if measured.unit == "minutes":  # there the validation part has chosen among many
            return f"{name}, {shown}", ["the validation part chose otherwise"]
        return f"{name}, {shown}", [f"take {best}, or train longer and with other settings"]
    shown = f"{_whole(value['mean'])} % [{_whole(low)}, {_whole(high)}]"
    return f"{name} cannot be told from {best}: {shown}", []


def _is_wide(test):
    if test["low"] is None or not test["mean"]:
        return True
    return test["high"] - test["low"] > 2 * WIDE * test["mean"]


def _too_few(measured):
    test, metric = measured.test, metric_words(measured.metric)
    users = f"{measured.users:,} test user{'' if measured.users == 1 else 's'}"
    if test["low"] is None or not test["mean"]:
        return f"too few users to tell: {metric} {_number(test['mean'])} of {users}"
    half = (test["high"] - test["low"]) / 2
    return f"too few users to tell: {metric} {_number(test['mean'])} ± {_number(half)} of {users}"


def _rising(measured, names):
    if measured.unit == "minutes":
        return f"more minutes would help {_listed(names)}"
    return "validation was still rising at the last epoch: more epochs would help"


def _is_far(measured):
    validation, test = measured.validation, measured.test
    if not validation or test["low"] is None:
        return False
    return test["high"] < (1 - FAR) * validation or test["low"] > (1 + FAR) * validation


def _far(measured):
    validation, test = measured.validation, measured.test["mean"]
    why = "the test part is another: later, or of other users and items"
    return f"validation {_number(validation)}, test {_number(test)}: {why}"


def metric_words(metric):
    """As a paper writes it.

    >>> metric_words("ndcg@10")
    'NDCG@10'
    """
    return metric.upper() if metric.startswith("ndcg") else metric


def _interval(value):
    if value["low"] is None:
        return _number(value["mean"])
    return f"{_number(value['mean'])} [{_number(value['low'])}, {_number(value['high'])}]"


def _listed(names):
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _percent(share):
    return f"{100 * share:.0f} %"


def _whole(share):
    return f"{100 * share:.0f}"


def _number(value):
    return f"{value:.3f}".replace("0.", ".", 1)
