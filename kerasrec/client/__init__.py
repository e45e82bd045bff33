"""A client of TF Serving and of `kerasrec serve`; imports neither Keras nor TensorFlow."""

from kerasrec.client.client import Client as Client
from kerasrec.client.metadata import Metadata as Metadata
from kerasrec.client.metadata import Signature as Signature
from kerasrec.client.metadata import Tensor as Tensor
from kerasrec.client.metadata import VersionStatus as VersionStatus
from kerasrec.client.recommendation import Reason as Reason
from kerasrec.client.recommendation import Recommendation as Recommendation
from kerasrec.client.recommendation import Word as Word
from kerasrec.client.serving_error import ServingError as ServingError
