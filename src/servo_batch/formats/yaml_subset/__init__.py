"""YAML, the subset that every reader gives the same meaning: ``loads(source, name)`` and ``YamlError``."""

from servo_batch.formats.yaml_subset.errors import YamlError
from servo_batch.formats.yaml_subset.reader import loads
from servo_batch.formats.yaml_subset.values import Mapping, Sequence

__all__ = ["Mapping", "Sequence", "YamlError", "loads"]
