"""YAML, the subset that every reader gives the same meaning: ``loads(source, name)`` and ``YamlError``."""

from servo_batch.formats.yaml_subset.reader import Mapping, Sequence, YamlError, loads

__all__ = ["Mapping", "Sequence", "YamlError", "loads"]
