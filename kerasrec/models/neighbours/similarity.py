"""Similarities between the rows of a sparse matrix, computed in blocks that fit in memory."""

import concurrent.futures
import os

import numpy as np
import scipy.sparse

from kerasrec.errors import InputError

SIMILARITIES = ("cosine", "pearson", "adjusted_cosine", "msd")
# Numbers in one block of similarities.
BLOCK_SIZE = 2**22
MAX_THREADS = 8  # each holds one block
# Entries from which a column may be multiplied as a dense one.
FULL = 2**12
# Relative size below which a number is rounding error, such as what is left of equal ratings after
# their mean is subtracted.
ROUNDING = 1e-9


def check_similarity(similarity, shrinkage):
    """Raises an `InputError` for an unknown similarity or a negative shrinkage."""
    if similarity not in SIMILARITIES:
        raise InputError(
            f"similarity: expected one of {', '.join(SIMILARITIES)}, got {similarity!r}"
        )
    if not shrinkage >= 0:
        raise InputError(
            f"shrinkage: expected a number of interactions of at least 0, got {shrinkage!r}"
        )


def last_interactions(train):
    """Index of the last interaction of each pair of user and item, in time order."""
    pair = train.user.astype("int64") * len(train.items) + train.item
    return np.sort(len(train) - 1 - np.unique(pair[::-1], return_index=True)[1])


def interaction_matrix(train, rows, values):
    """`values` of interactions as a float64 CSR matrix.

    Args:
        train: `Interactions` with each pair of user and item once.
        rows: "user" for the shape `(users, items)`, "item" for `(items, users)`.
        values: `(n,)`, one for each interaction.
    """
    pairs, shape = (train.user, train.item), (len(train.users), len(train.items))
    if rows == "item":
        pairs, shape = pairs[::-1], shape[::-1]
    return scipy.sparse.csr_matrix((np.asarray(values, "float64"), pairs), shape=shape)


def cosine_blocks(matrix, shrinkage):
    """Shrunk cosine similarities of the rows of a matrix, one block of rows after another.

        s(a, b) = <a, b> / (|a| |b| + shrinkage),   0 for a with itself

    Args:
        matrix: `(n, m)` CSR; for zeros and ones, <a, b> is the number of common columns.
        shrinkage: Moves similarities from few columns towards 0.

    Returns:
        An iterator over slices of rows and their `(rows, n)` float32 similarities.
    """
    matrix = matrix.astype("float32")
    norm = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), "float32")).ravel()

    def cosines(rows, block):
        block /= norm[rows, None] * norm[None] + shrinkage + 1e-12
        block[np.arange(rows.stop - rows.start), np.arange(rows.start, rows.stop)] = 0.0
        return block

    return product_blocks(matrix, cosines)


def product_blocks(matrix, finish):
    """Products of all rows of a matrix with one another, one block of rows after another.

    Args:
        matrix: `(n, m)` CSR.
        finish: Called with a slice of rows and their `(rows, n)` float32 products, which it may
            overwrite; gives what is yielded. It is called from several threads.

    Yields:
        A slice of rows and what `finish` gives for it.
    """
    matrix = matrix.astype("float32")  # exact for counts up to 2**24
    size = matrix.shape[0]
    matrix, full = _without_full_columns(matrix)
    matrix_t = matrix.T.tocsr()

    def block(rows):
        products = (matrix[rows] @ matrix_t).toarray()
        if full.shape[1]:
            products += full[rows] @ full.T
        return finish(rows, products)

    # scipy multiplies in one thread without the GIL. No more blocks are held than threads run.
    blocks, threads = row_blocks(size), min(MAX_THREADS, os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(blocks), threads):
            batch = blocks[start : start + threads]
            yield from zip(batch, pool.map(block, batch), strict=True)


def rating_similarities(ratings, similarity, shrinkage):
    """Similarities of the rows of a rating matrix, over the columns that both rows have rated.

        cosine           <x, y> / (|x| |y|)
        pearson          the cosine after the mean of each row over these columns is subtracted
        adjusted_cosine  the cosine after the mean of each column is subtracted
        msd              1 / (1 + mean of (x - y)^2)

    times n / (n + shrinkage) for n common columns. It is 0 where it is not defined: without common
    columns, and for `pearson` if all ratings of a row are equal. It is 0 for a row with itself.

    Args:
        ratings: `(n, m)` float64 CSR; a stored 0 is a rating of 0.
        similarity: One of `SIMILARITIES`.
        shrinkage: Moves similarities from few columns towards 0.

    Returns:
        `(n, n)` float32.
    """
    size = ratings.shape[0]
    if similarity == "adjusted_cosine":
        ratings = _subtract_means(ratings.tocsc()).tocsr()
    if similarity == "pearson":  # a shift does not change it, and small numbers round less
        ratings = _subtract_means(ratings)
    rated, square = ratings.copy(), ratings.copy()
    rated.data[:] = 1.0
    square.data[:] = ratings.data**2
    transposes = [matrix.T.tocsr() for matrix in (rated, ratings, square)]
    result = np.zeros((size, size), "float32")
    for rows in row_blocks(size):
        # The result is symmetric: only columns from this block on are computed.
        rated_t, ratings_t, square_t = (matrix[:, rows.start :] for matrix in transposes)
        block_rated, block_ratings, block_square = rated[rows], ratings[rows], square[rows]
        common = (block_rated @ rated_t).toarray()
        product = (block_ratings @ ratings_t).toarray()
        # Sums of squares over the common columns, of the row and of the column of each entry.
        row_squares = (block_square @ rated_t).toarray()
        whole = row_squares.shape == (size, size)
        column_squares = row_squares.T.copy() if whole else (block_rated @ square_t).toarray()
        n = np.maximum(common, 1.0)
        if similarity == "msd":
            differences = np.maximum(row_squares + column_squares - 2.0 * product, 0.0)
            block = 1.0 / (1.0 + differences / n)
        else:
            smallest = 0.0
            if similarity == "pearson":
                row_sums = (block_ratings @ rated_t).toarray()
                column_sums = row_sums.T if whole else (block_rated @ ratings_t).toarray()
                smallest = ROUNDING * np.stack([row_squares, column_squares])
                product -= row_sums * column_sums / n
                row_squares -= row_sums**2 / n
                column_squares -= column_sums**2 / n
            defined = (np.stack([row_squares, column_squares]) > smallest).all(axis=0)
            squares = np.where(defined, row_squares * column_squares, 1.0)
            block = np.where(defined, np.clip(product / np.sqrt(squares), -1.0, 1.0), 0.0)
        block *= common / np.maximum(common + shrinkage, 1.0)
        result[rows, rows.start :] = block
        result[rows.start :, rows] = block.T
    np.fill_diagonal(result, 0.0)
    return result


