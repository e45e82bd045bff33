"""Blocks: Keras layers written with `keras.ops` only."""

from kerasrec.layers.all_candidates import AllCandidates as AllCandidates
from kerasrec.layers.attention_decoder import AttentionDecoder as AttentionDecoder
from kerasrec.layers.beam_search import BeamSearch as BeamSearch
from kerasrec.layers.bilinear_fusion import BilinearFusion as BilinearFusion
from kerasrec.layers.blended_scores import BlendedScores as BlendedScores
from kerasrec.layers.candidates import Candidates as Candidates
from kerasrec.layers.catalog_table import CatalogTable as CatalogTable
from kerasrec.layers.category_caps import CategoryCaps as CategoryCaps
from kerasrec.layers.causal_conv_user_encoder import CausalConvUserEncoder as CausalConvUserEncoder
from kerasrec.layers.content_encoder import ContentEncoder as ContentEncoder
from kerasrec.layers.context_input_decoder import ContextInputDecoder as ContextInputDecoder
from kerasrec.layers.conv1d_item_encoder import Conv1DItemEncoder as Conv1DItemEncoder
from kerasrec.layers.conv2d_item_encoder import Conv2DItemEncoder as Conv2DItemEncoder
from kerasrec.layers.cross_lookup import CrossLookup as CrossLookup
from kerasrec.layers.cross_lookup import known_pairs as known_pairs
from kerasrec.layers.cross_network import CrossNetwork as CrossNetwork
from kerasrec.layers.cross_rates import CrossRates as CrossRates
from kerasrec.layers.dense_stack import DenseStack as DenseStack
from kerasrec.layers.dice import Dice as Dice
from kerasrec.layers.dot_interactions import DotInteractions as DotInteractions
from kerasrec.layers.dot_product import DotProduct as DotProduct
from kerasrec.layers.dpp_greedy import DPPGreedy as DPPGreedy
from kerasrec.layers.embedding_table import EmbeddingTable as EmbeddingTable
from kerasrec.layers.embedding_tower import EmbeddingTower as EmbeddingTower
from kerasrec.layers.expert_mixture import ExpertMixture as ExpertMixture
from kerasrec.layers.feature_code import FeatureCode as FeatureCode
from kerasrec.layers.field_attention import FieldAttention as FieldAttention
from kerasrec.layers.field_gate import FieldGate as FieldGate
from kerasrec.layers.field_vectors import FieldVectors as FieldVectors
from kerasrec.layers.gaussian_latent import GaussianLatent as GaussianLatent
from kerasrec.layers.graph_embedding import GraphEmbedding as GraphEmbedding
from kerasrec.layers.graph_propagation import GraphPropagation as GraphPropagation
from kerasrec.layers.halving_convolution import HalvingConvolution as HalvingConvolution
from kerasrec.layers.history_profile import HistoryProfile as HistoryProfile
from kerasrec.layers.hybrid_head import HybridHead as HybridHead
from kerasrec.layers.in_batch_candidates import InBatchCandidates as InBatchCandidates
from kerasrec.layers.isotonic_scaling import IsotonicScaling as IsotonicScaling
from kerasrec.layers.joint_scorer import JointScorer as JointScorer
from kerasrec.layers.kernel_regression import KernelRegression as KernelRegression
from kerasrec.layers.known_items import KnownItems as KnownItems
from kerasrec.layers.last_step import last_real_step as last_real_step
from kerasrec.layers.last_steps import LastSteps as LastSteps
from kerasrec.layers.list_sample import ListSample as ListSample
from kerasrec.layers.lstm_user_encoder import LSTMUserEncoder as LSTMUserEncoder
from kerasrec.layers.masked_items import MaskedItems as MaskedItems
from kerasrec.layers.mmr import MMR as MMR
from kerasrec.layers.negative_sampling_correction import (
    NegativeSamplingCorrection as NegativeSamplingCorrection,
)
from kerasrec.layers.neighbour_ratings import NeighbourRatings as NeighbourRatings
from kerasrec.layers.neighbour_scores import NeighbourScores as NeighbourScores
from kerasrec.layers.pair_candidates import PairCandidates as PairCandidates
from kerasrec.layers.pairwise_products import PairwiseProducts as PairwiseProducts
from kerasrec.layers.pinned_items import PinnedItems as PinnedItems
from kerasrec.layers.platt_scaling import PlattScaling as PlattScaling
from kerasrec.layers.popular_scores import PopularScores as PopularScores
from kerasrec.layers.popular_when_empty import PopularWhenEmpty as PopularWhenEmpty
from kerasrec.layers.progressive_experts import ProgressiveExperts as ProgressiveExperts
from kerasrec.layers.row_list import RowList as RowList
from kerasrec.layers.sampled_candidates import SampledCandidates as SampledCandidates
from kerasrec.layers.social_pull import SocialPull as SocialPull
from kerasrec.layers.sparse_dense import SparseDense as SparseDense
from kerasrec.layers.state_attention import StateAttention as StateAttention
from kerasrec.layers.step_context import StepContext as StepContext
from kerasrec.layers.stored_histories import StoredHistories as StoredHistories
from kerasrec.layers.table_scores import TableScores as TableScores
from kerasrec.layers.target_attention import TargetAttention as TargetAttention
from kerasrec.layers.target_transformer import TargetTransformer as TargetTransformer
from kerasrec.layers.task_bias import TaskBias as TaskBias
from kerasrec.layers.transformer_user_encoder import (
    TransformerUserEncoder as TransformerUserEncoder,
)
from kerasrec.layers.transition_scores import TransitionScores as TransitionScores
from kerasrec.layers.uncertainty_weights import UncertaintyWeights as UncertaintyWeights
from kerasrec.layers.user_neighbour_scores import UserNeighbourScores as UserNeighbourScores
