"""What is printed: medians over rounds, ratios within a round with their range, and whether they hold (design §5)."""

from collections.abc import Mapping, Sequence
from statistics import median

from tests.bench.rounds import Sample

HEAD = (
    f"  {'':<9}{'µs CPU':>11}{'(min-max)':>23}{'DB µs':>8}{'log DB':>8}{'shared':>8}"
    f"{'p50 ms':>8}{'p99 ms':>8}{'req/s':>8}{'bytes':>7}{'RSS MB':>8}"
)
AT_MOST: Mapping[int, float] = {16: 1.15, 64: 1.0}
DATABASE = 1.1
NAIVE = 50


def table(title: str, clients: int, found: Mapping[str, Sequence[Sample]]) -> str:
    """One case at one number of clients."""
    lines = [f"{title}, {clients} clients", HEAD]
    lines += [_line(name, samples) for name, samples in found.items() if samples]
    gateway = found.get("gateway")
    if gateway and (limit := found.get("limit")):
        ratio, spread = _ratio([one.server for one in gateway], [one.server for one in limit])
        lines.append(f"  gateway / limit     {ratio:6.2f} ({spread}){_verdict(ratio, AT_MOST.get(clients))}")
    if gateway and (lean := found.get("lean")):
        ratio, spread = _ratio([one.server for one in gateway], [one.server for one in lean])
        lines.append(f"  gateway / lean      {ratio:6.2f} ({spread})")
        ratio, spread = _ratio([one.readers for one in gateway], [one.readers for one in lean])
        lines.append(
            f"  database / lean     {ratio:6.2f} ({spread}){_verdict(ratio, DATABASE)} (reading; the log apart)"
        )
    if gateway and (naive := found.get("naive")):
        ratio, spread = _ratio([one.server for one in naive], [one.server for one in gateway])
        word = "held" if ratio >= NAIVE else "MISSED"
        lines.append(f"  naive / gateway     {ratio:6.0f} ({spread})  at least {NAIVE}: {word}")
    return "\n".join(lines)


def _line(name: str, samples: Sequence[Sample]) -> str:
    cpu = [one.server for one in samples]
    spread = f"({min(cpu):,.0f}-{max(cpu):,.0f})"
    middle = [
        median(values)
        for values in zip(*[(one.readers, one.log, one.shared, one.p50, one.p99) for one in samples], strict=True)
    ]
    rate, size = median(one.rate for one in samples), median(one.size for one in samples)
    resident = max(one.memory for one in samples) / 1e6
    return (
        f"  {name:<9}{median(cpu):>11,.0f}{spread:>23}{middle[0]:>8,.0f}{middle[1]:>8,.0f}{middle[2]:>8,.0f}"
        f"{middle[3]:>8.1f}{middle[4]:>8.1f}{rate:>8,.0f}{size:>7,.0f}{resident:>8.0f}"
    )


def _ratio(upper: Sequence[float], lower: Sequence[float]) -> tuple[float, str]:
    each = [one / max(other, 1e-9) for one, other in zip(upper, lower, strict=False)]
    return median(each), f"{min(each):.2f}-{max(each):.2f}"


def _verdict(ratio: float, most: float | None) -> str:
    return "" if most is None else f"  at most {most:.2f}: {'held' if ratio <= most else 'MISSED'}"
