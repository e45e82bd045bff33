"""A model of the ladder of `kerasrec auto`."""

import dataclasses
import math

from kerasrec.tables.memory import GIB

# A training has at least so many epochs to come, so many steps, but no more than so many epochs.
EPOCHS, STEPS, MOST_EPOCHS = 40, 4_000, 400
# Steps between two validations of a small table.
VALIDATE_STEPS = 50
MOST_MEMORY = 0.5  # of what is free
MOST_TIME = 0.05  # of what is left, for a model that is solved


@dataclasses.dataclass(frozen=True)
class Rung:
    """A class with its arguments, and how it is fitted.

    Attributes:
        name: For tables; several rungs of one class differ in it.
        class_: Class of the zoo.
        arguments: Of its constructor.
        train: Values of a `TrainNode`, None for a model that counts or solves.
        weight: Of its share of the time, among the trained models.
        seconds: What a model that counts or solves is expected to take at least.
        bytes: What it is expected to need.
    """

    name: str
    class_: str
    arguments: dict = dataclasses.field(default_factory=dict)
    train: dict | None = None
    weight: float = 0.0
    seconds: float = 0.0
    bytes: float = 0.0

    def refusal(self, left, free):
        """Why it is left out, None where it is not.

        Args:
            left: Seconds that models may still take.
            free: Bytes of memory.
        """
        if self.bytes > MOST_MEMORY * free:
            return (
                f"needs {self.bytes / GIB:.1f} GiB, and {free / GIB:.1f} GiB are free, of which "
                "half may be taken"
            )
        if self.seconds > MOST_TIME * left:
            return (
                f"needs about {self.seconds:.0f} s, and {left:.0f} s are left, of which a "
                "twentieth may be taken"
            )
        return None


def epochs_to_come(examples, batch_size):
    """Epochs after which the learning rate of a training is 0, if the time does not end before.

    >>> epochs_to_come(1_000_000, 32), epochs_to_come(900, 32), epochs_to_come(40, 32)
    (40, 138, 400)
    """
    steps = math.ceil(examples / batch_size)
    return min(max(EPOCHS, math.ceil(STEPS / steps)), MOST_EPOCHS)


def epochs_a_validation(examples, batch_size):
    """Epochs from one validation to the next: one, more where an epoch has few steps.

    >>> epochs_a_validation(1_000_000, 32), epochs_a_validation(900, 32), epochs_a_validation(8, 32)
    (1, 2, 10)
    """
    steps = math.ceil(examples / batch_size)
    return min(math.ceil(VALIDATE_STEPS / steps), 10)
