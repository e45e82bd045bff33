"""Similarities between the rows of a sparse table, in blocks that memory can hold."""

import concurrent.futures
import os

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError

SIMILARITIES = ("cosine", "pearson", "adjusted_cosine", "msd")
NUMBERS_AT_ONCE = 2**22
THREADS = 8  # each holds a block
# What equal ratings leave when their mean is taken is rounding, such a share of them at most.
ROUNDING = 1e-9


def check_similarity(similarity, shrinkage):
    """Raises an `InputError` for a similarity there is none of, or a negative shrinkage."""
    if similarity not in SIMILARITIES:
        raise InputError(
            f"similarity: expected one of {', '.join(SIMILARITIES)}, got {similarity!r}"
        )
    if not shrinkage >= 0:
        raise InputError(
            f"shrinkage: expected a number of interactions of at least 0, got {shrinkage!r}"
        )


def last_of_pairs(train):
    """Index of the last interaction of each pair of user and item that occurs, in time order."""
    pair = train.user.astype("int64") * len(train.items) + train.item
    return np.sort(len(train) - 1 - np.unique(pair[::-1], return_index=True)[1])


def pair_table(train, near, values):
    """`(users, items)` float64 CSR, or `(items, users)` for `near="item"`; each pair once."""
    pairs, shape = (train.user, train.item), (len(train.users), len(train.items))
    if near == "item":
        pairs, shape = pairs[::-1], shape[::-1]
    return scipy.sparse.csr_matrix((np.asarray(values, "float64"), pairs), shape=shape)


def overlaps(taken, shrinkage):
    """How far the rows of a table are the same, in blocks: cosine, shrunk.

        s(a, b) = <a, b> / (|a| |b| + shrinkage),   0 for a with itself

    Args:
        taken: `(n, m)` CSR; of ones, <a, b> is how many columns both have.
        shrinkage: Pulls similarities that rest on few columns towards 0.

    Yields:
        A slice of rows and the `(rows, n)` float32 block.
    """
    taken = taken.astype("float32")  # which counts up to 2**24
    size, other = taken.shape[0], taken.T.tocsr()
    root = np.sqrt(np.asarray(taken.multiply(taken).sum(axis=1), "float32")).ravel()

    def block(rows):
        similarity = (taken[rows] @ other).toarray()
        similarity /= root[rows, None] * root[None] + shrinkage + 1e-12
        similarity[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0.0
        return similarity

    # scipy multiplies in one thread and lets others run. As many blocks are held as are computed.
    parts, threads = blocks(size), min(THREADS, os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(parts), threads):
            some = parts[start : start + threads]
            yield from zip(some, pool.map(block, some), strict=True)


def agreements(ratings, similarity, shrinkage):
    """How far the rows of a table of ratings agree, on the columns that both have rated.

        cosine           <x, y> / (|x| |y|)
        pearson          the same, each less its mean over these columns
        adjusted_cosine  the same, each less the mean of the column
        msd              1 / (1 + mean of (x - y)^2)

    times n / (n + shrinkage) for n such columns. It is 0 where it is not defined: nothing rated by
    both, for `pearson` equal ratings only, and of a row with itself.

    Args:
        ratings: `(n, m)` float64 CSR; an entry that is 0 is a rating of 0.
        similarity: One of `SIMILARITIES`.
        shrinkage: Pulls similarities that rest on few columns towards 0.

    Returns:
        `(n, n)` float32.
    """
    size = ratings.shape[0]
    if similarity == "adjusted_cosine":
        ratings = _less_mean(ratings.tocsc()).tocsr()
    if similarity == "pearson":  # which no shift changes; small numbers leave small rounding
        ratings = _less_mean(ratings)
    one, square = ratings.copy(), ratings.copy()
    one.data[:] = 1.0
    square.data[:] = ratings.data**2
    others = [table.T.tocsr() for table in (one, ratings, square)]
    found = np.zeros((size, size), "float32")
    for rows in blocks(size):
        # The table is symmetric: only columns from the block on are computed.
        to_one, to_rating, to_square = (other[:, rows.start :] for other in others)
        mine = one[rows], ratings[rows], square[rows]
        together = (mine[0] @ to_one).toarray()
        product = (mine[1] @ to_rating).toarray()
        left = (mine[2] @ to_one).toarray()
        whole = left.shape == (size, size)
        right = left.T.copy() if whole else (mine[0] @ to_square).toarray()
        n = np.maximum(together, 1.0)
        if similarity == "msd":
            block = 1.0 / (1.0 + np.maximum(left + right - 2.0 * product, 0.0) / n)
        else:
            smallest = 0.0
            if similarity == "pearson":
                sums = [(mine[1] @ to_one).toarray()]
                sums.append(sums[0].T if whole else (mine[0] @ to_rating).toarray())
                smallest = ROUNDING * np.stack([left, right])
                product -= sums[0] * sums[1] / n
                left -= sums[0] ** 2 / n
                right -= sums[1] ** 2 / n
            defined = (np.stack([left, right]) > smallest).all(axis=0)
            squares = np.where(defined, left * right, 1.0)
            block = np.where(defined, np.clip(product / np.sqrt(squares), -1.0, 1.0), 0.0)
        block *= together / np.maximum(together + shrinkage, 1.0)
        found[rows, rows.start :] = block
        found[rows.start :, rows] = block.T
    np.fill_diagonal(found, 0.0)
    return found


def nearest(similarities, size, keep):
    """The `keep` largest of each row by absolute value, 0 filling up.

    Args:
        similarities: Slices of rows and their `(rows, size)` blocks.
        size: Rows.
        keep: At most `size`.

    Returns:
        `(size, keep)` int32 columns and float32 values, in no order.
    """
    columns, values = np.zeros((size, keep), "int32"), np.zeros((size, keep), "float32")
    for rows, block in similarities:
        best = np.argpartition(-np.abs(block), keep - 1, axis=1)[:, :keep]
        columns[rows] = best
        values[rows] = np.take_along_axis(block, best, axis=1)
    return np.where(values != 0, columns, 0), values


def turned(columns, values, keep):
    """What `nearest` gave, seen from the other side: for each row whose neighbour it is.

    Args:
        columns, values: `(size, any)`; a value of 0 fills up.
        keep: Of a row that is a neighbour of more, the largest by absolute value.

    Returns:
        `(size, keep)` int32 columns and float32 values, the largest first, 0 filling up.
    """
    size = len(columns)
    owner, place = np.nonzero(values)
    near, value = columns[owner, place], values[owner, place]
    order = np.lexsort((owner, -np.abs(value), near))
    owner, near, value = owner[order], near[order], value[order]
    rank = np.arange(len(near)) - np.searchsorted(near, near)
    owner, near, value, rank = (x[rank < keep] for x in (owner, near, value, rank))
    found = np.zeros((size, keep), "int32"), np.zeros((size, keep), "float32")
    found[0][near, rank], found[1][near, rank] = owner, value
    return found


def blocks(size):
    """Slices of the rows of a `(size, size)` table, of some `NUMBERS_AT_ONCE` numbers each."""
    step = max(1, NUMBERS_AT_ONCE // size)
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _less_mean(table):
    """A compressed table with the mean of its entries taken from each row (CSR) or column (CSC)."""
    counts, table = np.diff(table.indptr), table.copy()
    major = np.repeat(np.arange(len(counts)), counts)
    sums = np.bincount(major, weights=table.data, minlength=len(counts))
    least = ROUNDING * np.abs(table.data).max(initial=0.0)
    table.data -= (sums / np.maximum(counts, 1))[major]
    table.data[np.abs(table.data) <= least] = 0.0
    return table
