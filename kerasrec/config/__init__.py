"""Run configs: what `kerasrec fit` does, written down in YAML and checked before it starts."""

from kerasrec.config.load import load_config as load_config
from kerasrec.config.nodes import RunConfig as RunConfig
