"""What the stories of early warnings have in common: the passing of time with looks in it, and what is open."""

from datetime import timedelta

from alerts import outages, warnings
from alerts.warnings import Manner
from devices import telemetry
from storage import series
from tests.stories.village import Alert, Village

MANNER = Manner("zh-CN", "Asia/Shanghai")


def look(village: Village) -> int:
    """Let the rules look at what is due; return how many devices and homes they looked at."""
    looked, found = 0, 1
    while found:
        with village.pool.connection() as connection:
            found = warnings.look_at_devices(connection, manner=MANNER, now=village.clock.now())
        with village.pool.connection() as connection:
            found += warnings.look_at_homes(connection, manner=MANNER, now=village.clock.now())
        looked += found
    changes = 1
    while changes:
        with village.pool.connection() as connection:
            changes = outages.look(connection, locale="zh-CN", now=village.clock.now())
    village.settle()
    return looked


def pass_time(
    village: Village, *, minutes: int = 0, hours: int = 0, days: int = 0, every: timedelta = timedelta(minutes=5)
) -> int:
    """Let time pass with our ingest up; return how many looks there were. Nobody says anything meanwhile."""
    end = village.clock.now() + timedelta(minutes=minutes, hours=hours, days=days)
    looked = 0
    while village.clock.now() < end:
        village.clock.forward(min(every, end - village.clock.now()))
        beat(village)
        with village.pool.connection() as connection:
            series.ensure(connection, village.clock.now())
        looked += look(village)
    return looked


def beat(village: Village) -> None:
    """Our ingest is up, and has been since the story began."""
    with village.pool.connection() as connection:
        telemetry.beat(connection, "gateway-bulk", village.clock.now())
    village.run(
        "update role_beats set up_since = %(now)s::timestamptz - interval '90 days' where role = 'gateway-bulk'"
    )


def now_known(village: Village, uid: str, **columns: object) -> None:
    """Set what is known of a device by others' work: a forecast, a smoothed signal."""
    places = ", ".join(f"{name} = %({name})s" for name in columns)
    village.run(
        f"update device_latest set {places} from devices where devices.id = device_id and uid = %(uid)s",
        uid=uid, **columns,
    )  # fmt: skip


def open_kinds(village: Village) -> list[str]:
    """Return the kinds of the open alerts, oldest first."""
    return [kind for (kind,) in village.all("select kind from alerts where state <> 'closed' order by id")]


def the(village: Village, kind: str) -> Alert:
    """Return the newest alert of a kind."""
    number = village.one("select max(id) from alerts where kind = %(kind)s", kind=kind)
    assert number is not None, f"no alert of kind {kind}"
    return village.alert(number)
