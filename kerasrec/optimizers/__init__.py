from kerasrec.optimizers.lazy_adam import LazyAdam as LazyAdam
from kerasrec.optimizers.row_loss_scale import RowLossScale as RowLossScale
from kerasrec.optimizers.rowwise_adagrad import RowwiseAdagrad as RowwiseAdagrad
from kerasrec.optimizers.sparse_adagrad import SparseAdagrad as SparseAdagrad
from kerasrec.optimizers.sparse_sgd import SparseSGD as SparseSGD
