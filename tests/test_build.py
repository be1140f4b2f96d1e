"""build.py: the same bytes everywhere, and code that is the source's."""

import ast
import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import PYTHONS, ROOT

sys.path.insert(0, ROOT)
import build  # noqa: E402

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
