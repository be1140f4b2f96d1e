"""The YAML readers that people use, each as a function: a list of documents → what it makes of each.

PyYAML, its CSafeLoader (libyaml) and ruamel.yaml are imported; npm's yaml, js-yaml and Ruby's Psych run as processes that
stay and answer a list of documents at a time. ``yaml_readers_install.sh FOLDER`` installs those, and
``SERVO_BATCH_YAML_READERS=FOLDER`` says where they are; then a reader that is missing is an error.
"""

import functools
import json
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("SERVO_BATCH_YAML_READERS", "")
PYTHON = ("PyYAML", "libyaml", "ruamel.yaml")
JAVASCRIPT = ("yaml 1.2", "yaml 1.1", "js-yaml 5", "js-yaml 4", "js-yaml 3")
NAMES = (*PYTHON, *JAVASCRIPT, "Psych")


class NotInstalledError(Exception):
    """The reader is not on this machine."""


class Refused(str):
    """Why there is no value: the reader took the document for a wrong one, or failed."""


class Other(str):
    """A value that JSON cannot hold, such as a date or a symbol."""


class JsNumber(float):
    """A number of JavaScript, which has one kind: 1 is 1.0 and 0 is -0."""


class JsObject(dict):
    """An object of JavaScript, whose keys that look like an array's index stand first, by size."""


@functools.lru_cache(maxsize=None)
def reader(name):
    """Return the reader of this name; raise ``NotInstalledError``."""
    if name in PYTHON:
        return functools.partial(each, python_reader(name))
    command = ["node", "yaml_readers.js", name] if name in JAVASCRIPT else ["ruby", "yaml_readers.rb"]
    if not shutil.which(command[0]):
        raise NotInstalledError(command[0])
    # A reader that is looked for on the chance may be missing; one that is asked for says why it does not start.
    errors = None if FOLDER else subprocess.DEVNULL
    environment = dict(os.environ, NODE_PATH=os.path.join(FOLDER, "node_modules"))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
    process = subprocess.Popen(command, cwd=HERE, env=environment, **pipes)
    if process.stdout.readline() != b"ready\n":
        raise NotInstalledError(" ".join(command))
    return functools.partial(exchange, process)


def python_reader(name):
    """Return a function from a document to its value."""
    try:
        import yaml
        from ruamel.yaml import YAML
    except ImportError as error:
        raise NotInstalledError(str(error)) from None
    if name == "ruamel.yaml":
        return lambda text: YAML(typ="safe", pure=True).load(text)
    return functools.partial(yaml.load, Loader=yaml.SafeLoader if name == "PyYAML" else yaml.CSafeLoader)


def each(read, texts):
    """Read the documents one by one; a reader that is no part of servo-batch may raise anything."""
    values = []
    for text in texts:
        try:
            values.append(read(text))
        except Exception as error:
            values.append(Refused(error))
    return values


def exchange(process, texts):
    """Have a process read the documents."""
    process.stdin.write(json.dumps(texts).encode() + b"\n")
    process.stdin.flush()
    return [decoded(told) for told in json.loads(process.stdout.readline().decode("utf-8"))]


def decoded(told):
    """Return the value that a process has told: see yaml_readers.js and yaml_readers.rb."""
    if isinstance(told, list):
        return [decoded(item) for item in told]
    if not isinstance(told, dict):
        return told
    ((kind, content),) = told.items()
    if kind in ("map", "object"):
        if not all(isinstance(key, str) for key, _ in content):
            return Other(content)
        return (dict if kind == "map" else JsObject)((key, decoded(item)) for key, item in content)
    if kind in ("float", "number"):
        return (float if kind == "float" else JsNumber)(content.replace("Infinity", "inf"))
    return {"integer": int, "other": Other, "error": Refused}[kind](content)


def same(one, other):
    """Tell whether two values are equal with the same types, signs of zero and order of keys, as the other can tell."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = javascript_order(one) if isinstance(other, JsObject) else list(one)
        return keys == list(other) and all(same(one[key], other[key]) for key in keys)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(other, JsNumber):
        return type(one) in (int, float) and one == other
    return type(one) is type(other) and repr(one) == repr(other)


def javascript_order(keys):
    """Return the keys in the order that an object of JavaScript has them."""
    indices = [key for key in keys if re.fullmatch("0|[1-9][0-9]{0,9}", key) and int(key) < 2**32 - 1]
    return sorted(indices, key=int) + [key for key in keys if key not in indices]
