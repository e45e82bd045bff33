"""What another policy would have earned, from the log of the one that served."""

from kerasrec.evaluation.off_policy.off_policy_value import off_policy_value as off_policy_value
from kerasrec.evaluation.off_policy.policy_value import PolicyValue as PolicyValue
from kerasrec.evaluation.off_policy.reward_model import RewardModel as RewardModel
