"""Configs with impressions: what is filled in, and mistakes, which name the key."""

import pytest
import yaml

from kerasrec.config import load_config
from kerasrec.errors import InputError

WHOLE = """\
data:
  path: clicks.csv
  impressions: {path: shown.csv, columns: {user: who}}
  labels: {click: {}, stay: {kind: seconds}}
  context: {hour: {kind: category}}
  crosses: {pair: {columns: [user, hour]}}
model: {class: DeepFM, dim: 4}
train: {epochs: 1}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """`written(keys=value, ...)`: the path of the config with values replaced; None removes."""

    def write(changes=(), folder=tmp_path):
        plain = yaml.safe_load(WHOLE)
        for dotted, value in dict(changes).items():
            *keys, last = dotted.split(".")
            node = plain
            for key in keys:
                node = node.setdefault(key, {})
            node[last] = value
            if value is None:
                del node[last]
        (folder / "run.yaml").write_text(yaml.safe_dump(plain))
        return folder / "run.yaml"

    monkeypatch.chdir(tmp_path)
    for name in ("clicks.csv", "shown.csv"):
        (tmp_path / name).write_text("")
    return write


def test_defaults_follow_from_the_labels(written):
    config = load_config(written())
    assert config.split.protocol == "time" and config.train.monitor == "click.auc"
    assert config.train.loss == {}
    assert config.evaluate.baselines == ["MeanRates", "GradientBoosting"]
    config = load_config(written({"data.labels": {"stay": {"kind": "seconds"}}}))
    assert config.train.monitor == "stay.rmse"
    config = load_config(written({"split.protocol": "none"}))
    assert config.train.monitor is None and config.train.patience is None
    plain = config.to_dict()
    (written().parent / "again.yaml").write_text(yaml.safe_dump(plain))
    assert load_config("again.yaml").to_dict() == plain


def test_tables_are_found_beside_the_config(written, tmp_path, monkeypatch):
    path = written()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    config = load_config(path)
    assert config.data.impressions.path == str(tmp_path / "shown.csv")
    assert config.data.path == str(tmp_path / "clicks.csv")


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"data.impressions.path": "absent.csv"}, "data.impressions.path", "absent.csv does not"),
        ({"data.impressions.sql": "select 1"}, "data.impressions", "give one of path"),
        ({"data.impressions.columns": {"who": "x"}}, "data.impressions.columns.who", "'user'"),
        ({"data.impressions.rows": 3}, "data.impressions.rows", "unknown key rows"),
        ({"data.impressions": None}, "data", "labels and crosses are of impressions"),
        ({"data.name": "frappe"}, "data", "beside impressions give path or sql"),
        ({"data.path": None, "data.columns": {"user": "who"}}, "data", "into impressions.columns"),
        ({"data.path": None, "data.clean": {"k_core": True}}, "data", "columns and clean are of"),
        ({"data.options": {"a": 1}}, "data", "options are not for impressions"),
        ({"data.labels.click": {"kind": "clicks"}}, "data.labels.click.kind", "'binary', 'count'"),
        ({"data.labels.click": {"name": "x"}}, "data.labels.click.name", "unknown key name"),
        ({"data.crosses.pair": {"columns": []}}, "data.crosses.pair.columns", "at least 1"),
        ({"data.crosses.pair.min_count": 0}, "data.crosses.pair.min_count", "greater than"),
        ({"data.context.hour": {}}, "data.context.hour.kind", "missing"),
        ({"split.protocol": "next-item"}, "split.protocol", "there is no protocol next-item"),
        ({"split": {"protocol": "time", "seed": 1}}, "split.seed", "time has no argument seed"),
        ({"split": {"protocol": "time", "test": 2}}, "split.test", "expected a share from 0"),
        ({"train.monitor": "ndcg@10"}, "train.monitor", "there is no metric ndcg@10"),
        ({"train.monitor": "buy.auc"}, "train.monitor", "there is no metric buy.auc"),
        ({"train.loss": {"buy": "bce"}}, "train.loss.buy", "there is no label buy"),
        ({"train.loss": {"click": "bpr"}}, "train.loss.click", "there is no loss bpr of a label"),
        ({"train.loss": {"click": "poisson"}}, "train.loss.click", "not for a label of kind"),
        ({"train.loss": {"stay": "bce"}}, "train.loss.stay", "choose watch_time or poisson"),
        ({"train.loss": "bce"}, "train.loss.stay", "the loss bce is not for a label of kind sec"),
        ({"train.loss_weights": {"buy": 1}}, "train.loss_weights.buy", "there is no label buy"),
        ({"train.loss_weights": {"click": -1}}, "train.loss_weights.click", "greater than"),
        ({"train.validate_users": 5}, "train.validate_users", "it is for models that rank the"),
        ({"evaluate.users": 5}, "evaluate.users", "it is for models that rank the catalog"),
        ({"evaluate.baselines": ["ItemKNN"]}, "evaluate.baselines", "no baseline ItemKNN of"),
        ({"model": {"class": "DeepFN"}}, "model.class", "did you mean DeepFM"),
        ({"model": {"class": "DeepFM", "dims": 4}}, "model.dims", "DeepFM has no argument dims"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_key(written, changes, key, message):
    with pytest.raises(InputError, match=message) as caught:
        load_config(written(changes))
    assert f" {key}: " in str(caught.value)


@pytest.mark.parametrize(
    ("train", "key"),
    [
        ({"loss_weights": {"click": 1}}, "train.loss_weights"),
        ({"inverse_propensity": True}, "train.inverse_propensity"),
        ({"loss": {"click": "bce"}}, "train.loss"),
    ],
)
def test_keys_of_rankers_are_refused_for_other_models(tmp_path, train, key):
    plain = {"data": {"name": "synthetic"}, "model": {"class": "ItemKNN"}, "train": train}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(plain))
    with pytest.raises(InputError, match=f"{key}: .*for rankers"):
        load_config(tmp_path / "run.yaml")
