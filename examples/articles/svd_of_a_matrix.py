"""Article 002, 4.1: the two largest singular values of a matrix of ratings, and their vectors."""

import numpy as np

from kerasrec.data import Interactions
from kerasrec_zoo import SVD

R = np.array([[4, 2, 3, 1], [2, 4, 1, 3], [3, 1, 2, 4]])
data = Interactions.from_matrix(R)
model = SVD(data.schema(), rank=2, ratings=True)
model.adapt(data)
factors = model.find_factors(data)  # row 0 is padding and row 1 the unknown user
print("U S:", factors.users[2:], "V:", factors.items[2:], sep="\n")
# The claim: X = U S V^T. The sample prints the values rising; its `todense` of an array fails.
print("S:", np.linalg.norm(factors.users[2:], axis=0))
print("best left to right:", model.recommend(users=["0", "1", "2"], k=1, repeats="allow"))
