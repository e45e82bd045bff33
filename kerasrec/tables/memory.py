"""Checks that memory can hold a table before it is allocated."""

import pathlib

import psutil

from kerasrec.errors import InputError

GIB = 2**30
CONTAINER_LIMITS = (
    pathlib.Path("/sys/fs/cgroup/memory.max"),
    pathlib.Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def check_memory(what, shapes, advice, itemsize=4):
    """Refuses tables that do not fit into the free memory.

    Args:
        what: Name of the tables, at the start of the message.
        shapes: Shapes of the tables, tuples of ints.
        advice: What the user can do, at the end of the message.
        itemsize: Bytes of a number.

    Raises:
        InputError: with the calculation.

    >>> check_memory("the table", [(1000, 64)], "use fewer rows")
    """
    needed = sum(_bytes(shape, itemsize) for shape in shapes)
    free = free_memory()
    if needed <= free:
        return
    largest = sorted(shapes, key=lambda shape: -_bytes(shape, itemsize))[:3]
    sums = " + ".join(" x ".join(f"{n:,}" for n in (*shape, itemsize)) for shape in largest)
    others = f" + {len(shapes) - 3} smaller" if len(shapes) > 3 else ""
    raise InputError(
        f"{what}: {sums} bytes{others} = {needed / GIB:,.1f} GiB, and {free / GIB:,.1f} GiB "
        f"of memory are free: {advice}"
    )


def free_memory():
    """Bytes that this process can still allocate, within the limit of a container."""
    free = psutil.virtual_memory().available
    for path in CONTAINER_LIMITS:
        limit = path.read_text().strip() if path.exists() else "max"
        if limit.isdigit():
            free = min(free, int(limit) - psutil.Process().memory_info().rss)
    return max(free, 0)


def _bytes(shape, itemsize):
    size = itemsize
    for n in shape:
        size *= n
    return size
