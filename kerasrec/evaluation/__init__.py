from kerasrec.evaluation.evaluation import Evaluation as Evaluation
from kerasrec.evaluation.fit_blend import BlendFit as BlendFit
from kerasrec.evaluation.fit_blend import fit_blend as fit_blend
from kerasrec.evaluation.ranking import evaluate as evaluate
from kerasrec.evaluation.rating_weights import RatingBlendFit as RatingBlendFit
from kerasrec.evaluation.ratings import evaluate_ratings as evaluate_ratings
