"""The command ``gateway``: its verbs, and what each of them takes."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from gateway.cli import (
    archive,
    audit,
    backup,
    calendar,
    commands,
    explain,
    figures,
    guards,
    intake,
    parties,
    policy,
    rules,
)
from gateway.errors import Fault, GatewayError
from gateway.settings import Settings, SettingsError, from_environment
from gateway.store.embedded_host import EmbeddedError
from gateway.values import Role

Command = Callable[[Settings, argparse.Namespace], int]

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "demo": commands.demo,
        "serve": commands.serve,
        "migrate": commands.migrate_database,
        "generate": commands.generate_sample,
        "intake": intake.take_files,
        "quarantine": intake.quarantine,
        "token": commands.token,
        "schema": commands.schema,
        "policy": policy.policy,
        "explain": explain.explain,
        "figures": figures.figures,
        "audit": audit.audit,
        "archive": archive.archive,
        "rules": rules.rules,
        "guards": guards.guards,
        "parties": parties.parties,
        "calendar": calendar.calendar,
        "backup": backup.backup,
        "restore": backup.restore,
    }
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="gateway", description="The one door to a city's public credit records.")
    verbs = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verbs.add_parser("demo", help="start embedded PostgreSQL, migrate, seed, serve, and print what to try")
    verbs.add_parser("serve", help="serve on GATEWAY_HOST:GATEWAY_PORT; the database must be at the newest migration")
    verbs.add_parser("migrate", help="bring the database to the newest migration")
    generate = verbs.add_parser("generate", help="load invented subjects and records (birth years 1880-1899)")
    generate.add_argument("--subjects", type=_positive, default=1000, help="how many subjects (default: 1000)")
    generate.add_argument("--records", type=_positive, default=10_000, help="how many records (default: 10000)")
    generate.add_argument("--seed", type=int, default=1, help="the same seed gives the same data (default: 1)")
    generate.add_argument("--files", type=Path, metavar="DIR", help="write department files instead of loading")
    generate.add_argument("--faults", action="store_true", help="with --files: make the faults that real files have")
    taken = verbs.add_parser("intake", help="take files of departments: CSV (UTF-8, GB18030) and XLSX")
    taken.add_argument("files", nargs="+", type=Path, metavar="FILE")
    taken.add_argument("--department", metavar="CODE", help="whose steward brings them; only rows of its own are taken")
    taken.add_argument("--kind", metavar="KIND", help="what they hold (default: what their columns say)")
    taken.add_argument("--rejects", type=Path, metavar="DIR", help="where refused rows go (default: beside the file)")
    taken.add_argument("--jobs", type=_positive, default=1, help="files of records at a time (default: 1)")
    taken.add_argument("--json", action="store_true", help="print the receipts as JSON, one a line")
    waiting = verbs.add_parser("quarantine", help="list rows that somebody must look at, and codes that match nobody")
    waiting.add_argument("--department", metavar="CODE", help="only those of its files")
    token = verbs.add_parser("token", help="print a bearer token of a demo persona, signed by the development key")
    token.add_argument(
        "persona", choices=commands.persona_names(), metavar="PERSONA", help=", ".join(commands.persona_names())
    )
    token.add_argument("--step-up", action="store_true", help="proven anew for this session (assurance 3)")
    schema = verbs.add_parser("schema", help="print the schema of a role in the Schema Definition Language")
    schema.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.PUBLIC.value, help="default: public"
    )
    policy.declare(verbs)
    figures.declare(verbs)
    audit.declare(verbs)
    archive.declare(verbs)
    rules.declare(verbs)
    guards.declare(verbs)
    parties.declare(verbs)
    calendar.declare(verbs)
    backup.declare(verbs)
    explain.declare(verbs, commands.persona_names())
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 failed, 2 wrong usage or settings."""
    options = parser().parse_args(arguments)
    log_to_stderr()
    try:
        done = COMMANDS[options.command](from_environment(), options)
        sys.stdout.flush()
        return done
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except GatewayError as error:
        print("\n".join([error.en, *map(_told, error.faults)]), file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read had enough, as `head` has; there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (EmbeddedError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


def log_to_stderr() -> None:
    """The log of the process. It holds nothing that is sealed: httpx would log the address of all that it asks."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("alembic", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _told(fault: Fault) -> str:
    """``file:line: what is wrong``, or what is wrong alone."""
    return f"  {':'.join(map(str, fault.path))}: {fault.rule}" if fault.path else f"  {fault.rule}"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
