"""The rooms of the house: which may import which, at the start of a module, late in a function, or for a type."""

import ast
import os

from machine import ROOT

# From the first to the last: a room imports from those above it only, and from itself.
ORDER = (
    ("wording", "columns", "executable", "samples"),
    ("formats",),
    ("answers",),
    ("options",),
    ("request",),
    ("terminal",),
    ("files",),
    ("document",),
    ("formulas",),
    ("settings",),
    ("rules",),
    ("state",),
    ("command",),
    ("job",),
    ("metrics",),
    ("history",),
    ("tuning",),
    ("config",),
    ("measurement",),
    ("verbs",),
    ("agent",),
    ("cli",),
    ("__main__",),
)
PLACES = {room: place for place, rooms in enumerate(ORDER) for room in rooms}
# What knows of no other rooms than these, though more stand above it: each could leave the house alone.
KNOWN = {
    "command": ("wording", "formats", "answers"),
    "job": ("executable", "wording", "files", "answers", "terminal"),
    "tuning": ("wording", "samples", "settings", "terminal", "history"),
    "agent": ("executable", "wording", "formats", "answers", "options"),
}


def modules():
    """Return {"servo_batch.config.settings": source, …}."""
    source_root = os.path.join(ROOT, "src")
    found = {}
    for folder, _, names in os.walk(os.path.join(source_root, "servo_batch")):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                module = os.path.relpath(path, source_root)[: -len(".py")].replace(os.sep, ".")
                with open(path, encoding="utf-8") as stream:
                    found[module[: -len(".__init__")] if name == "__init__.py" else module] = stream.read()
    return found


def imports(source, known):
    """Return the modules of ours that a source names in its import statements, wherever these stand."""
    named = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = "%s.%s" % (node.module, alias.name)
                named.add(inner if inner in known else node.module)
    return named & (set(known) - {"servo_batch"})


def room(module):
    return module.split(".")[1]


MODULES = modules()
IMPORTS = {module: imports(source, MODULES) for module, source in MODULES.items() if module != "servo_batch"}


def test_every_room_has_its_place():
    assert {room(module) for module in IMPORTS} == set(PLACES)


def test_no_room_imports_what_comes_after_it():
    assert not [
        "%s imports %s" % (module, other)
        for module, others in IMPORTS.items()
        for other in others
        if room(other) != room(module) and PLACES[room(other)] >= PLACES[room(module)]
    ]


def test_rooms_that_know_few_others_know_no_more():
    assert not [
        "%s imports %s" % (module, other)
        for module, others in IMPORTS.items()
        for other in others
        if room(module) in KNOWN and room(other) not in (room(module), *KNOWN[room(module)])
    ]


def test_no_module_imports_itself_by_way_of_others():
    left, ends = dict(IMPORTS), [""]
    while ends:
        ends = [module for module, others in left.items() if not others & set(left)]
        left = {module: others for module, others in left.items() if module not in ends}
    assert not left
