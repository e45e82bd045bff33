"""From tables to rows: interactions, catalogs, splits, batches."""

# Modules first: `batches` below is the function, whatever imports its module.
from kerasrec.data import datasets as datasets
from kerasrec.data import splits as splits
from kerasrec.data.batches import batches as batches
from kerasrec.data.candidate_impressions import candidate_impressions as candidate_impressions
from kerasrec.data.catalog import Catalog as Catalog
from kerasrec.data.clean import Clean as Clean
from kerasrec.data.datasets import NAMES as NAMES
from kerasrec.data.datasets import load as load
from kerasrec.data.drawn_impressions import drawn_impressions as drawn_impressions
from kerasrec.data.feature_encoder import FeatureEncoder as FeatureEncoder
from kerasrec.data.histories import Histories as Histories
from kerasrec.data.impression_batches import impression_batches as impression_batches
from kerasrec.data.impressions import Impressions as Impressions
from kerasrec.data.interactions import Interactions as Interactions
from kerasrec.data.queries import Queries as Queries
from kerasrec.data.report import Report as Report
from kerasrec.data.request_lists import RequestLists as RequestLists
from kerasrec.data.retriever_scores import with_retriever_scores as with_retriever_scores
from kerasrec.data.schema import Feature as Feature
from kerasrec.data.schema import Schema as Schema
from kerasrec.data.schema import Task as Task
from kerasrec.data.split import Split as Split
from kerasrec.data.vocabulary import Vocabulary as Vocabulary
