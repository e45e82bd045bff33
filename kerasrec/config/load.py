"""Reads a YAML file, with changes from the command line, as a checked `RunConfig`."""

import pathlib

import yaml

from kerasrec.config.search_problems import search_problems
from kerasrec.config.set_key import set_key
from kerasrec.config.validate import validate
from kerasrec.config.yaml_file import parse_value, read_yaml
from kerasrec.errors import InputError
from kerasrec.files.matching import matching
from kerasrec.files.replacing import surviving


def load_config(path, overrides=()):
    """Reads a run config, applies changes `key=value` and checks the result.

    Relative paths in the file (`data.path`, `data.prepared`, `items.path`, `users.path`,
    `impressions.path`, `init_from`, `content_from`, `run` of a part) are looked up in the working
    directory first, then in the file's own folder.

    Args:
        path: YAML file.
        overrides: Changes such as `"train.epochs=3"`, `"model.dim=64"`,
            `"init_from=runs/first"`; values are read as YAML.

    Returns:
        `RunConfig`, every default filled in.

    Raises:
        InputError: for an unknown key (with the nearest known one), a value of the wrong kind, an
            argument that the model, split, data set or optimizer does not take, a missing file.
            The message names the file and the line.
    """
    path = pathlib.Path(path)
    data, lines = read_yaml(path)
    if isinstance(data.get("model"), dict) and "trust" in data["model"]:
        raise InputError(
            f"{path}:{lines[('model', 'trust')]}: model.trust: a file cannot grant trust to "
            "the code that it names; if you trust it, give model.trust=true on the command line"
        )
    changed = [_set_override(data, text) for text in overrides]
    config, problems = validate(_with_found_paths(data, path.parent))
    problems = problems or list(search_problems(config))
    if not problems:
        return config
    messages = [f"{_where(keys, path, lines, changed)}: {text}" for keys, text in problems]
    raise InputError("\n".join(dict.fromkeys(messages)))


def _set_override(data, text):
    """Sets `key=value` in the plain values of a config; the path of its keys."""
    key, equals, value = text.partition("=")
    keys = tuple(key.split("."))
    if not equals or not all(keys):
        raise InputError(f"expected key=value such as train.epochs=3, got {text!r}")
    try:
        set_key(data, keys, parse_value(value))
    except yaml.YAMLError:
        raise InputError(f"{text}: {value!r} is not valid YAML; quote it") from None
    except InputError as error:
        raise InputError(f"{text}: {error}") from None
    return keys


def _where(keys, path, lines, changed):
    """The place of a key for a message: file and line, or the command line."""
    dotted = ".".join(keys)
    if any(keys[: len(one)] == one for one in changed):
        return f"command line: {dotted}"
    known = keys
    while known and known not in lines:
        known = known[:-1]
    return f"{path}:{lines[known]}: {dotted}" if known else f"{path}: {dotted}"


def _with_found_paths(data, folder):
    """`data` with paths that are relative to the file's folder made relative to here."""
    tables = data.get("data") if isinstance(data.get("data"), dict) else {}
    of_model = data.get("model") if isinstance(data.get("model"), dict) else {}
    parts = of_model.get("models") if isinstance(of_model.get("models"), list) else []
    sides = (tables.get(key) for key in ("items", "users", "impressions"))
    for holder in (data, tables, *sides, *parts):
        for key in ("path", "prepared", "init_from", "content_from", "run"):
            written = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(written, str):
                beside = folder / written
                here = surviving(written).exists() or matching(written)
                if not here and (surviving(beside).exists() or matching(beside)):
                    holder[key] = str(beside)
    return data
