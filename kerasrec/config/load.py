"""From a YAML file and the command line's changes to a checked `RunConfig`."""

import pathlib

import yaml

from kerasrec.config.search_problems import search_problems
from kerasrec.config.set_key import set_key
from kerasrec.config.validate import validate
from kerasrec.config.yaml_file import parse_value, read_yaml
from kerasrec.errors import InputError
from kerasrec.files.replacing import surviving


def load_config(path, overrides=()):
    """Reads a run config, changes it by `key=value` and checks it before anything is built.

    Relative paths inside the file (`data.path`, `items.path`, `users.path`, `init_from`,
    `content_from`) are looked up from the working directory first, then from the file's own folder.

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
            f"{path}:{lines[('model', 'trust')]}: model.trust: a file cannot vouch for the code it "
            "names; if you trust it, give model.trust=true on the command line"
        )
    changed = [_override(data, text) for text in overrides]
    config, found = validate(_with_found_paths(data, path.parent))
    found = found or list(search_problems(config))
    if not found:
        return config
    told = [f"{_where(keys, path, lines, changed)}: {message}" for keys, message in found]
    raise InputError("\n".join(dict.fromkeys(told)))


def _override(data, text):
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
    dotted = ".".join(keys)
    if any(keys[: len(one)] == one for one in changed):
        return f"command line: {dotted}"
    known = keys
    while known and known not in lines:
        known = known[:-1]
    return f"{path}:{lines[known]}: {dotted}" if known else f"{path}: {dotted}"


def _with_found_paths(data, folder):
    """`data` with relative paths as they are seen from the working directory."""
    tables = data.get("data") if isinstance(data.get("data"), dict) else {}
    for holder in (data, tables, tables.get("items"), tables.get("users")):
        for key in ("path", "init_from", "content_from"):
            given = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(given, str):
                beside = folder / given
                if not surviving(given).exists() and surviving(beside).exists():
                    holder[key] = str(beside)
    return data
