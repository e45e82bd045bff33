"""Protobuf's wire format, of which reading a few messages needs no more than this."""

# Wire types, and how long those of a fixed size are. Groups, 3 and 4, no proto3 message has.
VARINT, BYTES, FIXED = 0, 2, {1: 8, 5: 4}
LONGEST_VARINT = 10


def read_fields(message, number):
    """The fields of that number in a serialized protobuf, as bytes.

    One that is written as a number is skipped, as protobuf skips what it does not know.

    Raises:
        ValueError: where the message is no protobuf, or ends within a field.
    """
    for found, value in _fields(message):
        if found == number and not isinstance(value, int):
            yield value


def read_field(message, number):
    """The last of that number, as protobuf reads one that is not repeated; empty if none."""
    found = b""
    for found in read_fields(message, number):  # noqa: B007
        pass
    return found


def read_numbers(message, number):
    """The varints of that number in a serialized protobuf, one by one or packed.

    Raises:
        ValueError: where the message is no protobuf, or ends within a field.
    """
    for found, value in _fields(message):
        if found != number:
            continue
        if isinstance(value, int):
            yield value
            continue
        place = 0
        while place < len(value):
            one, place = read_varint(value, place)
            yield one


def read_number(message, number):
    """The last of that number, as protobuf reads one that is not repeated; 0 if none."""
    found = 0
    for found in read_numbers(message, number):  # noqa: B007
        pass
    return found


def read_varint(message, place):
    """A number of 64 bits, and the place after it.

    Raises:
        ValueError: if the message ends within it, or it is longer than such a number can be.
    """
    value = shift = 0
    for byte in message[place : place + LONGEST_VARINT]:
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value & (1 << 64) - 1, place
    raise ValueError("a number that does not end")


def write_varint(number):
    """The bytes of a number that is not negative."""
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def signed(number):
    """The int64 that a varint stands for."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _fields(message):
    """`(number, value)` of every field: numbers of varints, bytes of all others."""
    place = 0
    while place < len(message):
        key, place = read_varint(message, place)
        kind = key & 7
        if kind == VARINT:
            value, place = read_varint(message, place)
        else:
            if kind == BYTES:
                length, place = read_varint(message, place)
            elif kind in FIXED:
                length = FIXED[kind]
            else:
                raise ValueError(f"a field of wire type {kind}")
            if length > len(message) - place:
                raise ValueError("it ends within a field")
            value, place = message[place : place + length], place + length
        yield key >> 3, value
