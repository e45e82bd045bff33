"""Losses on logits whose column 0 is the positive."""

from kerasrec.losses.binary_crossentropy import BinaryCrossentropy as BinaryCrossentropy
from kerasrec.losses.bpr import BPR as BPR
from kerasrec.losses.gbce import GBCE as GBCE
from kerasrec.losses.mean_squared_error import MeanSquaredError as MeanSquaredError
from kerasrec.losses.softmax import Softmax as Softmax
