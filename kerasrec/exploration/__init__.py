"""Policies that show other items than the best ones, with the probability of what was shown."""

from kerasrec.exploration.epsilon_greedy import EpsilonGreedy as EpsilonGreedy
from kerasrec.exploration.item_counts import ItemCounts as ItemCounts
from kerasrec.exploration.new_items import NewItems as NewItems
from kerasrec.exploration.parse_policy import parse_policy as parse_policy
from kerasrec.exploration.request_random import request_random as request_random
from kerasrec.exploration.shown import Shown as Shown
from kerasrec.exploration.softmax_top_k import SoftmaxTopK as SoftmaxTopK
