"""What is about to be allocated, beside the memory that is there."""

import pathlib

import psutil

from kerasrec.errors import InputError

GIB = 2**30
CONTAINER_LIMITS = (
    pathlib.Path("/sys/fs/cgroup/memory.max"),
    pathlib.Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def check_memory(what, shapes, advice, itemsize=4):
    """Refuses tables that the memory of this machine cannot hold, before any is allocated.

    Args:
        what: What they are, in front of the message.
        shapes: Tuples of ints, one a table.
        advice: What to do instead, at the end of the message.
        itemsize: Bytes of a number.

    Raises:
        InputError: with the arithmetic.

    >>> check_memory("the table", [(1000, 64)], "use fewer rows")
    """
    needed = sum(_bytes(shape, itemsize) for shape in shapes)
    free = free_memory()
    if needed <= free:
        return
    largest = sorted(shapes, key=lambda shape: -_bytes(shape, itemsize))[:3]
    sums = " + ".join(" x ".join(f"{n:,}" for n in (*shape, itemsize)) for shape in largest)
    more = f" + {len(shapes) - 3} smaller" if len(shapes) > 3 else ""
    raise InputError(
        f"{what}: {sums} bytes{more} = {needed / GIB:,.1f} GiB, and {free / GIB:,.1f} GiB "
        f"of memory are free: {advice}"
    )


def free_memory():
    """Bytes that this process can still allocate; a container's limit counts."""
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
