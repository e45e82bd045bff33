"""Protobuf's wire format, of which reading a few messages needs no more than this."""


def read_fields(message, number):
    """The fields of that number in a serialized protobuf: bytes, or numbers."""
    place = 0
    while place < len(message):
        key, place = read_varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = read_varint(message, place)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, place = read_varint(message, place)
            value, place = message[place : place + length], place + length
        if key >> 3 == number:
            yield value


def read_field(message, number, otherwise=b""):
    """The last of that number, as protobuf reads one that is not repeated."""
    found = otherwise
    for found in read_fields(message, number):  # noqa: B007
        pass
    return found


def read_varint(message, place):
    """A number, and the place after it."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


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
