"""Source code as data: what it computes, without names, comments and layout, so that a change of it is noticed."""

import ast
import functools
import inspect
import textwrap

#: Kind of node -> its field that binds a name.
BINDS = {ast.FunctionDef: "name", ast.ClassDef: "name", ast.arg: "arg", ast.alias: "asname"}


def normal_form(part) -> str:
    """The code of a module, class or function, without what cannot change a result: comments, docstrings, layout, and
    the names that it chooses itself. Others' stay, so that `ops.sum` in place of `ops.mean` is another code."""
    try:
        return _normal_form(inspect.getsource(part))
    except (OSError, TypeError):  # typed into python -c, or made at run time: there is no source
        return repr(_compiled(part.__code__) if inspect.isfunction(part) else part)


def module_forms(part) -> list[str]:
    """The normal form of the module of a function or class. A notebook is no file: of what is defined there, the forms
    of all functions, classes and numbers of it that the part uses."""
    bound = []
    while isinstance(part, functools.partial):
        bound, part = [*part.args, *part.keywords.values(), *bound], part.func
    module, found, left = inspect.getmodule(part), [], [part, *bound]
    if hasattr(module, "__file__"):
        return [normal_form(module), *map(repr, bound)]
    while left:
        each = left.pop()
        kind = each if isinstance(each, type) or inspect.isfunction(each) else type(each)
        if kind in (bool, int, float, str, tuple):
            found.append(repr(each))
        elif kind.__module__ == part.__module__ and kind not in found:
            used = inspect.getclosurevars(kind) if inspect.isfunction(kind) else None
            named = used.nonlocals | used.globals if used else vars(kind)
            left += [each for name, each in named.items() if inspect.isfunction(each) or not name.startswith("__")]
            found.append(kind)
    return [normal_form(each) if inspect.isfunction(each) else str(each) for each in found]


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
        stored = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        name = getattr(node, "id" if stored else BINDS.get(type(node), ""), None)
        if name and name not in methods:  # a base class calls them by name
            own.setdefault(name, f"name_{len(own)}")
    for node in ast.walk(tree):
        for field in ("id", "arg", "name", "asname"):
            if getattr(node, field, None) in own:
                setattr(node, field, own[getattr(node, field)])
    return repr(_plain(tree))


def _compiled(made) -> tuple:
    return made.co_code, made.co_names, *(_compiled(c) if inspect.iscode(c) else c for c in made.co_consts)


def _plain(part):
    """A syntax tree as tuples, without what is empty; `ast.unparse` and `ast.dump` write it by Python's version."""
    if isinstance(part, ast.AST):
        fields = ((name, _plain(value)) for name, value in ast.iter_fields(part) if value not in (None, []))
        return type(part).__name__, *fields
    return [_plain(each) for each in part] if isinstance(part, list) else part
