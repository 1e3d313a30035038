"""``python -m tests.bench`` (``make bench``): CPU per request of the gateway, its two limits and the naive gateway."""

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

from gateway.clock import BEIJING, SystemClock
from gateway.store.embedded import SUPERUSER
from tests.bench.ask import Asker, same_answers
from tests.bench.cases import CASES, Case
from tests.bench.cost import Postgres, memory
from tests.bench.profile import Profiler
from tests.bench.report import table
from tests.bench.rounds import Bench, Plan
from tests.bench.servers import NAMES, ROOT, Server, Site, serving, site

WARM = 500


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--home", type=Path, default=ROOT / ".gateway" / "bench", help="kept between runs")
    parser.add_argument("--enterprises", type=int, default=100_000)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=2_000, help="of gateway and limit in each round")
    parser.add_argument("--clients", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--servers", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument(
        "--profile", action="store_true", help="the ten costliest places of the gateway under each case"
    )
    parser.add_argument("--soak", type=int, metavar="SECONDS", default=0, help="resident memory under a long load")
    return parser.parse_args()


def main() -> None:
    """Build, start, compare, measure, print. Writes nothing but the state under ``--home``."""
    given = arguments()
    today = SystemClock().now().astimezone(BEIJING).date()
    cases = [CASES[name] for name in given.cases]
    with _running(given, today) as (place, servers, bench, asker):
        print(_where(place), flush=True)
        if "gateway" in servers:
            asker.harvest(servers["gateway"])
        if "limit" in servers and len(servers) > 1:
            for case in cases:
                print(f"checked: {same_answers(asker, servers, case, place.data)}: {case.title}", flush=True)
        if given.profile:
            _profile(given, cases, servers["gateway"], bench)
        elif given.soak:
            _soak(given, cases, servers["gateway"], bench)
        else:
            _measure(given, cases, servers, bench)


@contextmanager
def _running(given: argparse.Namespace, today: date) -> Iterator[tuple[Site, Mapping[str, Server], Bench, Asker]]:
    alone = given.profile or given.soak
    names = ["gateway"] if alone else [name for name in NAMES if name in given.servers]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="credit-bench-")))
        place = stack.enter_context(site(given.home.absolute(), (given.enterprises, given.records), today))
        postgres = Postgres(place.postgres.conninfo(SUPERUSER, "postgres"), place.postgres.pid)
        stack.callback(postgres.close)
        servers = {name: stack.enter_context(serving(place, name)) for name in names}
        asker = Asker(place)
        yield place, servers, Bench(folder, asker, postgres), asker


def _where(place: Site) -> str:
    data = place.data
    return (
        f"{data.enterprise_count:,} enterprises, {data.record_count:,} records; asked: {len(data.enterprises):,} "
        f"enterprises and {len(data.persons):,} persons in turn. Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


def _measure(given: argparse.Namespace, cases: list[Case], servers: Mapping[str, Server], bench: Bench) -> None:
    for case in cases:
        for clients in given.clients:
            found = bench.rounds(case, clients, servers, Plan(given.rounds, given.requests, WARM))
            print(f"\n{table(case.title, clients, found)}", flush=True)


def _profile(given: argparse.Namespace, cases: list[Case], gateway: Server, bench: Bench) -> None:
    """Profile each case; the load lasts longer than the looking."""
    seconds = 10
    for case in cases:
        bench.warm(gateway, case, 64)
        rate = bench.sample(gateway, case, 64, given.requests, WARM).rate
        with tempfile.TemporaryDirectory(prefix="credit-profile-") as folder:
            profiler = Profiler(gateway, Path(folder), seconds)
            bench.sample(gateway, case, 64, int(rate * seconds * 1.2), 0)
            print(f"\n{case.title}, 64 clients\n{profiler.report()}", flush=True)


def _soak(given: argparse.Namespace, cases: list[Case], gateway: Server, bench: Bench) -> None:
    """All cases in turn for as long as asked; the memory must stay where it is."""
    clock = SystemClock()
    end = clock.monotonic() + given.soak
    done = 0
    while clock.monotonic() < end:
        for case in cases:
            bench.sample(gateway, case, 64, given.requests, 0)
            done += given.requests
        print(f"{done:>12,} requests  {memory(gateway.pid) / 1e6:7.1f} MB resident", flush=True)


if __name__ == "__main__":
    main()
