"""YAML with the line of every key, for error messages."""

import re

import yaml

from kerasrec.errors import InputError


class _Loader(yaml.SafeLoader):
    """SafeLoader that also reads 1e-3 as a number, as YAML 1.2 does."""


_Loader.yaml_implicit_resolvers = {
    first: list(rules) for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def read_yaml(path, what="config file", keys="keys such as data: and model:"):
    """The mapping in a YAML file, and the 1-based line of every key by its path of keys.

    `what` the file is and the `keys` that it has are for error messages.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such {what}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text: {error}") from None
    lines = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise InputError(f"{path}: the file is empty; a {what} has {keys}")
        _walk(node, (), lines, path)
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or str(error)
        raise InputError(f"{where}: not valid YAML: {problem}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: expected {keys}, got {data!r}")
    return data, lines


def parse_value(text):
    """A value of the command line, read as YAML: 3, 1e-3, true, [5, 10], {class: adam}."""
    return yaml.load(text, _Loader)


def _walk(node, keys, lines, path):
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here, line = (*keys, key.value), key.start_mark.line + 1
            if here in lines:
                raise InputError(
                    f"{path}:{line}: {'.'.join(here)} is given twice, first in line {lines[here]}"
                )
            lines[here] = line
            _walk(value, here, lines, path)
