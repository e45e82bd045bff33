from kerasrec.evaluation.evaluation import Evaluation as Evaluation
from kerasrec.evaluation.ranking import evaluate as evaluate
from kerasrec.evaluation.ratings import evaluate_ratings as evaluate_ratings
