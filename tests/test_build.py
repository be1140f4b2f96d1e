"""build.py: the same bytes everywhere, and code that is the source's."""

import ast
import builtins
import dis
import glob
import os
import pathlib
import subprocess
import sys

import pytest
from conftest import PYTHONS, ROOT

sys.path.insert(0, ROOT)
import build

SOURCES = sorted(glob.glob(os.path.join(ROOT, "src", "servo_batch", "**", "*.py"), recursive=True))


SHARED = build.shared_names(pathlib.Path(path).read_bytes() for path in SOURCES)
# They list the variables of a closure by name, so their order may change with the names.
CLOSURE_INSTRUCTIONS = ("MAKE_CELL", "COPY_FREE_VARS", "LOAD_CLOSURE", "BUILD_TUPLE")


class Bare(ast.NodeTransformer):
    """Takes off a tree what the build leaves out, and every docstring."""

    def visit_If(self, node):
        return None if getattr(node.test, "id", "") == "TYPE_CHECKING" else self.generic_visit(node)

    def visit_Assign(self, node):
        return None if getattr(node.targets[0], "id", "") == "TYPE_CHECKING" else node

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.visit_body(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        if getattr(node, "is_field", False):
            return node
        return ast.copy_location(ast.Assign([node.target], node.value), node) if node.value else None

    def visit_ClassDef(self, node):
        for child in node.body:
            child.is_field = any(getattr(base, "id", "") == "NamedTuple" for base in node.bases)
        return self.visit_body(node)

    def visit_body(self, node):
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:] or [ast.copy_location(ast.Pass(), first)]
        return self.generic_visit(node)

    visit_Module = visit_body  # noqa: N815 as ast wants it


def meaning(code, names):
    """Return what a code object does, line by line, its variables numbered in the order of their use.

    ``names`` has the numbers of the names so far that may be shortened everywhere.
    """
    numbers = {}
    steps = []
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        line = instruction.starts_line or line
        kind = instruction.opname.split("_")[-1]
        value = instruction.argval
        if instruction.opname in CLOSURE_INSTRUCTIONS:
            continue
        if instruction.opcode in dis.hasjrel + dis.hasjabs:
            value = None  # a distance, which a longer encoding of a closure's number may change
        elif instruction.opcode in dis.haslocal + dis.hasfree:
            value = numbers.setdefault(value, len(numbers))
        elif kind in ("NAME", "GLOBAL", "ATTR", "METHOD") and instruction.opname != "IMPORT_NAME":
            value = SHARED.program.get(value, value)
            is_attribute = kind in ("ATTR", "METHOD") or (kind == "NAME" and code.co_name != "<module>")
            stays = (
                not value.startswith("_") if is_attribute else value in SHARED.of_globals or hasattr(builtins, value)
            )
            value = value if stays else names.setdefault((is_attribute, value), len(names))
        elif hasattr(value, "co_code"):
            value = meaning(value, names)
        elif isinstance(value, str) and value.replace(".", "").replace("<locals>", "").isidentifier():
            value = "a word"  # it may be what a function or a class is called
        elif isinstance(value, tuple):
            value = repr(tuple(SHARED.program.get(part, part) for part in value))
        steps.append((line, instruction.opname, value))
    return steps


def compiled(source):
    tree = ast.fix_missing_locations(Bare().visit(ast.parse(source)))
    return meaning(compile(tree, "source", "exec"), {})


@pytest.mark.skipif(
    sys.version_info[:2] not in ((3, 8), (3, 9), (3, 10), (3, 11)), reason="reads these Pythons' bytecode"
)
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: os.path.relpath(path, ROOT))
def test_the_built_code_does_the_same_on_the_same_lines(path):
    with open(path, "rb") as stream:
        source = stream.read()
    built = build.condensed(source, SHARED)
    assert len(built) < len(source)
    assert compiled(built) == compiled(source)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: os.path.relpath(path, ROOT))
def test_a_lazy_function_is_the_source_s_and_on_its_lines(path):
    with open(path, "rb") as stream:
        source = build.condensed(stream.read(), SHARED)
    found = {}
    for statement in ast.parse(build.with_lazy_functions(source)).body:
        call = getattr(statement, "value", None)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "_L":
            line, text = map(ast.literal_eval, statement.value.args)
            found[text[len("def ") : text.index("(")]] = "\n" * (line - 1) + text
    for function in ast.parse(source).body:
        if getattr(function, "name", None) in found:
            lazy = ast.parse(found.pop(function.name)).body[0]
            assert ast.dump(lazy, include_attributes=True) == ast.dump(function, include_attributes=True)
    assert not found


def test_every_python_on_every_machine_builds_the_same_bytes(tmp_path):
    built = set()
    for number, (version, python) in enumerate(PYTHONS.items()):
        copy = tmp_path / version / ("folder %d" % number)
        (copy / "src" / "servo_batch").mkdir(parents=True)
        for path in SOURCES + [os.path.join(ROOT, "build.py")]:
            target = copy / os.path.relpath(path, ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "rb") as stream:
                target.write_bytes(stream.read())
            os.utime(str(target), (number * 10**8, number * 10**8))
            target.chmod(0o600 + number)
        output = tmp_path / ("%s.pyz" % version)
        command = 'umask %03o; exec "$0" build.py -o "$1"' % (number * 9)
        subprocess.run(
            ["/bin/sh", "-c", command, python, str(output)], cwd=str(copy), check=True, env={"TZ": "UTC+%d" % number}
        )
        assert os.access(str(output), os.X_OK)
        built.add(output.read_bytes())
    assert len(built) == 1
    assert len(built.pop()) <= 128 * 1024
