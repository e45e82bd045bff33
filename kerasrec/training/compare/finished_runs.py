"""Finished runs of configs, among the run folders on disk."""

import pathlib

from kerasrec.errors import InputError
from kerasrec.training.runs.run_folder import RunFolder


def finished_runs(configs, paths, note=print):
    """The newest finished run of each config, among some folders.

    Args:
        configs: Dict of a name -> `RunConfig`; the config's own `name` makes no difference.
        paths: Run folders, or folders of them.
        note: Called with a line for each folder that is damaged or has no hashes of its data.

    Returns:
        Dict of a name -> `RunFolder`, without the configs that have none.

    Raises:
        InputError: for a path that is neither.
    """
    folders = []
    for path in map(pathlib.Path, paths):
        found = [one.parent for pattern in ("", "*/") for one in path.glob(f"{pattern}config.yaml")]
        if not found:
            raise InputError(f"{path} is neither a run folder nor a folder of runs")
        folders += [folder for folder in map(RunFolder, found) if folder.is_finished()]
    newest = {}
    for folder in sorted(folders, key=lambda folder: folder.metrics.stat().st_mtime):
        try:
            metrics = folder.read_metrics()
            same = [n for n, c in configs.items() if not folder.differences(c, ignored=("name",))]
        except InputError as error:
            note(f"{error}: not used")
            continue
        if same and not {"queries", "given"} <= metrics.keys():
            note(f"{folder.path} has no hashes of its data, it is of an earlier version: not used")
        elif same:
            newest |= dict.fromkeys(same, folder)
    return newest
