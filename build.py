#!/usr/bin/env python3
"""Bundle src/ into servo-batch.pyz: one executable file, the same bytes wherever and by whatever Python it is built.

The archive is stored, not compressed: it needs no zlib at run time and starts sooner. Its entries are sorted and carry
a fixed time, mode and system, so that nothing of the building machine reaches the file.

Python keeps no bytecode for what it imports from an archive: every start of the file compiles what it imports. That is
most of the time a short call takes, so the archive holds the sources without what only people and type checkers read,
local names shortened, and each function as a string that is compiled when it is first called. Lines keep their numbers,
so that a traceback points into src/.
"""

import argparse
import builtins
import collections
import io
import itertools
import keyword
import os
import pathlib
import re
import symtable
import sys
import tokenize
import zipfile
from typing import Dict, FrozenSet, Iterable, Iterator, List, NamedTuple, Optional, Set

SHEBANG = b"#!/usr/bin/env python3\n"
MAX_BYTES = 128 * 1024
# The first moment a zip file can name.
EPOCH = (1980, 1, 1, 0, 0, 0)
# What short calls import. Nothing of what runs beside the job is here: it is compiled before the job's time is taken.
LAZY = frozenset(
    "servo_batch/%s.py" % name
    for name in (
        "adjust",
        "cli",
        "command",
        "config",
        "measure",
        "metrics",
        "protocol",
        "shell",
        "state",
        "strict_json",
        "yaml_subset",
    )
)
# _L(line, source) takes one function's text: to be compiled at the first call, then in the stub's place.
LAZILY = b"""
import sys
def _L(line,source):
 namespace=sys._getframe(1).f_globals
 name=source[4:source.index("(")]
 def stub(*args,**kwargs):
  if namespace[name]is stub:
   exec(compile("\\n"*(line-1)+source,namespace["__file__"],"exec",0,True),namespace)
  return namespace[name](*args,**kwargs)
 namespace[name]=stub
"""


class Names(NamedTuple):
    """The names by which one part of the program may know something of another, so that they have to stay."""

    of_locals: FrozenSet[str]
    of_globals: FrozenSet[str]
    # But not these, with their short names: private attributes of the program's own classes, and what a module defines
    # at its top level and others know only by an import or as an attribute of the module.
    private: Dict[str, str]
    program: Dict[str, str]


def build(source: pathlib.Path, target: pathlib.Path) -> int:
    """Write the package below ``source`` to ``target``, executable, and return its size in bytes.

    The file replaces ``target`` whole or not at all. Raises ``OSError`` where a file cannot be read or written.
    """
    paths = sorted(source.glob("servo_batch/**/*.py"), key=lambda path: path.parts)
    shared = shared_names(path.read_bytes() for path in paths)
    partial = target.with_name(target.name + ".partial")
    try:
        with open(str(partial), "wb") as stream:
            stream.write(SHEBANG)
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for path in paths:
                    name = path.relative_to(source).as_posix()
                    code = condensed(path.read_bytes(), shared)
                    if name in LAZY:
                        code = with_lazy_functions(code)
                    elif name == "servo_batch/__init__.py":
                        code += LAZILY
                    elif name == "servo_batch/__main__.py":
                        name = "__main__.py"
                    archive.writestr(_entry(name), code)
        partial.chmod(0o755)
        os.replace(str(partial), str(target))
    finally:
        if partial.exists():
            partial.unlink()
    return target.stat().st_size


def condensed(source: bytes, shared: Names) -> bytes:
    """Return Python source that does the same on the same lines, without what only people and type checkers read.

    That is comments, docstrings, annotations, ``if TYPE_CHECKING:`` and white space. Only what all Pythons tokenize
    alike is looked at, so that all of them return the same bytes. Annotations in the body of a class stay:
    ``typing.NamedTuple`` reads them. Raises ``ValueError`` for an f-string and for a line continued by a backslash.
    """
    text = ""
    row = 1
    level = 0
    line_start = True  # of a logical line
    tokens = _with_short_names(source, _without_annotations(_without_type_checking(_significant(source))), shared)
    for index, token in enumerate(tokens):
        if token.type == tokenize.INDENT:
            level += 1
        elif token.type == tokenize.DEDENT:
            level -= 1
        elif token.type == tokenize.NEWLINE:
            line_start = True
        elif token.string:
            string = token.string
            if line_start and token.type == tokenize.STRING and tokens[index + 1].type == tokenize.NEWLINE:
                if tokens[index + 2].type != tokenize.DEDENT:
                    continue
                string = '""'  # a block needs a statement
            if token.start[0] > row:
                text += "\n" * (token.start[0] - row)
            elif _would_join(text[-1:], string[0]):
                text += " "
            text += " " * level * line_start + string
            row = token.start[0] + string.count("\n")
            line_start = False
    return (text + "\n").encode("utf-8")


