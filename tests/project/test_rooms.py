"""The rooms of the house: which may import which, at the start of a module, late in a function, or for a type."""

import ast
import glob
import os

from machine import ROOT

SRC = os.path.join(ROOT, "src")
# From the first to the last: a room imports from those before it only, and from itself.
ORDER = (
    "wording", "columns", "executable", "samples", "formats", "answers", "options", "request", "terminal", "files",
    "document", "formulas", "settings", "rules", "state", "command", "job", "metrics", "history", "tuning", "config",
    "measurement", "recorded", "session", "verbs", "agent", "cli", "__main__",
)  # fmt: skip
# What knows of no other rooms than these, though more stand before it: each could leave the house alone.
KNOWN = {
    "command": ("wording", "formats", "answers"),
    "job": ("executable", "wording", "files", "answers", "terminal"),
    "tuning": ("wording", "samples", "settings", "terminal", "history"),
    "agent": ("executable", "wording", "formats", "answers", "options"),
}


def parsed():
    """Return {"servo_batch.command.render": its tree, …}."""
    found = {}
    for path in glob.glob(os.path.join(SRC, "servo_batch", "**", "*.py"), recursive=True):
        module = os.path.relpath(path, SRC)[: -len(".py")].replace(os.sep, ".").replace(".__init__", "")
        with open(path, encoding="utf-8") as stream:
            found[module] = ast.parse(stream.read())
    return found


def imports(tree, known):
    """Return the modules of ours that import statements name, wherever these stand."""
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = "%s.%s" % (node.module, alias.name)
                named.add(inner if inner in known else node.module)
    return named & (set(known) - {"servo_batch"})


def room(module):
    return module.split(".")[1]


TREES = parsed()
IMPORTS = {module: imports(tree, TREES) for module, tree in TREES.items() if module != "servo_batch"}


def test_a_room_imports_from_those_before_it_and_from_none_that_it_need_not_know():
    assert {room(module) for module in IMPORTS} == set(ORDER)
    for module, others in IMPORTS.items():
        before = set(ORDER[: ORDER.index(room(module))]) & set(KNOWN.get(room(module), ORDER))
        assert {room(other) for other in others} <= {room(module), *before}, module


def test_no_module_imports_itself_by_way_of_others():
    left, ends = dict(IMPORTS), [""]
    while ends:
        ends = [module for module, others in left.items() if not others & set(left)]
        left = {module: others for module, others in left.items() if module not in ends}
    assert not left
