"""Losses of logits whose column 0 is the positive, of labels, and within a request.

The first kind trains on candidates (`PositiveFirst`), the second on labels that may be missing
(`Labelled`), the third on the items of a request (`WithinRequest`).
"""

from kerasrec.losses.binary_crossentropy import BinaryCrossentropy as BinaryCrossentropy
from kerasrec.losses.bpr import BPR as BPR
from kerasrec.losses.focal import Focal as Focal
from kerasrec.losses.gbce import GBCE as GBCE
from kerasrec.losses.lambda_rank import LambdaRank as LambdaRank
from kerasrec.losses.list_softmax import ListSoftmax as ListSoftmax
from kerasrec.losses.masked_binary_crossentropy import (
    MaskedBinaryCrossentropy as MaskedBinaryCrossentropy,
)
from kerasrec.losses.mean_squared_error import MeanSquaredError as MeanSquaredError
from kerasrec.losses.poisson import Poisson as Poisson
from kerasrec.losses.rank_net import RankNet as RankNet
from kerasrec.losses.softmax import Softmax as Softmax
from kerasrec.losses.squared_error import SquaredError as SquaredError
from kerasrec.losses.uncertainty_weighted import UncertaintyWeighted as UncertaintyWeighted
from kerasrec.losses.watch_time_loss import WatchTimeLoss as WatchTimeLoss
