import contextlib

import pytest

from kerasrec.batch_inference import open_answers as module
from kerasrec.batch_inference.open_answers import open_answers
from kerasrec.errors import InputError


def of_model(*given):
    return "model", *given


def of_export(*given):
    return "export", *given


def test_a_model_is_answered_from_as_it_is():
    model, options = object(), object()
    with open_answers(model, options, of_model, of_export) as answers:
        assert answers == ("model", model, options)


@pytest.mark.parametrize("path", ["{}", "{}/3"])
def test_an_export_is_open_until_the_end(tmp_path, monkeypatch, path):
    for version in ("2", "3"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").touch()
    ended = []
    loaded = contextlib.ExitStack()
    loaded.callback(ended.append, "closed")
    asked = []
    opened = lambda folder, trust: asked.append((folder, trust)) or (loaded, "facts")  # noqa: E731
    monkeypatch.setattr(module, "open_export", opened)
    with open_answers(path.format(tmp_path), "options", of_model, of_export, True) as answers:
        # Of the folder of a model the newest version.
        assert answers == ("export", tmp_path / "3", loaded, "facts", "options")
        assert asked == [(tmp_path / "3", True)] and not ended
    assert ended == ["closed"]


def test_a_folder_without_an_export_is_refused(tmp_path):
    with pytest.raises(InputError), open_answers(tmp_path, None, of_model, of_export):
        pass
