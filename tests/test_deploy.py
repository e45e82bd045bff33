"""The files in deploy/, parsed with the server's protobuf messages if they are available."""

import http.server
import json
import pathlib
import re
import shutil
import subprocess
import threading

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

ROOT = pathlib.Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"

# tensorflow-serving-api does not contain these two messages. They are defined here as in
# servables/tensorflow/session_bundle_config.proto and config/monitoring_config.proto: field, number
# and type, where "int64?" is google.protobuf.Int64Value and "int64*" is repeated.
MESSAGES = {
    "BatchingParameters": [
        ("max_batch_size", 1, "int64?"),
        ("batch_timeout_micros", 2, "int64?"),
        ("max_enqueued_batches", 3, "int64?"),
        ("num_batch_threads", 4, "int64?"),
        ("allowed_batch_sizes", 6, "int64*"),
        ("pad_variable_length_inputs", 7, "bool"),
        ("enable_large_batch_splitting", 8, "bool?"),
        ("max_execution_batch_size", 9, "int64?"),
    ],
    "PrometheusConfig": [("enable", 1, "bool"), ("path", 2, "string")],
    "MonitoringConfig": [("prometheus_config", 1, "PrometheusConfig")],
}


@pytest.fixture(scope="module")
def messages():
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="written_here.proto", syntax="proto3")
    for wrapped in ("Int64Value", "BoolValue"):
        value = file.message_type.add(name=wrapped).field.add(name="value", number=1)
        value.type = field.TYPE_INT64 if wrapped == "Int64Value" else field.TYPE_BOOL
        value.label = field.LABEL_OPTIONAL
    plain = {"int64": field.TYPE_INT64, "bool": field.TYPE_BOOL, "string": field.TYPE_STRING}
    wrapper = {"int64?": "Int64Value", "bool?": "BoolValue"}
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind in fields:
            one = message.field.add(name=field_name, number=number, label=field.LABEL_OPTIONAL)
            if kind.endswith("*"):
                one.label = field.LABEL_REPEATED
            if kind.rstrip("*") in plain:
                one.type = plain[kind.rstrip("*")]
            else:
                one.type, one.type_name = field.TYPE_MESSAGE, wrapper.get(kind, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in MESSAGES
    }


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())["services"]["serving"]


@pytest.fixture(scope="module")
def flags(compose):
    return dict(flag.removeprefix("--").split("=", 1) for flag in compose["command"])


def read(name, message):
    return text_format.Parse((DEPLOY / name).read_text(), message)


def models(name):
    from tensorflow_serving.config import model_server_config_pb2

    config = read(name, model_server_config_pb2.ModelServerConfig())
    return {one.name: one for one in config.model_config_list.config}


def test_the_newest_version_is_served():
    hybrid = models("models.config")["hybrid"]
    assert (hybrid.base_path, hybrid.model_platform) == ("/models/hybrid", "tensorflow")
    assert hybrid.model_version_policy.latest.num_versions == 1


def test_canary_labels_name_served_versions():
    hybrid = models("models.canary.config")["hybrid"]
    assert hybrid.base_path == models("models.config")["hybrid"].base_path
    served = list(hybrid.model_version_policy.specific.versions)
    assert dict(hybrid.version_labels) == {"stable": served[0], "canary": served[1]}


def test_the_roll_back_in_the_readme_is_a_valid_policy():
    from tensorflow_serving.config import model_server_config_pb2

    text = re.search(r"`(model_version_policy .*?)` in", (DEPLOY / "README.md").read_text())[1]
    config = text_format.Parse(text, model_server_config_pb2.ModelConfig())
    assert list(config.model_version_policy.specific.versions) == [41]


