"""The house rules as functions: a syntax tree or a text in, the places that break the rule out.

Each rule yields ``line: what is wrong``. ``test_rules.py`` shows each a bad sample, ``test_house.py`` the house.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

# From top to bottom. A name imports only names of lines below its own; names on one line never import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("cli",),  # `gateway serve` runs the web application
    ("web",),
    ("assemble",),
    ("evidence",),  # the door of files beside that of documents
    ("events",),  # the answers of subscriptions
    ("pipeline", "intake", "figures"),
    # Parts of the pipeline and of assemble.
    ("prepared", "named", "performed", "scenes", "explained", "bundles", "space", "rested", "timekeeping"),
    ("ledger",),
    ("schema",),
    ("identity", "operation", "policy", "plan", "vault", "reply", "audit", "actions"),
    ("rights", "notices", "consumers"),
    ("store",),
    ("values",),
    ("asking", "logged"),  # step 1 of the values, with a file of its own
    ("catalogue",),
    ("settings", "errors", "signing", "clock"),
)
LEVELS: Mapping[str, int] = MappingProxyType({name: level for level, line in enumerate(LAYERS) for name in line})

# Which rooms may import a library; every other room may not.
FENCES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "casbin": frozenset({"policy"}),
        "chinese_calendar": frozenset({"cli"}),
        "graphql": frozenset({"operation", "schema"}),
        "strawberry": frozenset({"schema", "actions", "web"}),
        "cryptography": frozenset({"vault", "audit", "identity", "signing"}),
        "joserfc": frozenset({"identity"}),
        "httpx": frozenset({"identity", "audit", "notices"}),
        "standardwebhooks": frozenset({"notices"}),
        "starlette": frozenset({"web"}),
        "asyncpg": frozenset(),  # the benchmark's reference
        "random": frozenset(),
        "secrets": frozenset(),
        "uuid": frozenset(),
    }
)

# Whatever reads the clock, chance or the environment behind the back of the ports.
TAKEN_DIRECTLY: Mapping[str, str] = MappingProxyType(
    {
        "datetime.now": "clock",
        "datetime.utcnow": "clock",
        "datetime.today": "clock",
        "date.today": "clock",
        "time.time": "clock",
        "time.time_ns": "clock",
        "time.monotonic": "clock",
        "time.monotonic_ns": "clock",
        "time.perf_counter": "clock",
        "time.localtime": "clock",
        "time.gmtime": "clock",
        "os.urandom": "clock",
        "os.getrandom": "clock",
        "os.environ": "settings",
        "os.environb": "settings",
        "os.getenv": "settings",
        "os.putenv": "settings",
    }
)

MUTABLE = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "Counter", "deque", "WeakKeyDictionary", "array"}
)


def room(module: str) -> str:
    """``gateway.store.tables`` → ``store``."""
    return module.split(".")[1] if "." in module else ""


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported module, wherever the import stands; ``from a import b`` gives ``a`` and ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield node.lineno, base
            for name in node.names:
                yield node.lineno, f"{base}.{name.name}"


def upward(module: str, tree: ast.AST) -> Iterator[str]:
    """Imports that go up or sideways."""
    own = room(module)
    if own and own not in LEVELS:
        yield f"1: {own} has no place in the layers"
        return
    for line, name in imports(tree):
        if name.startswith("."):
            yield f"{line}: relative import"
        other = room(name) if name.startswith("gateway.") else ""
        if other and own and other != own and LEVELS.get(other, -1) <= LEVELS[own]:
            yield f"{line}: {own} imports {other}"


def over_fences(module: str, tree: ast.AST) -> Iterator[str]:
    """Libraries outside their rooms; clock, chance and environment taken directly."""
    own = room(module)
    for line, name in imports(tree):
        library = name.split(".")[0]
        if own not in FENCES.get(library, frozenset({own})):
            yield f"{line}: {library} in {own}"
        if TAKEN_DIRECTLY.get(name, own) != own:
            yield f"{line}: {name} outside {TAKEN_DIRECTLY[name]}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if TAKEN_DIRECTLY.get(name, own) != own:
                yield f"{node.lineno}: {name} outside {TAKEN_DIRECTLY[name]}"


def hidden_imports(tree: ast.AST) -> Iterator[str]:
    """Imports inside functions, and TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for line, name in imports(node):
                yield f"{line}: {name} is imported inside a function"
        if isinstance(node, ast.Name | ast.Attribute | ast.alias) and "TYPE_CHECKING" in ast.unparse(node):
            yield f"{node.lineno}: TYPE_CHECKING"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"importlib.import_module", "__import__"}:
            yield f"{node.lineno}: an import in disguise"


