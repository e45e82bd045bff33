"""Training: a checked config in, a run folder out."""

from kerasrec.training.best_checkpoint import BestCheckpoint as BestCheckpoint
from kerasrec.training.evaluation_bar import EvaluationBar as EvaluationBar
from kerasrec.training.progress_bar import ProgressBar as ProgressBar
from kerasrec.training.ranking_validation import RankingValidation as RankingValidation
from kerasrec.training.rating_validation import RatingValidation as RatingValidation
from kerasrec.training.read_data import read_data as read_data
from kerasrec.training.run import run as run
from kerasrec.training.run_folder import RunFolder as RunFolder
from kerasrec.training.strategy import strategy_scope as strategy_scope
from kerasrec.training.training_state import TrainingState as TrainingState