def test_batching_fits_the_warm_up_and_the_local_server(messages):
    from kerasrec.export.warm_up import BATCHES
    from kerasrec.serving.batching_parameters import BatchingParameters

    batching = read("batching.config", messages["BatchingParameters"]())
    assert batching.max_batch_size.value == max(BATCHES)
    # Histories differ in length; without padding they cannot share a batch.
    assert batching.pad_variable_length_inputs
    local = BatchingParameters.read(DEPLOY / "batching.config")
    assert local.max_batch_size == batching.max_batch_size.value
    assert local.batch_timeout_micros == batching.batch_timeout_micros.value == 1000
    assert local.num_batch_threads == batching.num_batch_threads.value
    assert local.max_enqueued_batches == batching.max_enqueued_batches.value
    assert local.pad_variable_length_inputs


def test_monitoring(messages):
    monitoring = read("monitoring.config", messages["MonitoringConfig"]()).prometheus_config
    assert monitoring.enable
    readme = (DEPLOY / "README.md").read_text()
    (block,) = re.findall(r"^```yaml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (job,) = yaml.safe_load(block)["scrape_configs"]
    assert job["metrics_path"] == monitoring.path


def test_an_unknown_field_is_an_error(messages):
    with pytest.raises(text_format.ParseError, match="max_batch"):
        text_format.Parse("max_batch { value: 1 }", messages["BatchingParameters"]())


def test_files_named_by_flags_are_mounted(compose, flags):
    (config,) = [each for each in compose["volumes"] if each["target"] == "/config"]
    assert config["source"] == "."
    named = [value for value in flags.values() if value.startswith("/config/")]
    assert len(named) == 3
    assert all((DEPLOY / pathlib.PurePath(path).name).is_file() for path in named)
    assert all(each["read_only"] for each in compose["volumes"])


def test_flags_exist_in_the_server(flags):
    # tensorflow_serving/model_servers/main.cc.
    assert flags.keys() <= {
        "allow_version_labels_for_unavailable_models",
        "batching_parameters_file",
        "enable_batching",
        "file_system_poll_wait_seconds",
        "model_config_file",
        "model_config_file_poll_wait_seconds",
        "monitoring_config_file",
        "num_load_threads",
        "num_unload_threads",
        "rest_api_timeout_in_ms",
        "tensorflow_inter_op_parallelism",
        "tensorflow_intra_op_parallelism",
    }


def test_ports_are_bound_to_this_machine(compose):
    assert all(port.startswith("127.0.0.1:") for port in compose["ports"])


@pytest.mark.skipif(shutil.which("bash") is None, reason="THE HEALTH CHECK WAS NOT RUN: no bash")
@pytest.mark.parametrize("state,healthy", [("AVAILABLE", True), ("LOADING", False), (None, False)])
def test_the_health_check_follows_the_model_state(compose, state, healthy):
    body = json.dumps({"model_version_status": [{"version": "1", "state": state}]})

    class Status(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.removeprefix("/v1/models/")
            self.send_response(200 if state and name in models("models.config") else 404)
            self.end_headers()
            self.wfile.write(body.encode() if state else b"{}")

        def log_message(self, *_):
            pass

    command = compose["healthcheck"]["test"]
    assert command[:3] == ["CMD", "bash", "-c"]
    with http.server.HTTPServer(("127.0.0.1", 0), Status) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        script = command[3].replace("127.0.0.1/8501", f"127.0.0.1/{server.server_port}")
        assert script != command[3]
        done = subprocess.run(["bash", "-c", script], timeout=20)
        thread.join()
    assert (done.returncode == 0) == healthy


def test_the_readme_names_the_files_and_what_was_not_run():
    readme = (DEPLOY / "README.md").read_text()
    for name in re.findall(r"`(models\S*\.config|batching\.config|monitoring\.config)`", readme):
        assert (DEPLOY / name).is_file()
    assert "**Not run here.**" in readme and "**not verified**" in readme
    text = re.sub(r"```.*?```|`[^`\n]*`", "", readme, flags=re.DOTALL)
    used = set(re.findall(r"\[([^\]\n]+)\](?!\(|:)", text))
    defined = set(re.findall(r"^\[([^\]]+)\]: https://\S+$", readme, re.MULTILINE))
    assert used == defined