def with_lazy_functions(source: bytes) -> bytes:
    """Return condensed source in which each function at its top level is a string, compiled at the first call.

    Raises ``ValueError`` for a function whose text a raw string cannot hold.
    """
    lines = source.decode("utf-8").split("\n")
    tokens = _significant(source)
    for index, token in enumerate(tokens):
        before = tokens[index - 1].type if index else tokenize.NEWLINE
        # At column 0 a logical line starts, or goes on inside brackets; decorated functions are left as they are.
        if token.string != "def" or token.start[1] or before not in (tokenize.NEWLINE, tokenize.DEDENT):
            continue
        start = token.start[0]
        if any(line.startswith("@") for line in lines[start - 2 : start - 1]):
            continue
        body = next(number for number in range(index, len(tokens)) if tokens[number].type == tokenize.INDENT)
        last = [t for t in tokens[body : _block_end(tokens, body)] if t.type == tokenize.NEWLINE][-1].start[0]
        text = "\n".join(lines[start - 1 : last])
        if "'''" in text or lines[last - 1].endswith("\\"):
            raise ValueError("line %d: a function that a raw string in ''' cannot hold" % start)
        lines[start - 1] = "_L(%d,r'''%s" % (start, lines[start - 1])
        lines[last - 1] += " ''')"
    first = next(number for number, line in enumerate(lines) if line and line != '""')
    lines[first] = "from servo_batch import _L;" + lines[first]
    return "\n".join(lines).encode("utf-8")


def _significant(source: bytes) -> List[tokenize.TokenInfo]:
    """Return the tokens that matter to the parser."""
    tokens: List[tokenize.TokenInfo] = []
    row, between_lines = 0, True
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        name = tokenize.tok_name[token.type]
        if name == "FSTRING_START" or (name == "STRING" and token.string[0] in "fF"):
            raise ValueError("line %d: an f-string, whose names are no tokens on every Python; use %%" % token.start[0])
        if token.start[0] > row and not between_lines:
            raise ValueError("line %d: continued by a backslash; use parentheses" % token.start[0])
        between_lines = name in ("NEWLINE", "NL", "COMMENT", "INDENT", "DEDENT", "ENCODING")
        row = token.end[0]
        if name not in ("ENCODING", "COMMENT", "NL", "ENDMARKER"):
            tokens.append(token)
    return tokens


def _without_type_checking(tokens: List[tokenize.TokenInfo]) -> List[tokenize.TokenInfo]:
    """Leave out each ``if TYPE_CHECKING:`` block, and ``TYPE_CHECKING = False``."""
    kept: List[tokenize.TokenInfo] = []
    index = 0
    while index < len(tokens):
        end = index
        words = [token.string for token in tokens[index : index + 3]]
        if words == ["if", "TYPE_CHECKING", ":"]:
            end = _block_end(tokens, index + 4)
        elif words == ["TYPE_CHECKING", "=", "False"]:
            end = index + 4
        if end == index:
            kept.append(tokens[index])
            index += 1
        else:
            index = end
    return kept


def _block_end(tokens: List[tokenize.TokenInfo], index: int) -> int:
    """Return the index after the block whose INDENT is at ``index``."""
    level = 0
    while True:
        level += (tokens[index].type == tokenize.INDENT) - (tokens[index].type == tokenize.DEDENT)
        index += 1
        if not level:
            return index


def _without_annotations(tokens: List[tokenize.TokenInfo]) -> List[tokenize.TokenInfo]:
    """Leave out the annotations of parameters, of results, and of variables, but for the fields of a NamedTuple."""
    kept: List[tokenize.TokenInfo] = []
    blocks = [""]  # what opened each block around: its keyword, or NamedTuple
    opener = ""  # what started this logical line
    depth = 0  # of brackets
    skip_to = ""  # inside an annotation: the strings that end it, at the depth it began at
    skip_depth = 0
    for index, token in enumerate(tokens):
        string = token.string
        line_start = not kept or kept[-1].type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        if token.type == tokenize.INDENT:
            blocks.append(opener)
        elif token.type == tokenize.DEDENT:
            blocks.pop()
        elif line_start or (opener == "class" and string == "NamedTuple"):
            opener = string
        if skip_to and depth == skip_depth and string in skip_to.split(" "):
            skip_to = ""
            if string == "\n":  # no value: without the annotation nothing is left of the statement
                while kept[-1].type in (tokenize.NAME, tokenize.OP):
                    kept.pop()
                continue
        if not skip_to and string == ":" and opener == "def" and depth == 1:
            skip_to, skip_depth = ", = )", depth
        elif not skip_to and string == "->":
            skip_to, skip_depth = ":", depth
        elif (
            not skip_to and string == ":" and blocks[-1] != "NamedTuple" and not depth and _is_annotation(tokens, index)
        ):
            skip_to, skip_depth = "= \n", depth
        if string in "([{" and token.type == tokenize.OP:
            depth += 1
        elif string in ")]}" and token.type == tokenize.OP:
            depth -= 1
        if not skip_to:
            kept.append(token)
    return kept


