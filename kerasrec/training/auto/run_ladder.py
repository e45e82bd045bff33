"""Fits and measures the rungs of the ladder of `kerasrec auto`, one after the other."""

import traceback

import keras

from kerasrec.config.model_class import find_model_class
from kerasrec.config.train_node import TrainNode
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.tables.memory import free_memory
from kerasrec.training.auto.blend_rungs import blend_rungs
from kerasrec.training.auto.budget import BLENDS, LEAST_TRAINING
from kerasrec.training.auto.ladder import counted_rungs, trained_rungs
from kerasrec.training.auto.tried import Tried
from kerasrec.training.build_model import build_model
from kerasrec.training.callbacks.timed_training import TimedTraining
from kerasrec.training.fit import fit

# Users that a rung is measured on.
USERS = 10_000
RESAMPLES = 500
# Gains below this are not worth a less simple model where users cannot tell them from chance.
WITHIN = 0.02
# Seconds between two lines on a training.
NOTE_EVERY = 15.0
BASELINES = ("Popularity", "ItemKNN")


class Ladder:
    """The rungs of a table under a budget.

    `run` may be stopped at any moment by KeyboardInterrupt; what was fitted before stays in
    `tried`.

    Args:
        split: `Split`.
        facts: `TableFacts` of its train part.
        budget: `Budget`.
        repeats: "mask" or "allow".
        share: Of the users that are in the split: a fit on all takes so much more time.
        on_tried: Called with each new `Tried`.
        note: Called with lines on what happens now.

    Attributes:
        tried: `Tried` rungs in their order.
        left_out: Name of a rung -> why it was left out, or failed.
        untrained: Names of the models for whose training there was no time.
    """

    def __init__(self, split, facts, budget, repeats="mask", share=1.0, on_tried=None, note=None):
        self.split, self.facts, self.budget, self.repeats = split, facts, budget, repeats
        self.share = share
        self.on_tried = on_tried or (lambda tried: None)
        self.note = note or (lambda line: None)
        self.tried, self.left_out, self.untrained = [], {}, []
        total = len(split.query_users("validation"))
        self.users = USERS if total > USERS else None
        self.metric = f"ndcg@{facts.k}"

    def run(self):
        """Climbs the ladder: what counts, what is trained, and after each blends of the best."""
        for rung in counted_rungs(self.facts):
            self._attempt(rung, self._counted)
        # Else many candidates would leave no time for what is trained.
        cut = blend_rungs(self, BLENDS * self.budget.seconds)
        rungs = trained_rungs(self.facts, self.order_matters())
        for place, rung in enumerate(rungs):
            self._attempt(rung, self._trained, [one.weight for one in rungs[place + 1 :]])
        if cut or any(one.rung.train for one in self.tried):
            blend_rungs(self)

    def order_matters(self):
        """Whether `Markov` is as good as what knows no order."""
        found = {}
        for one in self.tried:
            if not one.parts:
                key = one.rung.class_ == "Markov"
                found[key] = max(found.get(key, 0.0), one.mean)
        return found.get(True, 0.0) >= found.get(False, 0.0)

    @property
    def best(self):
        """The best `Tried`, None before the first; of equal ones the first, which is simpler."""
        return max(self.tried, key=lambda one: one.mean, default=None)

    def winner(self):
        """The best `Tried`, or a simpler one that is nearly as good.

        Of rungs within 2 % of the best whose difference to it, paired by user, may be 0, the
        simplest is taken: the first of the ladder.
        """
        best = self.best
        for one in self.tried:
            if one is best:
                break
            if one.mean * (1 + WITHIN) > best.mean and self._may_be_equal(best, one):
                self.note(f"{one.rung.name} is as good as {best.rung.name}, and simpler")
                return one
        return best

    def measure(self, model):
        """`(validation, seconds)` of a fitted model."""
        model.repeats, started = self.repeats, self.budget.clock()
        found = self._evaluate(model)
        seconds = self.budget.clock() - started
        self.budget.expect_test(self._test_seconds(seconds))
        return found.to_dict()["rows"][0]["metrics"][self.metric], seconds

    def add(self, tried):
        """Takes a rung that was fitted."""
        self.tried.append(tried)
        if self.share < 1:
            self.budget.expect_refit(self.refit_seconds(self.best))
        self.on_tried(tried)

    def refit_seconds(self, tried):
        """What a fit on all rows is expected to take: of a rung and the baselines beside it."""
        fitted = {id(one): one for one in [tried, *tried.parts, *self.baselines()]}
        return sum(one.seconds for one in fitted.values()) / self.share

    def baselines(self):
        """The `Tried` that the winner is compared with on the test part."""
        named = {one.rung.name: one for one in self.tried}
        return [named[name] for name in BASELINES if name in named]

    def _evaluate(self, model, baselines=()):
        return evaluate(
            model,
            self.split,
            part="validation",
            ks=[self.facts.k],
            baselines=baselines,
            bootstrap=RESAMPLES,
            users=self.users,
        )

    def _may_be_equal(self, best, other):
        found = self._evaluate(best.model, [other.model]).to_dict()["above"][0]
        low = found["metrics"][self.metric]["low"]
        return low is None or low <= 0

    def _test_seconds(self, ranking):
        """What the test of a model and the baselines takes: its part has all users."""
        part = len(self.split.query_users("test")) / (self.users or len(self.split.test) or 1)
        return max(1.0, part) * ranking * (1 + len(BASELINES))

    def _attempt(self, rung, how, *more):
        # The first one costs nothing, and without it there is no answer.
        if self.tried and (reason := rung.refusal(self.budget.left(), free_memory())):
            return self._leave_out(rung, reason)
        if self.tried and not rung.train and not self.budget.left():
            return self._leave_out(rung, "no time is left")
        keras.utils.set_random_seed(0)
        try:
            tried = how(rung, *more)
        except (InputError, MemoryError) as error:
            return self._leave_out(rung, str(error) or "the memory is full")
        except Exception as error:
            # The others may be good. An unforeseen error is shown in full.
            self.note(traceback.format_exc())
            return self._leave_out(rung, f"{type(error).__name__}: {error}")
        if tried:
            self.add(tried)

    def _leave_out(self, rung, reason):
        self.left_out[rung.name] = reason
        self.note(f"{rung.name} is left out: {reason}")

    def _adapted(self, rung):
        schema = self.split.train.schema(self.facts.history_length)
        model = build_model(find_model_class(rung.class_), schema, rung.arguments)
        model.adapt(self.split.train)
        model.repeats = self.repeats
        return model

    def _counted(self, rung):
        started = self.budget.clock()
        model = self._adapted(rung)
        validation, ranking = self.measure(model)
        return Tried(rung, model, validation, self.budget.clock() - started, ranking)

    def _trained(self, rung, later):
        share = self.budget.share(rung.weight, later)
        if share < LEAST_TRAINING:
            self.untrained.append(rung.name)
            least = f"a training takes {LEAST_TRAINING:.0f} s or more"
            self._leave_out(rung, f"{share:.0f} s are left for it, and {least}")
            return None
        self.note(f"{rung.name}: trains for at most {share / 60:.1f} minutes")
        started = self.budget.clock()
        planned = rung.train["epochs"]
        timed = TimedTraining(
            share,
            planned,
            f"val_{self.metric}",
            self.best.mean,
            _Progress(rung, share, self.note),
            self.budget.clock,
            validation=max(one.ranking for one in self.tried if not one.parts),
        )
        model = self._adapted(rung)
        # The time lowers the rate here, the epochs do where the YAML is fitted.
        train = TrainNode(**{**rung.train, "decay": "none"})
        try:
            history = fit(
                model, self.split, train, None, [self.facts.k], progress=False, callbacks=[timed]
            )
        except KeyboardInterrupt:
            if timed.restore(model):
                tried = self._measured(rung, model, timed, (), started, "stopped")
                self.add(tried)
            raise
        timed.restore(model)
        ended = timed.ended or ("epochs" if len(history) >= planned else "patience")
        return self._measured(rung, model, timed, history, started, ended)

    def _measured(self, rung, model, timed, history, started, ended):
        validation, ranking = self.measure(model)
        return Tried(
            rung=_repeated(rung, timed, self.budget.clock() - started, ended),
            model=model,
            validation=validation,
            seconds=self.budget.clock() - started,
            ranking=ranking,
            curve=tuple(timed.curve),
            history=tuple(history),
            ended=ended,
        )


def _repeated(rung, timed, seconds, ended):
    """The rung with the epochs in which a `fit` lowers the rate as the time did."""
    epochs = timed.epochs_done
    if ended in ("patience", "hopeless", "stopped"):
        # As many as the share would have held: the rate depends on it.
        epochs = round(epochs * timed.seconds / max(seconds, 1e-9))
    epochs = min(max(epochs, 1), rung.train["epochs"])
    return type(rung)(
        rung.name, rung.class_, rung.arguments, {**rung.train, "epochs": epochs}, rung.weight
    )


class _Progress:
    """Notes a validation now and then."""

    def __init__(self, rung, share, note):
        self.rung, self.share, self.note, self._last = rung, share, note, 0.0

    def __call__(self, epoch, seconds, value):
        if seconds - self._last >= NOTE_EVERY:
            self._last = seconds
            times = f"{seconds / 60:.1f} of {self.share / 60:.1f} min"
            self.note(f"{self.rung.name}: epoch {epoch}, {times}, {value:.4f}")
