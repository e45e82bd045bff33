"""The zoo: one file a model, its card beside it."""

from kerasrec_zoo.attention_recommender import AttentionRecommender as AttentionRecommender
from kerasrec_zoo.autorec import AutoRec as AutoRec
from kerasrec_zoo.bayesian_mf import BayesianMF as BayesianMF
from kerasrec_zoo.bert4rec import BERT4Rec as BERT4Rec
from kerasrec_zoo.conv_ncf import ConvNCF as ConvNCF
from kerasrec_zoo.damped_mean import DampedMean as DampedMean
from kerasrec_zoo.ease import EASE as EASE
from kerasrec_zoo.hybrid import Hybrid as Hybrid
from kerasrec_zoo.implicit_als import ImplicitALS as ImplicitALS
from kerasrec_zoo.item_knn import ItemKNN as ItemKNN
from kerasrec_zoo.light_gcn import LightGCN as LightGCN
from kerasrec_zoo.markov import Markov as Markov
from kerasrec_zoo.matrix_factorization import MatrixFactorization as MatrixFactorization
from kerasrec_zoo.mult_vae import MultVAE as MultVAE
from kerasrec_zoo.neumf import NeuMF as NeuMF
from kerasrec_zoo.nextitnet import NextItNet as NextItNet
from kerasrec_zoo.nmf import NMF as NMF
from kerasrec_zoo.popularity import Popularity as Popularity
from kerasrec_zoo.rnn_recommender import RNNRecommender as RNNRecommender
from kerasrec_zoo.sasrec import SASRec as SASRec
from kerasrec_zoo.seq2seq import Seq2Seq as Seq2Seq
from kerasrec_zoo.social_mf import SocialMF as SocialMF
from kerasrec_zoo.svd import SVD as SVD
from kerasrec_zoo.two_tower import TwoTower as TwoTower
from kerasrec_zoo.user_knn import UserKNN as UserKNN
