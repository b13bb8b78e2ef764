"""Source code as data: what it computes, without names, comments and layout, so that a change of it is noticed."""

import ast
import functools
import inspect
import textwrap


def normal_form(part) -> str:
    """The code of a module, class or function, without what cannot change a result: comments, docstrings, layout, and
    the names that it chooses itself. Others' stay, so that `ops.sum` in place of `ops.mean` is another code."""
    try:
        return _normal_form(inspect.getsource(part))
    except (OSError, TypeError):  # typed into python -c, or made at run time: there is no source
        return repr(getattr(getattr(part, "__code__", part), "co_code", part))


@functools.cache
def _normal_form(source: str) -> str:
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    methods = {each.name for node in classes for each in node.body if isinstance(each, ast.FunctionDef)}
    own = {}
    for node in ast.walk(tree):  # every name that is bound here, numbered in the order of appearance
        for name in _bound(node):
            if name not in methods:  # a base class calls them by name
                own.setdefault(name, f"name_{len(own)}")
    for node in ast.walk(tree):
        for field in ("id", "arg", "name", "asname"):
            if getattr(node, field, None) in own:
                setattr(node, field, own[getattr(node, field)])
    return repr(_plain(tree))


def _plain(part):
    """A syntax tree as tuples, without what is empty; `ast.unparse` and `ast.dump` write it by Python's version."""
    if isinstance(part, ast.AST):
        fields = ((name, _plain(value)) for name, value in ast.iter_fields(part) if value not in (None, []))
        return type(part).__name__, *fields
    return [_plain(each) for each in part] if isinstance(part, list) else part


def _bound(node) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.alias):
        return [node.asname] if node.asname else []
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
