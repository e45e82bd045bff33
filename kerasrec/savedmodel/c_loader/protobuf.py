"""Reads protobuf's wire format, as far as a few TensorFlow messages need it.

Messages may be hostile. Reading always ends, takes no more memory than the message, and raises
ValueError for a malformed message.
"""

KEY, NUMBER = 32, 64  # bits of a field's key and of a number, as in protobuf's own parsers
# Wire types, and the length of those of fixed size. proto3 has no groups (3 and 4).
VARINT, BYTES, FIXED = 0, 2, {1: 8, 5: 4}


def read_fields(message, number):
    """Yields the fields with this number in a serialized protobuf, as bytes.

    A varint field is skipped, as protobuf skips a field of an unexpected wire type.

    Raises:
        ValueError: if the message is not a protobuf, or ends within a field.
    """
    for found, kind, value in all_fields(message):
        if found == number and kind != VARINT:
            yield value


def read_field(message, number):
    """Returns the last field with this number, as protobuf does for a singular field; else b""."""
    found = b""
    for found in read_fields(message, number):  # noqa: B007
        pass
    return found


def read_numbers(message, number):
    """Yields the varints with this field number in a serialized protobuf, packed or not.

    Raises:
        ValueError: if the message is not a protobuf, or ends within a field.
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
    """Returns the last varint with this number, as protobuf does for a singular field; else 0."""
    found = 0
    for found in read_numbers(message, number):  # noqa: B007
        pass
    return found


def all_fields(message):
    """Yields number, wire type and value of each field, in order.

    Raises:
        ValueError: if the message is malformed, or has a wire type that proto3 does not have.
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
    """Returns a varint and the position after it.

    Raises:
        ValueError: if it ends too early or has too many bits. Protobuf's parsers truncate a key
            that is too long, so they would read another message than this parser.
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
    """Encodes a non-negative number as a varint."""
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def as_int64(number):
    """Converts an unsigned varint to the int64 with the same bits."""
    return number - (1 << 64) if number >= 1 << 63 else number