def shared_names(sources: Iterable[bytes]) -> Names:
    """Return the names that ``sources`` share.

    A parameter may be known by its keyword. What is global in a module may be known also as an attribute of it or by an
    import. A private attribute is renamed where ``self`` has it and nothing else has its name.
    """
    sources = list(sources)
    keywords: Set[str] = set()
    attributes: Set[str] = set()
    own: Set[str] = set()
    others: Set[str] = set()
    imported: Set[str] = set()
    for source in sources:
        depth = 0
        importing = False
        tokens = _without_annotations(_without_type_checking(_significant(source)))
        for owner, before, token, after in zip([tokens[0]] + tokens, tokens, tokens[1:], tokens[2:]):
            depth += _nesting(token)
            importing = token.type != tokenize.NEWLINE and (importing or token.string == "import")
            if token.type == tokenize.NAME and depth and after.string == "=":
                keywords.add(token.string)
            elif token.type == tokenize.NAME and _is_attribute(before):
                attributes.add(token.string)
                if owner.string == "self":
                    own.add(token.string)
                elif owner.string in imported:
                    others.add(token.string)
            elif token.type == tokenize.NAME:
                others.add(token.string)
                if importing:
                    attributes.add(token.string)
                    imported.add(token.string)
    private = sorted(name for name in own - others - keywords if name.startswith("_") and not name.startswith("__"))
    return Names(
        frozenset(keywords),
        frozenset(keywords | attributes),
        dict(zip(private, map("_".__add__, _free_names(set())))),
        _program_names(sources),
    )


def _program_names(sources: List[bytes]) -> Dict[str, str]:
    """Return a short name for each name that means one thing, a global of the program, wherever it stands.

    That is what some module defines at its top level, and what stands elsewhere only bare, in an import from the
    program, or as an attribute of one of its modules.
    """
    defined: Set[str] = set()
    foreign: Set[str] = set(dir(builtins))
    for source in sources:
        module = symtable.symtable(source.decode("utf-8"), "source", "exec")
        defined.update(symbol.get_name() for symbol in module.get_symbols() if symbol.is_assigned())
        local = set(_local_names(module))
        foreign |= local
        modules: Set[str] = set()
        tokens = _without_annotations(_without_type_checking(_significant(source)))
        statement: List[str] = []
        depth = 0
        for owner, before, token, after in zip([tokens[0]] + tokens, tokens, tokens[1:], tokens[2:]):
            depth += _nesting(token)
            statement = [] if before.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT) else statement
            statement.append(token.string)
            if token.type == tokenize.STRING and len(statement) > 1:  # not a docstring
                foreign.update(re.findall(r"\w+", token.string))
            elif token.type == tokenize.NAME:
                if statement[:3] == ["from", "servo_batch", "import"]:
                    modules.add(token.string)
                if statement[0] in ("from", "import"):
                    is_ours = statement[1:2] == ["servo_batch"]
                elif _is_attribute(before):
                    is_ours = owner.string in modules - local
                else:
                    is_ours = not (depth and after.string == "=")  # a keyword
                if not is_ours:
                    foreign.add(token.string)
    names = sorted(name for name in defined - foreign if len(name) > 3 and not name.startswith("__"))
    return {name: short + "_" for name, short in zip(names, _free_names(set()))}


def _local_names(module: symtable.SymbolTable) -> Iterator[str]:
    """Yield what is defined in a function or a class of ``module``, also in one inside another."""
    for table in module.get_children():
        for symbol in table.get_symbols():
            if not symbol.is_global() and not symbol.is_imported():
                yield symbol.get_name()
        yield from _local_names(table)


def _is_attribute(before: tokenize.TokenInfo) -> bool:
    """Tell by the token before it whether a name is an attribute, or a method in a class's body."""
    return before.string == "." or (before.string == "def" and before.start[1] > 0)


def _nesting(token: tokenize.TokenInfo) -> int:
    return 0 if token.type != tokenize.OP else (token.string in "([{") - (token.string in ")]}")