def module_state(tree: ast.Module) -> Iterator[str]:
    """Mutable objects at module or class level, and functions that remember."""
    for body in _standing_bodies(tree):
        for node in body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            exports = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
            if value is not None and not exports and _mutable(value):
                yield f"{node.lineno}: a mutable object at module level"
    for line in _remembering(tree):
        yield f"{line}: a cache at module level"
    for part in ast.walk(tree):
        if isinstance(part, ast.Global):
            yield f"{part.lineno}: global"


def _standing_bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """The statements that run on import: all but those inside functions."""
    for field in ("body", "orelse", "finalbody"):
        body = getattr(tree, field, None)
        if isinstance(body, list) and not isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef):
            yield body
            for node in body:
                yield from _standing_bodies(node)


def _mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp):
        return True
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).split(".")[-1] in MUTABLE
    # `frozenset() | {…}` is a frozenset: the left side decides, except in `3 * []`.
    return isinstance(value, ast.BinOp) and (_mutable(value.left) or isinstance(value.right, ast.List))


def _remembering(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if re.search(r"\b(lru_cache|cache)\b", ast.unparse(decorator).split("(")[0]):
                yield decorator.lineno


def raw_sql(tree: ast.AST) -> Iterator[str]:
    """Statements by text instead of expressions."""
    named = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for name in node.names
        if name.name == "text"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            by_module = re.fullmatch(r"(sa|sqlalchemy)(\.sql)?\.text", name) is not None
            if name in named or by_module or name.endswith(".exec_driver_sql"):
                yield f"{node.lineno}: {name}("


def untyped(tree: ast.AST) -> Iterator[str]:
    """Functions with an argument or result that has no type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = node.args
            arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            bare = [one.arg for one in arguments if one is not None and one.annotation is None]
            if set(bare) - {"self", "cls"} or (node.returns is None and node.name != "__init__"):
                yield f"{node.lineno}: {node.name} is not typed"


def asserting(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Names of the functions that can fail a test: by themselves, or by calling one that can."""
    functions = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    found = {node.name for node in functions if _asserts(node, frozenset())}
    while True:
        more = {node.name for node in functions if _asserts(node, frozenset(found))} - found
        if not more:
            return frozenset(found)
        found |= more


def _asserts(function: ast.AST, known: frozenset[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"pytest.raises", "pytest.warns", "pytest.fail"} or name.split(".")[-1] in known:
                return True
    return False


def empty_tests(tree: ast.AST, known: frozenset[str]) -> Iterator[str]:
    """Tests that assert nothing and therefore cannot fail."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _asserts(node, known):
            continue
        if node.name.startswith("test_"):
            yield f"{node.lineno}: {node.name} asserts nothing"


def bare_waivers(source: str) -> Iterator[str]:
    """``type: ignore``, ``noqa`` and the like without a reason beside them."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        found = re.search(WAIVER, token.string) if token.type == tokenize.COMMENT else None
        if found and len(re.findall(r"\w{2,}", re.sub(WAIVER, "", token.string))) < 2:
            yield f"{token.start[0]}: {found[0].strip()} without a reason"


# What a waiver looks like, for the rule above to find; it waives nothing itself.
WAIVER = r"type: *ignore(\[[\w, -]*\])?|noqa(: *[A-Z]+[0-9]+(, *[A-Z]+[0-9]+)*)?|pragma: no cover|fmt: off"


def only_docstring(tree: ast.Module) -> Iterator[str]:
    """An ``__init__.py`` that holds more, or less, than a docstring."""
    if len(tree.body) != 1 or ast.get_docstring(tree) is None:
        yield "1: an __init__.py holds a docstring and nothing else"


def own_codes(tree: ast.AST) -> Iterator[str]:
    """Error codes outside the closed list of ``errors.py``: classes that set a code of their own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("Error" in ast.unparse(base) for base in node.bases):
            for part in node.body:
                if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "code":
                    yield f"{part.lineno}: {node.name} has an error code of its own"


# Written so that this file does not break its own rule.
HOSTS = re.compile(
    r"py[p]i\.org|python[h]osted\.org|npm[j]s\.(org|com)|deb\.[d]ebian\.org|security\.[d]ebian|crates\.[i]o"
    r"|registry-1\.[d]ocker|mirrors?\.[a-z]+\.(com|cn|org)",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.~-])/(root|ho[m]e/[\w.-]+|U[s]ers/[\w.-]+)/")


def traces(text: str, checkout: str) -> Iterator[str]:
    """Hosts of package registries, and paths that exist on one machine only."""
    for number, line in enumerate(text.splitlines(), 1):
        if (found := HOSTS.search(line) or MACHINE.search(line)) or f"{checkout}/" in line:
            yield f"{number}: {found[0] if found else checkout}"
