"""Run configs: YAML files for `kerasrec fit`, checked before anything is built."""

from kerasrec.config.load import load_config as load_config
from kerasrec.config.run_config import RunConfig as RunConfig
