"""Training: a checked config in, a run folder out."""

from kerasrec.training.callbacks.best_checkpoint import BestCheckpoint as BestCheckpoint
from kerasrec.training.callbacks.progress_bar import ProgressBar as ProgressBar
from kerasrec.training.callbacks.ranking_validation import RankingValidation as RankingValidation
from kerasrec.training.callbacks.rating_validation import RatingValidation as RatingValidation
from kerasrec.training.callbacks.training_state import TrainingState as TrainingState
from kerasrec.training.penalize import penalize as penalize
from kerasrec.training.read_data import read_data as read_data
from kerasrec.training.run import run as run
from kerasrec.training.runs.run_folder import RunFolder as RunFolder
from kerasrec.training.strategy import strategy_scope as strategy_scope
