import pathlib
import subprocess
import sys

import pytest

from kerasrec.config import load_config
from kerasrec.config.change import change
from kerasrec.config.cutoffs import with_cutoffs
from kerasrec.config.data_node import FeatureNode, TableNode
from kerasrec.config.factories import loss_by_name, optimizer_class
from kerasrec.config.first_line import first_line
from kerasrec.config.train_node import TrainNode
from kerasrec.errors import InputError
from kerasrec.training.feature_table import feature_table

ROOT = pathlib.Path(__file__).resolve().parents[1]
WHOLE = """\
data: {name: synthetic, options: {users: 50}}
split: {protocol: next-item}
model: {class: Hybrid, dim: 8}
train:
  epochs: 3
  optimizer: {class: adam, learning_rate: 1e-3}
"""


@pytest.fixture
def config(tmp_path):
    def write(text=WHOLE, name="run.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def message(path, *overrides):
    with pytest.raises(InputError) as error:
        load_config(path, overrides)
    return str(error.value)


def test_defaults_are_filled_in_and_come_back(config, tmp_path):
    first = load_config(config(WHOLE + "  patience: null\n"))
    assert first.train.batch_size == 1024 and first.evaluate.ks == [5, 10, 20]
    assert first.model.arguments == {"dim": 8} and first.train.patience is None
    import yaml

    again = config(yaml.safe_dump(first.to_dict()), "again.yaml")
    assert load_config(again).to_dict() == first.to_dict()


def test_numbers_with_exponent_are_numbers(config):
    learning_rate = load_config(config()).train.optimizer.arguments["learning_rate"]
    assert learning_rate == 0.001 and isinstance(learning_rate, float)


def test_overrides_are_read_as_yaml(config):
    changed = load_config(
        config(),
        ["train.epochs=5", "model.kernel_sizes=[3, 5]", "name=first", "train.patience=null"],
    )
    assert changed.train.epochs == 5 and changed.train.patience is None
    assert changed.model.arguments == {"dim": 8, "kernel_sizes": [3, 5]}
    assert changed.name == "first"


def test_an_override_makes_the_node_it_needs(config):
    path = config("data: {name: synthetic}\nmodel: {class: Popularity}\n")
    assert load_config(path, ["train.seed=7"]).train.seed == 7


@pytest.mark.parametrize(
    "old,new,words",
    [
        ("epochs: 3", "epoch: 3", ["run.yaml:5: train.epoch:", "did you mean epochs?"]),
        ("model:", "modle:", ["run.yaml:3: modle:", "did you mean model?"]),
        ("dim: 8", "dmi: 8", ["run.yaml:3: model.dmi:", "Hybrid has no argument", "mean dim?"]),
        ("Hybrid", "Hybird", ["run.yaml:3: model.class:", "did you mean Hybrid?"]),
        ("next-item", "next_item", ["run.yaml:2: split.protocol:", "did you mean next-item?"]),
        ("next-item", "random, sed: 1", ["run.yaml:2: split.sed:", "did you mean seed?"]),
        ("synthetic,", "synthetik,", ["run.yaml:1: data.name:", "did you mean synthetic?"]),
        ("users: 50", "user: 50", ["run.yaml:1: data.options.user:", "did you mean users?"]),
        ("adam", "adamm", ["run.yaml:6: train.optimizer.class:", "did you mean adam?"]),
        ("adam", "lazzyadam", ["train.optimizer.class:", "did you mean lazyadam?"]),
        ("adam", "RowwiseAdagrat", ["train.optimizer.class:", "did you mean rowwiseadagrad?"]),
        ("adam", "Auto, beta_3: 0.9", ["train.optimizer.beta_3:", "LazyAdam has no", "mean beta_"]),
        ("adam", "SparseSGD, momentum: 0.9", ["train.optimizer.momentum: SparseSGD has no"]),
        ("learning_rate", "learning_rat", ["train.optimizer.learning_rat", "learning_rate?"]),
        ("1e-3", "[1]", ["run.yaml:6: train.optimizer:", "learning_rate"]),
        ("epochs: 3", "epochs: three", ["run.yaml:5: train.epochs:", "integer", "'three'"]),
        ("epochs: 3", "epochs: 0", ["run.yaml:5: train.epochs:", "greater", "got 0"]),
        ("epochs: 3", "epochs: true", ["run.yaml:5: train.epochs:", "integer"]),
        ("epochs: 3", "steps_per_execution: many", ["5: train.steps_per_execution:", "or a whole"]),
        ("epochs: 3", "steps_per_execution: 0", ["5: train.steps_per_execution:", "auto", "got 0"]),
        ("epochs: 3", "loss: softmx", ["run.yaml:5: train.loss:", "did you mean softmax?"]),
        ("epochs: 3", "loss: binary_crossentropy", ["train.loss:", "raw scores: set it to bce"]),
        ("epochs: 3", "loss: BinaryCrossentropy", ["train.loss:", "raw scores: set it to bce"]),
        ("epochs: 3", "loss: poisson", ["train.loss:", "log_cosh", "mse", "model.compile takes"]),
        ("1e-3", "0", ["run.yaml:6: train.optimizer.learning_rate:", "above 0", "got 0"]),
        ("1e-3", "-0.1", ["run.yaml:6: train.optimizer.learning_rate:", "got -0.1"]),
        ("1e-3", ".nan", ["run.yaml:6: train.optimizer.learning_rate:", "got nan"]),
        ("next-item", "random, test: a", ["run.yaml:2: split.test:", "share", "got 'a'"]),
        ("next-item", "random, test: 1.5", ["run.yaml:2: split.test:", "share", "got 1.5"]),
        ("next-item", "random, seed: -1", ["run.yaml:2: split.seed:", "whole number", "got -1"]),
        ("next-item", "k-fold, folds: abc", ["run.yaml:2: split.folds:", "got 'abc'"]),
        ("next-item", "k-fold, folds: true", ["run.yaml:2: split.folds:", "got True"]),
        ("next-item", "sampled, validation: 1", ["run.yaml:2: split.validation:", "true or false"]),
        ("next-item", "next-item, unseen: [a]", ["run.yaml:2: split.unseen:", "a text"]),
        ("users: 50}", "users: 50}, on_error: skip", ["data.on_error:", "'raise' or 'drop'"]),
        ("users: 50}", "users: 50}, on_error: drop", ["data:", "give path, not name"]),
        (
            "users: 50}",
            "users: 50}, clean: {max_events_per_user: 9}",
            ["data:", "give path, not name"],
        ),
        (
            "users: 50}",
            "users: 50}, clean: {max_events_per_user: 0}",
            ["data.clean.max_events_per_user:"],
        ),
        (
            "name: synthetic, options: {users: 50}",
            "path: configs, clean: {k_core: true}",
            ["data.clean:", "k_core repeats min_user_events"],
        ),
        (
            "name: synthetic, options: {users: 50}",
            "path: configs, clean: {min_users: 5}",
            ["data.clean.min_users:", "did you mean min_user_events?"],
        ),
        (
            "name: synthetic, options: {users: 50}",
            "path: configs, clean: {start: 2024-05-01, end: 2024-01-01}",
            ["data.clean:", "start 2024-05-01", "must be before end"],
        ),
        (
            "name: synthetic, options: {users: 50}",
            "path: configs, clean: {values: {buy: much}}",
            ["data.clean.values.buy:", "much"],
        ),
        ("data:", "name: a/b\ndata:", ["run.yaml:1: name:", "without /"]),
        ("data:", "name: ..\ndata:", ["run.yaml:1: name:", "dot in front"]),
        ("data:", "name: 'a\\b'\ndata:", ["run.yaml:1: name:"]),
        ("epochs: 3", "monitor: ndgc@10", ["train.monitor:", "did you mean ndcg@10?"]),
        ("epochs: 3", "monitor: rsme", ["train.monitor:", "did you mean rmse?"]),
        ("epochs: 3", "monitor: ndcg@7", ["train.monitor:", "evaluate.ks"]),
        ("epochs: 3", "strategy: mirror", ["train.strategy:", "mirrored"]),
        ("name: synthetic, ", "", ["run.yaml:1: data:", "name", "path"]),
        ("name: synthetic", "path: gone.csv", ["run.yaml:1: data"]),
        ("data:", "evaluate: {baselines: [Popular]}\ndata:", ["mean Popularity?"]),
    ],
)
def test_what_is_wrong_is_named_with_line_and_nearest_known(config, old, new, words):
    text = WHOLE.replace(old, new, 1)
    assert text != WHOLE
    said = message(config(text))
    assert all(word in said for word in words), said


def test_a_key_that_is_missing_is_placed_at_the_node_that_lacks_it(config):
    text = """\
data:
  path: configs
  items:
    path: configs
    features:
      words:
        column: w
model: {class: Popularity}
"""
    assert "run.yaml:6: data.items.features.words.kind:" in message(config(text))


def test_all_problems_are_listed_at_once(config):
    said = message(config(WHOLE.replace("epochs", "epoch").replace("next-item}", "x, y: 1}")))
    assert said.count("run.yaml") == 1  # structure first,
    said = message(config(WHOLE.replace("synthetic", "no").replace("next-item", "no")))
    assert said.count("run.yaml") == 2  # then what it names


def test_a_wrong_override_is_named_as_such(config):
    assert "command line: train.epoch: unknown key" in message(config(), "train.epoch=3")
    assert "expected key=value" in message(config(), "train.epochs")
    assert "model.dim is 8, which has no key a" in message(config(), "model.dim.a=1")


@pytest.mark.parametrize("given,name", [("adam", "adam"), (None, "auto"), ("auto", "auto")])
def test_an_optimizer_that_is_a_name_takes_arguments(config, given, name):
    optimizer = "  optimizer: {class: adam, learning_rate: 1e-3}\n"
    text = WHOLE.replace(optimizer, f"  optimizer: {given}\n" if given else "")
    found = load_config(config(text), ["train.optimizer.learning_rate=1e-3"]).train.optimizer
    assert (found.class_, found.arguments) == (name, {"learning_rate": 0.001})
    # A search sets the same key in the same way.
    assert change(load_config(config(text)), {"train.optimizer.learning_rate": 0.001}).train == (
        load_config(config(text), ["train.optimizer.learning_rate=1e-3"]).train
    )


@pytest.mark.parametrize(
    "arguments,words",
    [
        ("Hybrid, dim: -1", "model.dim: expected a whole number of at least 0, such as 64, got -1"),
        ("Hybrid, dim: '8'", "model.dim: expected a whole number of at least 0"),
        ("Hybrid, dim: 8.5", "model.dim: expected a whole number"),
        ("Hybrid, dim: true", "model.dim: expected a whole number"),
        ("Hybrid, dim: null", "model.dim: expected a whole number"),
        ("Hybrid, dropout: -0.1", "model.dropout: expected a number of at least 0, such as 0.2"),
        ("Hybrid, dropout: .nan", "model.dropout: expected a number"),
        ("SASRec, log_q: 1", "model.log_q: expected true or false, got 1"),
        ("Hybrid, kernel_sizes: 3", "model.kernel_sizes: expected a list such as [3], got 3"),
        ("Hybrid, kernel_sizes: [3, a]", "model.kernel_sizes: expected a list such as [3]"),
        ("EASE, l2: '1'", "model.l2: expected a number"),
    ],
)
def test_values_of_model_arguments_are_checked_before_data_is_read(config, arguments, words):
    assert f"run.yaml:3: {words}" in message(config(WHOLE.replace("Hybrid, dim: 8", arguments)))


def test_valid_model_arguments(config):
    for arguments in (
        "Hybrid, alpha: 0.5, kernel_sizes: [1, 2], dropout: 0",
        "Hybrid, alpha: null",
        "MatrixFactorization, temperature: 0.1",
        "MatrixFactorization, temperature: null",
        "LightGCN, num_edges: -1",
        "TwoTower, mlp: [8, 4]",
        "EASE, num_neighbours: 5, l2: 300",
    ):
        load_config(config(WHOLE.replace("Hybrid, dim: 8", arguments)))


def test_values_of_a_data_set_are_checked_too(config):
    text = WHOLE.replace("users: 50", "users: many")
    assert "run.yaml:1: data.options.users: expected a whole number" in message(config(text))


@pytest.mark.parametrize(
    "ks,monitor", [("[5]", "ndcg@5"), ("[1, 20, 50]", "ndcg@1"), ("[20, 12]", "ndcg@12")]
)
def test_the_monitor_follows_the_cutoffs_where_it_was_not_written(config, ks, monitor):
    for model in ("Hybrid", "ItemKNN"):
        text = WHOLE.replace("Hybrid, dim: 8", model)
        found = load_config(config(text), [f"evaluate.ks={ks}"])
        assert found.train.monitor == monitor
    sampled = load_config(config(), [f"evaluate.ks={ks}", "split.protocol=sampled"])
    assert sampled.train.monitor == f"sampled_{monitor}"
    assert change(found, {"train.epochs": 2}).train.monitor == monitor
    assert "evaluate.ks lists" in message(config(), f"evaluate.ks={ks}", "train.monitor=ndcg@10")


def test_default_cutoffs_are_cut_to_the_items_and_written_ones_refused(config):
    lines = []
    found = with_cutoffs(load_config(config()), 6, lines.append)
    assert (found.evaluate.ks, found.train.monitor) == ([5, 6], "ndcg@6")
    assert lines == ["The data has 6 items: evaluate.ks is [5, 6], not [5, 10, 20]."]
    # It still counts as not written, so the whole is what a run writes down and finds again.
    assert with_cutoffs(found, 6, lines.append) is found and len(lines) == 1
    with pytest.raises(InputError, match="asks for 20 items and the data has 6"):
        with_cutoffs(load_config(config(), ["evaluate.ks=[5, 20]"]), 6)
    with pytest.raises(InputError, match="ndcg@10 is not measured, the data has 6 items"):
        with_cutoffs(load_config(config(), ["train.monitor=ndcg@10"]), 6)
    whole = load_config(config())
    assert with_cutoffs(whole, 20) is whole


@pytest.mark.parametrize("monitor", ["rmse", "mae", "auc", "log_loss", "accuracy", "recall@20"])
def test_what_can_be_monitored(config, monitor):
    assert load_config(config(), [f"train.monitor={monitor}"]).train.monitor == monitor
    assert load_config(config()).train.monitor == "ndcg@10"


def test_steps_per_execution_needs_one_device(config):
    said = message(config(), "train.strategy=mirrored", "train.steps_per_execution=4")
    assert "steps_per_execution" in said
    for given in ("auto", 1):
        same = ["train.strategy=mirrored", f"train.steps_per_execution={given}"]
        assert load_config(config(), same).train.steps_per_execution == given


@pytest.mark.parametrize("name", ["auto", "Auto", "lazyadam", "LazyAdam"])
def test_auto_is_lazy_adam(config, name):
    assert optimizer_class(name).__name__ == "LazyAdam"
    for given in (name, f"{{class: {name}, learning_rate: 0.002, clipnorm: 1.0}}"):
        assert load_config(config(), [f"train.optimizer={given}"])
    assert load_config(config("data: {name: synthetic}\nmodel: {class: Hybrid}\n")).train == (
        TrainNode(optimizer="auto", steps_per_execution="auto")
    )


@pytest.mark.parametrize(
    "name", ["SparseAdagrad", "rowwiseadagrad", "SPARSESGD", "Adam", "adagrad", "AdamW"]
)
def test_optimizers_that_a_config_may_name(config, name):
    made = optimizer_class(name)(learning_rate=0.5)
    assert type(made).__name__.lower() == name.lower() and float(made.learning_rate) == 0.5
    assert load_config(config(), [f"train.optimizer={{class: {name}, learning_rate: 0.5}}"])


@pytest.mark.parametrize(
    "text,words",
    [
        ("", ["is empty"]),
        ("- 1\n", ["expected keys"]),
        ("data: {name: [\n", ["run.yaml:2", "not valid YAML"]),
        ("data: {name: a}\nmodel: {class: B}\ndata: {}\n", ["run.yaml:3", "twice", "line 1"]),
    ],
)
def test_files_that_are_no_config(config, text, words):
    said = message(config(text))
    assert all(word in said for word in words), said


def test_a_missing_file(tmp_path):
    assert "no such config file" in message(tmp_path / "gone.yaml")


def test_paths_are_found_from_here_first_then_beside_the_file(config, tmp_path, monkeypatch):
    path = config("data: {path: clicks.csv}\nmodel: {class: Popularity}\n")
    assert "clicks.csv does not exist" in message(path)
    (tmp_path / "clicks.csv").write_text("user,item\n")
    assert load_config(path).data.path == str(tmp_path / "clicks.csv")
    here = tmp_path / "elsewhere"
    here.mkdir()
    (here / "clicks.csv").write_text("user,item\n")
    monkeypatch.chdir(here)
    assert load_config(path).data.path == "clicks.csv"


@pytest.mark.parametrize(
    "split",
    [
        "{protocol: random, test: 0, validation: 0.2, seed: 3, unseen: drop}",
        "{protocol: k-fold, folds: 3, fold: 2}",
    ],
)
def test_values_of_a_split_that_fit(config, split):
    assert load_config(config(), [f"split={split}"])


@pytest.mark.parametrize("loss", ["softmax", "bpr", "bce", "mse", "mean_squared_error", "huber"])
def test_losses_that_a_config_may_name(config, loss):
    assert callable(loss_by_name(load_config(config(), [f"train.loss={loss}"]).train.loss, 9))


def test_gbce_gets_the_number_of_items(config):
    name = load_config(config(), ["train.loss=gbce"]).train.loss
    loss = loss_by_name(name, num_items=9)
    assert (loss.num_items, loss.t) == (9, 0.75)


def test_the_calibration_of_gbce_is_a_key(config):
    train = load_config(config(), ["train.loss=gbce", "train.gbce_t=0"]).train
    assert loss_by_name(train.loss, 9, train.gbce_t).t == 0
    assert load_config(config(), ["train.loss=gbce"]).train.gbce_t is None
    said = message(config(), "train.gbce_t=0.5")
    assert "read by the loss gbce alone, and loss is softmax" in said
    assert "less than or equal to 1" in message(config(), "train.loss=gbce", "train.gbce_t=1.5")


def test_the_first_line_of_a_message():
    said = "\n\x1b[1mno such dim\x1b[0m\nArguments received:\n  * x"
    assert first_line(ValueError(said)) == "no such dim"
    assert first_line(TypeError()) == "TypeError"


def test_table_keys_are_for_tables(config):
    text = "data: {name: synthetic, columns: {user: u}}\nmodel: {class: Popularity}\n"
    assert "give path, not name" in message(config(text))
    assert "options belong to a data set" in message(
        config("data: {path: a.csv, options: {a: 1}}\nmodel: {class: Popularity}\n")
    )


def test_code_from_elsewhere_needs_trust_from_the_command_line(config):
    text = WHOLE.replace("Hybrid", "os.path.join")
    assert "not a class of kerasrec" in message(config(text))
    said = message(config(text.replace("dim: 8", "trust: true")))
    assert "cannot grant trust" in said and "run.yaml:3" in said
    # Trusted, it is looked up: this one is no model.
    assert "there is no model os.path.join" in message(config(text), "model.trust=true")


def test_dotted_names_inside_are_trusted(config):
    text = WHOLE.replace("Hybrid", "kerasrec_zoo.hybrid.Hybrid")
    assert load_config(config(text)).model.class_ == "kerasrec_zoo.hybrid.Hybrid"


def test_trust_is_not_written_down(config):
    changed = load_config(config(), ["model.trust=true"])
    assert changed.model.trust and "trust" not in changed.to_dict()["model"]


CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))


