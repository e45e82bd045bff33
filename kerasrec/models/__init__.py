"""Base classes of recommender models, their ranking, and their checkpoints."""

from kerasrec.models.catalog_tables import item_code as item_code
from kerasrec.models.catalog_tables import item_table as item_table
from kerasrec.models.catalog_tables import user_table as user_table
from kerasrec.models.checkpoints.checkpoint import load as load
from kerasrec.models.checkpoints.checkpoint import load_behaviors as load_behaviors
from kerasrec.models.checkpoints.checkpoint import load_catalogs as load_catalogs
from kerasrec.models.checkpoints.load_content_from import load_content_from as load_content_from
from kerasrec.models.checks.finite_loss import FiniteLoss as FiniteLoss
from kerasrec.models.contract.check_model import check_model as check_model
from kerasrec.models.factor_model import FactorModel as FactorModel
from kerasrec.models.factor_model import Factors as Factors
from kerasrec.models.history_inputs import HistoryInputs as HistoryInputs
from kerasrec.models.item_inputs import ItemInputs as ItemInputs
from kerasrec.models.item_tower import ItemTower as ItemTower
from kerasrec.models.joint_model import JointModel as JointModel
from kerasrec.models.neighbours.neighbour_model import NeighbourModel as NeighbourModel
from kerasrec.models.query_input import query_input as query_input
from kerasrec.models.ranker import Ranker as Ranker
from kerasrec.models.ranker_inputs import RankerInputs as RankerInputs
from kerasrec.models.recommender import Recommender as Recommender
from kerasrec.models.retriever import Retriever as Retriever
from kerasrec.models.sequence_model import SequenceModel as SequenceModel
from kerasrec.models.top_k import TopK as TopK
from kerasrec.models.tower_model import TowerModel as TowerModel
from kerasrec.models.two_stage import TwoStage as TwoStage
