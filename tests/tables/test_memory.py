import pytest

from kerasrec.errors import InputError
from kerasrec.tables import memory
from kerasrec.tables.memory import GIB, check_memory, free_memory


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with 8 GiB free; `machine(text)` puts this process, of 1 GiB, into a container."""

    class Process:
        def memory_info(self):
            return type("Info", (), {"rss": GIB})

    free = type("Memory", (), {"available": 8 * GIB})
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(memory.psutil, "Process", Process)
    limits = [tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes"]
    monkeypatch.setattr(memory, "CONTAINER_LIMITS", limits)

    def write(text, which=0):
        limits[which].write_text(text)

    return write


@pytest.mark.parametrize(
    "text,expected",
    [
        (None, 8 * GIB),
        ("max\n", 8 * GIB),
        (f"{3 * GIB}\n", 2 * GIB),
        (f"{30 * GIB}\n", 8 * GIB),
        # Without a limit the older file has a number that no machine has.
        ("9223372036854771712\n", 8 * GIB),
        (f"{GIB // 2}", 0),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_free_memory_is_the_minimum_of_machine_and_container(machine, text, expected, which):
    if text is not None:
        machine(text, which)
    assert free_memory() == expected


def test_exact_fit_is_allowed(machine):
    check_memory("tables", [(2**20, 1024), (2**10, 2**20)], "no", itemsize=4)  # 4 + 4 GiB
    with pytest.raises(InputError):
        check_memory("tables", [(2**20, 1024), (2**10, 2**20), (1,)], "no")
    check_memory("tables", [(2**30, 8)], "no", itemsize=1)
    check_memory("nothing", [], "no")


def test_message_has_calculation_and_advice(machine):
    machine(f"{5 * GIB}")
    shapes = [(3, 1), (10_000_000, 64), (7, 2), (10_000_000, 32), (20_000_000, 64)]
    with pytest.raises(InputError) as caught:
        check_memory("slots", shapes, "use fewer rows")
    assert str(caught.value) == (
        "slots: 20,000,000 x 64 x 4 + 10,000,000 x 64 x 4 + 10,000,000 x 32 x 4 bytes + 2 smaller"
        " = 8.3 GiB, and 4.0 GiB of memory are free: use fewer rows"
    )


def test_free_memory_is_positive():
    assert 0 < free_memory() < 2**50