def test_there_are_configs():
    assert len(CONFIGS) >= 3


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_config_is_valid_and_says_how_to_run_it(path):
    text = path.read_text()
    assert f"kerasrec fit configs/{path.parent.name}/{path.name}" in text.partition("\ndata:")[0]
    config = load_config(path)
    assert config.data.name == path.parent.name
    assert config.model.class_.lower() == path.stem.partition(".")[0].replace("_", "")
    # Of more than 10,000 users in the validation part, a sample would depend on the machine.
    if path.parent.name in ("beauty", "gowalla") and "epochs" in text:
        assert config.train.validate_users == "all"


def test_a_misspelt_key_is_found_without_tensorflow(config):
    program = (
        "import sys; from kerasrec.config import load_config\n"
        f"try: load_config({str(config(WHOLE.replace('epochs', 'epoch')))!r})\n"
        "except ValueError: pass\n"
        "print(sorted({'tensorflow', 'keras', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_options_of_features_are_arguments_of_the_encoder(config):
    text = """\
data:
  path: configs
  items:
    path: configs
    features:
      price: {kind: number, buckets: 20}
      added: {kind: time, parts: [hour, month]}
      maker: {kind: category, min_count: 5}
"""
    features = FeatureNode.model_validate
    found = {
        "price": features({"kind": "number", "buckets": 20}),
        "added": features({"kind": "time", "parts": ["hour", "month"]}),
        "maker": features({"kind": "category", "min_count": 5}),
    }
    assert load_config(config(text + "model: {class: TwoTower}\n")).data.items.features == found
    table = feature_table(TableNode(path="items.csv", features=found), "item")
    assert table["item_features"]["added"] == {
        "kind": "time",
        "column": "added",
        "parts": ["hour", "month"],
    }
