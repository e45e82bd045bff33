"""The zoo: one file a model, its card beside it."""

from kerasrec_zoo.hybrid import Hybrid as Hybrid
from kerasrec_zoo.item_knn import ItemKNN as ItemKNN
from kerasrec_zoo.matrix_factorization import MatrixFactorization as MatrixFactorization
from kerasrec_zoo.popularity import Popularity as Popularity
from kerasrec_zoo.two_tower import TwoTower as TwoTower
