"""Protobuf's wire format, of which reading a few messages needs no more than this.

What is read may come from a stranger: whatever it holds, reading ends, takes no more memory than
the message, and says what is wrong by a ValueError.
"""

KEY, NUMBER = 32, 64  # bits of a field's key and of a number, as protobuf's own parsers have them
# Wire types, and how long those of a fixed size are. Groups, 3 and 4, no proto3 message has.
VARINT, BYTES, FIXED = 0, 2, {1: 8, 5: 4}


def read_fields(message, number):
    """The fields of that number in a serialized protobuf, as bytes.

    One that is written as a number is skipped, as protobuf skips what it does not know.

    Raises:
        ValueError: where the message is no protobuf, or ends within a field.
    """
    for found, kind, value in all_fields(message):
        if found == number and kind != VARINT:
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
    for found, kind, value in all_fields(message):
        if found != number:
            continue
        if kind == VARINT:
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


def all_fields(message):
    """Number, wire type and value of each field, in their order.

    Raises:
        ValueError: where the message is damaged, or of a kind that protobuf would not write.
    """
    place, size = 0, len(message)
    while place < size:
        key, place = read_varint(message, place, KEY)
        kind = key & 7
        if kind == VARINT:
            value, place = read_varint(message, place)
        elif kind == BYTES or kind in FIXED:
            length = FIXED.get(kind)
            if length is None:
                length, place = read_varint(message, place)
            if length > size - place:
                raise ValueError("a protobuf ends within a field")
            value, place = message[place : place + length], place + length
        else:
            raise ValueError(f"a protobuf has a field of wire type {kind}")
        yield key >> 3, kind, value


def read_varint(message, place, bits=NUMBER):
    """A number, and the place after it.

    Raises:
        ValueError: where it ends too early, or has more bits. Protobuf's parsers cut a key that is
            too long to another one, so that they would read another message than this.
    """
    value = shift = 0
    while shift < bits:
        if place >= len(message):
            raise ValueError("a protobuf ends within a number")
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            if value >> bits:
                break
            return value, place
    raise ValueError(f"a protobuf has a number of more than {bits} bits")


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
