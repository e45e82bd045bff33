"""The trials of a search, in Optuna's hands."""

import warnings

import numpy as np

from kerasrec.errors import InputError
from kerasrec.training.tune.journal import Journal

# Complete trials before one is pruned, and epochs that every trial may have.
UNPRUNED_TRIALS, UNPRUNED_EPOCHS = 5, 2
STATES = ("complete", "pruned", "failed")
# As Optuna calls them.
ENDS = ("COMPLETE", "PRUNED", "FAIL")


class SearchStudy:
    """Draws the values of trials, and keeps what became of them in a journal.

    Values come from the tree-structured Parzen estimator (Bergstra et al., Algorithms for
    hyper-parameter optimization, 2011); where there are no more combinations than trials, each is
    drawn once. What is drawn depends on the seed and the finished trials alone, so that a search
    that was stopped goes on as if it had not been. A trial is to be pruned that is worse at some
    epoch than the median of those before.

    Args:
        journal: File of the journal; what is in it counts.
        space: `SearchSpace`.
        trials: How many finished trials there are to be, if there are that many combinations.
        seed: Of the draws.
        smaller_is_better: The values are errors.

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
            # Its process was killed; Optuna would take it for one that runs.
            if trial.state == self._state("RUNNING"):
                told = trial.user_attrs.get("told", {})
                if "state" in told:
                    self._end(trial.number, told["state"], told["value"])
                else:
                    self.give_up(trial)

    def finished(self):
        """The trials in their order, as dicts; those that were given up are none.

        `number` (from 1), `state` (of `STATES`), `value` (None if failed), `params` as Optuna knows
        them, `values` by dotted key, and what `tell` was given.
        """
        finished = [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if "told" in trial.user_attrs and trial.state.is_finished()
        ]
        return [
            {
                "number": number,
                **trial.user_attrs["told"],
                "state": STATES[ENDS.index(trial.state.name)],
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

    def ask(self):
        """The next trial (Optuna's) with its values drawn; None where all are made."""
        finished = self.finished()
        if self._all:
            tried = [trial["params"] for trial in finished]
            left = [one for one in self.space.combinations(self.seed) if one not in tried]
            if not left:
                return None
            waiting = self._state("WAITING")
            # A process that was killed in between has left it in the queue.
            if not self._study.get_trials(deepcopy=False, states=[waiting]):
                self._study.enqueue_trial(left[0])
        elif len(finished) >= self.trials:
            return None
        # Drawn from scratch each time: a generator that goes on would not survive a stop.
        seed = np.random.SeedSequence([self.seed, len(finished)]).generate_state(1)[0]
        self._study.sampler = self._optuna.samplers.TPESampler(seed=int(seed))
        trial = self._study.ask()
        self.space.suggest(trial)
        return trial

    def tell(self, trial, state, value=None, **more):
        """Ends a trial.

        Args:
            trial: As `ask` gave it.
            state: One of `STATES`.
            value: Of a complete trial; that of a pruned one is the last it has reported.
            more: Plain values to keep with it.
        """
        # Two entries of the journal; with all in the first, a kill between them loses no trial.
        trial.set_user_attr("told", {"state": state, "value": value, **more})
        self._end(trial, state, value)

    def give_up(self, trial):
        """Ends a trial that does not count: another will be asked for in its place."""
        self._study.tell(trial.number, state=self._state("FAIL"))

    def _end(self, trial, state, value):
        self._study.tell(trial, value, self._state(ENDS[STATES.index(state)]))

    def _state(self, name):
        return self._optuna.trial.TrialState[name]

    def keep(self, name, value):
        """The value that was first kept under this name, which is this one if there was none."""
        if name not in self._study.user_attrs:
            self._study.set_user_attr(name, value)
        return self._study.user_attrs[name]

    def importances(self):
        """Dict of a key -> its share in what makes a trial good, largest first.

        By PED-ANOVA (Watanabe et al., 2023); empty where there are too few trials to say.
        """
        with warnings.catch_warnings():
            # Experimental, says Optuna before 5.
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
    """The module, told not to speak."""
    try:
        import optuna
    except ImportError:
        raise InputError('a search needs Optuna: pip install "kerasrec[tune]"') from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
