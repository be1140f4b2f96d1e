"""build.py: the same bytes everywhere, and code that is the source's."""

import ast
import glob
import os
import subprocess
import sys

import pytest
from conftest import PYTHONS, ROOT

sys.path.insert(0, ROOT)
import build

SOURCES = sorted(glob.glob(os.path.join(ROOT, "src", "servo_batch", "**", "*.py"), recursive=True))


class Bare(ast.NodeTransformer):
    """Takes off a tree what the build leaves out."""

    def visit_If(self, node):
        unread = getattr(node.test, "id", "") == "TYPE_CHECKING" and not node.orelse
        return None if unread else self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        assign = ast.Assign(targets=[node.target], value=node.value)
        return ast.copy_location(assign, node) if node.value else node

    def visit_ClassDef(self, node):
        fields = [child for child in node.body if isinstance(child, ast.AnnAssign)]
        self.generic_visit(node)
        node.body = fields + [child for child in node.body if not isinstance(child, ast.Assign)]
        return node


def bare_dump(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Str):
            body[0].value.s = body[0].value.value = ""
    tree = Bare().visit(tree)
    # Where each statement starts, so that a traceback names the source's line.
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, (ast.Call, ast.Return, ast.Raise, ast.Name))]
    return ast.dump(tree), lines


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="ast.Str is gone")
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: os.path.relpath(path, ROOT))
def test_the_built_code_is_the_source_without_docstrings_and_annotations(path):
    with open(path, "rb") as stream:
        source = stream.read()
    assert bare_dump(build.condensed(source)) == bare_dump(source)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: os.path.relpath(path, ROOT))
def test_a_lazy_function_is_the_source_s_and_on_its_lines(path):
    with open(path, "rb") as stream:
        source = build.condensed(stream.read())
    found = {}
    for statement in ast.parse(build.with_lazy_functions(source)).body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            line, text = map(ast.literal_eval, statement.value.args)
            found[text[len("def ") : text.index("(")]] = "\n" * (line - 1) + text
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef) and not function.decorator_list:
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
