"""The trials of a search: drawn, recorded and compared by Optuna."""

import warnings

import numpy as np

from kerasrec.errors import InputError
from kerasrec.training.tune.journal import Journal

# No trial is pruned before so many are complete, or before it has run so many epochs.
UNPRUNED_TRIALS, UNPRUNED_EPOCHS = 5, 2
STATES = ("complete", "pruned", "failed")
# Optuna's names of `STATES`.
OPTUNA_STATES = ("COMPLETE", "PRUNED", "FAIL")
# Where a trial's result is stored, as an attribute of Optuna's trial.
RESULT = "result"


class SearchStudy:
    """Draws the values of trials, and records their results in a journal.

    Values come from the tree-structured Parzen estimator (Bergstra et al., Algorithms for
    hyper-parameter optimization, 2011); where there are no more combinations than trials, each is
    drawn once. What is drawn depends on the seed and the finished trials alone, so a resumed search
    draws what an uninterrupted one would have. A trial is pruned when its best value up to an epoch
    is worse than the median of the earlier trials at that epoch.

    Args:
        journal: File of the journal; trials that it holds count as made.
        space: `SearchSpace`.
        trials: Number of trials of the whole search; fewer if there are fewer combinations.
        seed: Of the random draws.
        smaller_is_better: Whether the values are errors.

    Raises:
        InputError: if Optuna is not installed, or the journal is damaged.
    """

    def __init__(self, journal, space, trials, seed=0, smaller_is_better=False):
        self.space, self.seed = space, seed
        self.trials = int(min(trials, space.size))
        self._all = space.size <= trials
        self.smaller_is_better = smaller_is_better
        self._optuna = import_optuna()
        try:
            self._study = self._optuna.create_study(
                storage=self._optuna.storages.JournalStorage(Journal(self._optuna, journal)),
                study_name="search",
                direction="minimize" if smaller_is_better else "maximize",
                pruner=self._optuna.pruners.MedianPruner(UNPRUNED_TRIALS, UNPRUNED_EPOCHS),
                load_if_exists=True,
            )
        except InputError:
            raise
        except (OSError, ValueError, LookupError) as error:
            raise InputError(f"{journal} is damaged or cannot be written: {error}") from error
        for trial in self._study.get_trials(deepcopy=False):
            # Its process was killed; Optuna still counts it as running.
            if trial.state == self._state("RUNNING"):
                result = trial.user_attrs.get(RESULT)
                if result:
                    self._finish(trial.number, result["state"], result["value"])
                else:
                    self.discard(trial)

    def finished(self):
        """The finished trials in their order, as dicts, without discarded ones.

        `number` (from 1), `state` (of `STATES`), `value` (None if failed), `params` as Optuna knows
        them, `values` by dotted key, and what `record` was given.
        """
        finished = [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if RESULT in trial.user_attrs and trial.state.is_finished()
        ]
        return [
            {
                "number": number,
                **trial.user_attrs[RESULT],
                "state": STATES[OPTUNA_STATES.index(trial.state.name)],
                "value": trial.value,
                "params": trial.params,
                "values": self.space.values(trial.params),
            }
            for number, trial in enumerate(finished, start=1)
        ]

    def best(self):
        """The best of the complete trials, the first of equal ones; None if there is none."""
        complete = [trial for trial in self.finished() if trial["state"] == "complete"]
        return (min if self.smaller_is_better else max)(
            complete, key=lambda trial: trial["value"], default=None
        )

    def next_trial(self):
        """A new Optuna trial with its values drawn; None when all trials are made."""
        finished = self.finished()
        if self._all:
            tried = [trial["params"] for trial in finished]
            left = [one for one in self.space.combinations(self.seed) if one not in tried]
            if not left:
                return None
            waiting = self._state("WAITING")
            # A process that was killed here has left it in the queue.
            if not self._study.get_trials(deepcopy=False, states=[waiting]):
                self._study.enqueue_trial(left[0])
        elif len(finished) >= self.trials:
            return None
        # A new generator for each trial: the state of a lasting one would be lost at a stop.
        seed = np.random.SeedSequence([self.seed, len(finished)]).generate_state(1)[0]
        self._study.sampler = self._optuna.samplers.TPESampler(seed=int(seed))
        trial = self._study.ask()
        self.space.suggest(trial)
        return trial

    def record(self, trial, state, value=None, **more):
        """Finishes a trial and records its result.

        Args:
            trial: From `next_trial`.
            state: One of `STATES`.
            value: Of a complete trial; that of a pruned one is the last it has reported.
            more: Plain values to keep with it.
        """
        # Two entries of the journal; the first holds all, so a kill between them loses no trial.
        trial.set_user_attr(RESULT, {"state": state, "value": value, **more})
        self._finish(trial, state, value)

    def discard(self, trial):
        """Finishes a trial that does not count; another is drawn in its place."""
        self._study.tell(trial.number, state=self._state("FAIL"))

    def _finish(self, trial, state, value):
        self._study.tell(trial, value, self._state(OPTUNA_STATES[STATES.index(state)]))

    def _state(self, name):
        return self._optuna.trial.TrialState[name]

    def first_value(self, name, value):
        """The value that was stored first under a name; stores this one if there is none."""
        if name not in self._study.user_attrs:
            self._study.set_user_attr(name, value)
        return self._study.user_attrs[name]

    def stored_value(self, name):
        """The value that was stored under a name, None if there is none."""
        return self._study.user_attrs.get(name)

    def importances(self):
        """Dict of a dotted key -> its share of the variance of good trials, largest first.

        By PED-ANOVA (Watanabe et al., 2023); empty where there are too few trials for it.
        """
        with warnings.catch_warnings():
            # Optuna before 5 warns that it is experimental.
            warnings.simplefilter("ignore")
            try:
                evaluator = self._optuna.importance.PedAnovaImportanceEvaluator()
                found = self._optuna.importance.get_param_importances(
                    self._study, evaluator=evaluator
                )
            except (ValueError, RuntimeError, ArithmeticError):
                return {}
        return {key: float(share) for key, share in found.items()}


def import_optuna():
    """Optuna, with nothing but errors in its log."""
    try:
        import optuna
    except ImportError:
        raise InputError('a search needs Optuna: pip install "kerasrec[tune]"') from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