def _with_short_names(source: bytes, tokens: List[tokenize.TokenInfo], shared: Names) -> List[tokenize.TokenInfo]:
    """Rename what is local to a function or method, and what only this module knows; ``shared`` names stay."""
    module = symtable.symtable(source.decode("utf-8"), "source", "exec")
    short = _module_names(module, shared.of_globals)
    result = [token._replace(string=short.get(token.string, token.string)) for token in tokens]
    scopes = iter(_functions(module))
    end = 0
    for index, token in enumerate(tokens):
        if index < end or token.string != "def":
            continue
        body = next(number for number in range(index, len(tokens)) if tokens[number].type == tokenize.INDENT)
        end = _block_end(tokens, body)
        scope = next(scopes)
        if scope.get_name() != tokens[index + 1].string:
            raise ValueError("line %d: the symbol table has another function here" % token.start[0])
        short = _short_names(scope, tokens[index:end], shared.of_locals)
        depth = 0
        for number in range(index, end):
            depth += _nesting(tokens[number])
            is_keyword = depth and tokens[number + 1].string == "="
            # The function's own name, which comes first, is the module's or the class's.
            is_own = number > index + 1 and tokens[number - 1].string != "." and not is_keyword
            if tokens[number].string in short and is_own:
                result[number] = tokens[number]._replace(string=short[tokens[number].string])
    for index, (before, token) in enumerate(zip([result[0]] + result, result)):
        name = shared.program.get(token.string, token.string)
        result[index] = token._replace(string=shared.private.get(name, name) if _is_attribute(before) else name)
    return result


def _module_names(module: symtable.SymbolTable, shared: FrozenSet[str]) -> Dict[str, str]:
    """Return a short name for each name of a module's top level that no other module knows."""
    names = sorted(
        symbol.get_name()
        for symbol in module.get_symbols()
        if symbol.is_assigned() and symbol.get_name() not in shared and not symbol.get_name().startswith("__")
    )
    return {name: "_" + short for name, short in zip(names, _free_names(set()))}


def _free_names(taken: Set[str]) -> Iterator[str]:
    for length in (1, 2):
        for name in map("".join, itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=length)):
            if name not in taken and not keyword.iskeyword(name):
                yield name


def _functions(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield the scopes of functions and methods that are in no function, in the source's order."""
    for child in table.get_children():
        if child.get_type() == "class":
            yield from _functions(child)
        elif child.get_name() not in ("lambda", "genexpr", "listcomp", "setcomp", "dictcomp"):
            yield child


def _short_names(
    function: symtable.SymbolTable, tokens: List[tokenize.TokenInfo], shared: FrozenSet[str]
) -> Dict[str, str]:
    """Return a short name for each long one that is local to ``function`` or to a scope inside it."""
    local, kept = set(), set(shared)
    scopes = [function]
    for scope in scopes:
        scopes.extend(scope.get_children())
        for symbol in scope.get_symbols():
            if symbol.is_global() or symbol.is_imported() or symbol.get_name().startswith("__"):
                kept.add(symbol.get_name())
            elif symbol.is_local() or symbol.is_parameter():
                local.add(symbol.get_name())
    counts = collections.Counter(token.string for token in tokens if token.type == tokenize.NAME)
    free = _free_names(set(counts))
    # The most frequent first, so that it gets one letter.
    return {name: next(free) for name in sorted(local - kept, key=lambda name: (-counts[name], name)) if len(name) > 1}


def _is_annotation(tokens: List[tokenize.TokenInfo], colon: int) -> bool:
    """Tell whether the line up to this colon is the target of an annotation: a name, or an attribute."""
    start = colon
    while start and tokens[start - 1].type in (tokenize.NAME, tokenize.OP):
        start -= 1
    target = tokens[start:colon]
    if tokens[start - 1].type in (tokenize.STRING, tokenize.NUMBER) or len(target) % 2 == 0:
        return False
    names, dots = target[::2], target[1::2]
    return all(n.type == tokenize.NAME and not keyword.iskeyword(n.string) for n in names) and {
        d.string for d in dots
    } <= {"."}


def _would_join(before: str, after: str) -> bool:
    """Tell whether two tokens written side by side could be read as one."""
    return (before.isalnum() or before == "_") and (after.isalnum() or after in "_\"'")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = 3  # Unix, also where the builder is not
    entry.external_attr = 0o100644 << 16
    return entry


def main(arguments: Optional[List[str]] = None) -> int:
    """Build as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description="Bundle src/ into one executable file.")
    parser.add_argument("-o", "--output", metavar="FILE", default="servo-batch.pyz", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        size = build(pathlib.Path(__file__).resolve().parent / "src", pathlib.Path(options.output))
    except OSError as error:
        print("build.py: %s" % error, file=sys.stderr)
        return 1
    if size > MAX_BYTES:
        print("build.py: %s has %d bytes, more than %d" % (options.output, size, MAX_BYTES), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
