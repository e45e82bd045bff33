"""Metrics of a ranker's predictions, beside the labels of impressions."""

from kerasrec.evaluation.impressions.evaluate_ranker import evaluate_ranker as evaluate_ranker
from kerasrec.evaluation.impressions.plot_gates import plot_gates as plot_gates
from kerasrec.evaluation.impressions.plot_reliability import plot_reliability as plot_reliability
from kerasrec.evaluation.impressions.reliability import reliability_table as reliability_table
from kerasrec.evaluation.impressions.task_differences import task_differences as task_differences
from kerasrec.evaluation.impressions.task_metrics import task_metrics as task_metrics
