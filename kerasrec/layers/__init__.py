"""Blocks: Keras layers written with `keras.ops` only."""

from kerasrec.layers.all_candidates import AllCandidates as AllCandidates
from kerasrec.layers.candidates import Candidates as Candidates
from kerasrec.layers.catalog_table import CatalogTable as CatalogTable
from kerasrec.layers.conv1d_item_encoder import Conv1DItemEncoder as Conv1DItemEncoder
from kerasrec.layers.dot_product import DotProduct as DotProduct
from kerasrec.layers.embedding_table import EmbeddingTable as EmbeddingTable
from kerasrec.layers.embedding_tower import EmbeddingTower as EmbeddingTower
from kerasrec.layers.hybrid_head import HybridHead as HybridHead
from kerasrec.layers.in_batch_candidates import InBatchCandidates as InBatchCandidates
from kerasrec.layers.known_items import KnownItems as KnownItems
from kerasrec.layers.lstm_user_encoder import LSTMUserEncoder as LSTMUserEncoder
from kerasrec.layers.pair_candidates import PairCandidates as PairCandidates
from kerasrec.layers.sampled_candidates import SampledCandidates as SampledCandidates
