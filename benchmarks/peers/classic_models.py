"""`implicit` and Surprise on a table of interactions."""

import numpy as np
import scipy.sparse

FIRST = 2  # rows 0 and 1 are padding and unknown


def setup(case):
    """Makes a function that fits n times, from data in the format of the library.

    Case: `data` (a file of `fit_time`), `library`, `class`, `arguments`.
    """
    with np.load(case["data"]) as file:
        fit = LIBRARIES[case["library"]](dict(file), case["class"], case["arguments"])

    def run(times):
        for _ in range(times):
            fit()

    return run


def implicit(table, name, arguments):
    import threadpoolctl
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import CosineRecommender

    model_class = {"ALS": AlternatingLeastSquares, "Cosine": CosineRecommender}[name]
    shape = int(table["num_users"]) - FIRST, int(table["num_items"]) - FIRST
    pairs = table["user"] - FIRST, table["item"] - FIRST
    matrix = scipy.sparse.csr_matrix((table["value"].astype("float32"), pairs), shape=shape)
    # implicit has its own threads and recommends a single BLAS thread.
    threadpoolctl.threadpool_limits(1, "blas")
    return lambda: model_class(**arguments).fit(matrix, show_progress=False)


def surprise(table, name, arguments):
    import surprise

    rows = zip(table["user"].tolist(), table["item"].tolist(), table["value"].tolist(), strict=True)
    data = surprise.Dataset(surprise.Reader(rating_scale=(1, 5)))
    train = data.construct_trainset([(*row, None) for row in rows])
    return lambda: getattr(surprise, name)(**arguments, verbose=False).fit(train)


LIBRARIES = {"implicit": implicit, "surprise": surprise}
