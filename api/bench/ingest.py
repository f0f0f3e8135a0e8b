"""How many pings a second are stored, and what part is that of what the broker itself could hand over?"""

from dataclasses import dataclass

from api.bench import bare, flood, homes, system
from api.bench.aside import Aside
from api.bench.figures import ratio, table
from api.bench.system import Say, System
from gateway.lanes import BULK_FILTERS
from storage.clock import SystemClock

BARE = "a bare subscriber of our own, reading in pieces of 256 KiB"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many pings in so many seconds, from the first one published to the last one handed over or stored."""

    pings: int
    seconds: float
    cpu_us: dict[str, float]

    @property
    def a_second(self) -> float:
        """Pings a second."""
        return ratio(self.pings, self.seconds)


@dataclass(frozen=True, slots=True)
class IngestFigures:
    """What was measured; `accepted` is what the broker acknowledged while our lane was listening."""

    devices: int
    limit: Rate
    ours: Rate
    accepted: int
    gateway_peak_mb: float

    @property
    def lost(self) -> int:
        """Pings that the broker had taken and the database does not have."""
        return self.accepted - self.ours.pings

    def lines(self) -> list[str]:
        """Return the figures as a table, the claim last."""
        rows = [("broker -> " + "bare subscriber", self.limit), ("broker -> bulk lane -> database", self.ours)]
        parts = [part for part in ("broker", "gateway-bulk", "database") if part in self.ours.cpu_us]
        return [
            *table(
                ["as fast as it goes", "pings", "seconds", "a second", *(f"{part}, us a ping" for part in parts)],
                [
                    [
                        name,
                        f"{rate.pings:,}",
                        f"{rate.seconds:.1f}",
                        f"{rate.a_second:,.0f}",
                        *(f"{rate.cpu_us[part]:.1f}" if part in rate.cpu_us else "-" for part in parts),
                    ]
                    for name, rate in rows
                ],
            ),
            "",
            f"{self.devices:,} cameras; the broker's limit by {BARE}",
            f"accepted by the broker {self.accepted:,}, stored {self.ours.pings:,}, lost {self.lost:,}",
            f"most memory of the bulk lane: {self.gateway_peak_mb:.0f} MB",
            f"stored / broker's own limit: {ratio(self.ours.a_second, self.limit.a_second):.2f}",
        ]


def measure(*, seconds: float, rate: float, devices: int, say: Say) -> IngestFigures:
    """Measure the broker alone, then our bulk lane behind it, with the same load in the same run."""
    with system.brought_up(say) as measured:
        now = SystemClock().now()
        with measured.connect() as connection:
            homes.make_village(connection)
            uids = homes.make_cameras(connection, devices, now, say)
        measured.start_broker()
        limit = _broker_alone(measured, uids, seconds=seconds, rate=rate, say=say)
        measured.start_roles()
        with measured.connect() as connection:
            before = measured.usage()
            with flood.start(measured, uids, rate=rate, seconds=seconds, name="ours") as pings:
                report = flood.wait_published(pings, measured, say, "our bulk lane")
                drained = flood.wait_stored(connection, measured, say, report.acked)
        after = measured.usage()
        return IngestFigures(
            devices=devices,
            limit=limit,
            ours=Rate(drained.stored, drained.until - report.began, _us_a_ping(after.since(before), drained.stored)),
            accepted=report.acked,
            gateway_peak_mb=after.peak_mb.get("gateway-bulk", 0.0),
        )


def _broker_alone(measured: System, uids: list[str], *, seconds: float, rate: float, say: Say) -> Rate:
    """Measure what the broker hands over to somebody who only acknowledges."""
    with Aside("api.bench.bare", bare.Order(measured.insider, BULK_FILTERS[0]), bare.Report) as listener:
        heard = listener.first()
        before = measured.usage()
        with flood.start(measured, uids, rate=rate, seconds=seconds, name="alone") as pings:
            report = flood.wait_published(pings, measured, say, "the broker alone")
        while heard.heard < report.acked:
            newer = listener.next(flood.GIVE_UP_AFTER_S)
            if newer is None:
                break
            heard = newer
        used = measured.usage().since(before)
    return Rate(heard.heard, heard.until - report.began, _us_a_ping(used, heard.heard))


def _us_a_ping(cpu_s: dict[str, float], pings: int) -> dict[str, float]:
    return {part: 1e6 * ratio(spent, pings) for part, spent in cpu_s.items()}