def nearest(similarities, size, keep):
    """Neighbour lists: the `keep` largest similarities of each row by absolute value.

    Args:
        similarities: Slices of rows and their `(rows, size)` blocks.
        size: Number of rows.
        keep: At most `size`.

    Returns:
        `(size, keep)` int32 columns and float32 values, in no order. Unused places are 0.
    """
    columns, values = np.zeros((size, keep), "int32"), np.zeros((size, keep), "float32")
    for rows, block in similarities:
        best = np.argpartition(-np.abs(block), keep - 1, axis=1)[:, :keep]
        columns[rows] = best
        values[rows] = np.take_along_axis(block, best, axis=1)
    return np.where(values != 0, columns, 0), values


def transposed(columns, values, keep):
    """The transpose of the neighbour lists: for each row the rows that have it as a neighbour.

    Args:
        columns, values: `(size, any)` as of `nearest`; places with value 0 are unused.
        keep: Entries kept for each row, the largest by absolute value.

    Returns:
        `(size, keep)` int32 columns and float32 values, the largest first. Unused places are 0.
    """
    used = np.flatnonzero(values)
    owner = (used // values.shape[1]).astype("int32")
    entries = columns.ravel()[used], owner, values.ravel()[used]
    return largest_entries(*entries, len(columns), keep)


def largest_entries(rows, columns, values, size, keep):
    """The `keep` entries of each row of a sparse matrix with the largest absolute values.

    Args:
        rows, columns, values: `(n,)`, the entries, each pair of row and column once; of equal
            values the first columns are kept.
        size: Number of rows.
        keep: Entries to keep in each row.

    Returns:
        `(size, keep)` int32 columns and float32 values, the largest first. Unused places are 0.
    """
    if (rows[1:] < rows[:-1]).any():
        order = np.argsort(rows, kind="stable")
        rows, columns, values = rows[order], columns[order], values[order]
    kept_columns, kept_values = np.zeros((size, keep), "int32"), np.zeros((size, keep), "float32")
    # Some rows at a time: sorting takes several times the memory of the entries.
    start = 0
    while start < len(rows):
        stop = np.searchsorted(rows, rows[min(start + BLOCK_SIZE, len(rows)) - 1], "right")
        part = slice(start, stop)
        best = start + np.lexsort((columns[part], -np.abs(values[part]), rows[part]))
        rank = np.arange(len(best)) - np.searchsorted(rows[part], rows[part])
        best, rank = best[rank < keep], rank[rank < keep]
        kept_columns[rows[best], rank], kept_values[rows[best], rank] = columns[best], values[best]
        start = stop
    return kept_columns, kept_values


def largest_of_rows(table, keep):
    """`largest_entries` of a CSR table."""
    entries = table.tocoo()
    return largest_entries(entries.row, entries.col, entries.data, table.shape[0], keep)


def from_lists(neighbours, weight):
    """Lists of neighbours and their weights, as of `nearest`, as a CSR table `(size, size)`."""
    row, place = np.nonzero(weight)
    entries = weight[row, place], (row, neighbours[row, place])
    return scipy.sparse.csr_matrix(entries, shape=(len(weight), len(weight)))


def row_blocks(size):
    """Slices of the rows of a `(size, size)` matrix, each of about `BLOCK_SIZE` numbers."""
    step = max(1, BLOCK_SIZE // size)
    return [slice(start, min(start + step, size)) for start in range(0, size, step)]


def _without_full_columns(matrix):
    """A CSR matrix without its nearly full columns, and these as a dense array.

    A user who took n items adds to n^2 similarities: sparse products would take longer for one
    user of very many events than for all others. A full column is at least `FULL` rows, so that
    small tables stay whole.
    """
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    is_full = counts >= max(FULL, matrix.shape[0] // 8)
    if not is_full.any():
        return matrix, np.zeros((matrix.shape[0], 0), "float32")
    return matrix[:, ~is_full], np.ascontiguousarray(matrix[:, is_full].toarray())


def _subtract_means(matrix):
    """A copy with the mean of its stored entries subtracted from each row (CSR) or column (CSC)."""
    counts, matrix = np.diff(matrix.indptr), matrix.copy()
    major = np.repeat(np.arange(len(counts)), counts)
    sums = np.bincount(major, weights=matrix.data, minlength=len(counts))
    smallest = ROUNDING * np.abs(matrix.data).max(initial=0.0)
    matrix.data -= (sums / np.maximum(counts, 1))[major]
    matrix.data[np.abs(matrix.data) <= smallest] = 0.0
    return matrix
