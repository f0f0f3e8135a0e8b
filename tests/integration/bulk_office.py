"""An office with files of a small county, and what it does with them."""

from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from api import bulk
from tests.clock import StoryClock

AREAS = "code,name,level,parent\nanshi,安石村,village,luodang\nluodang,洛党镇,township,凤庆\n凤庆,凤庆县,county,\n"
HOMES = (
    'area,address,lat,lon,key_note\nanshi,3组 12号,24.58,99.92,左边花盆下\nanshi,"4组, 1号",,,\n'
    'luodang,老街 5号,-24.5,99.9,"钥匙在""小李""处\n第二行"\n'
)
RESIDENTS = (
    "name,area,address,birth_date,phone,sex,category,notes,contacts,language\n"
    "张桂英,anshi,3组 12号,1941-03-02,0883-4210001,female,lives_alone|disabled,=1+1 是她的暗号,"
    "张伟:+8613800000009:儿子 | 王芳:08834210002,zh-CN\n"
    '李兰英,anshi,"4组, 1号",,+8613800000010,,,,,\n'
)
STAFF = "name,phone,area,language\n李兰,+8613800000001,anshi,zh-CN\n赵梅,'+86 138 0000 0002,luodang,\n"
DEVICES = (
    "uid,kind,area,address,format,topic,hub,patrol_every_s,offline_after_s\n"
    'btn-1,button,anshi,"4组, 1号",zigbee2mqtt,z2m/bed,hub-1,,\n'
    'hub-1,hub,anshi,"4组, 1号",zigbee2mqtt,z2m,,,\n'
    "cam-1,camera,anshi,3组 12号,,,,120,600\n"
)
ALL = {"areas": AREAS, "homes": HOMES, "residents": RESIDENTS, "staff": STAFF, "devices": DEVICES}


class Office:
    """Somebody with files."""

    def __init__(self, pool: ConnectionPool[Any], clock: StoryClock) -> None:
        self.pool, self.clock = pool, clock

    def brings(self, source: Path | str, **more: Any) -> bulk.Report:
        with self.pool.connection() as connection:
            return bulk.import_file(connection, source, now=self.clock.now(), **more)

    def brings_all(self) -> None:
        for text in ALL.values():
            self.brings(text)

    def is_refused(self, source: Path | str) -> bulk.BadFile:
        before = self.everything()
        with pytest.raises(bulk.BadFile) as refused:
            self.brings(source)
        assert self.everything() == before
        return refused.value

    def takes(self, table: str) -> str:
        with self.pool.connection() as connection:
            return "".join(bulk.export(connection, table, clock=self.clock))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.pool.connection() as connection:
            return connection.execute(query.encode()).fetchall()

    def everything(self) -> list[list[tuple[Any, ...]]]:
        return [self.rows(f"select * from {table} order by 1") for table in (*ALL, "device_latest", "audit")]


@pytest.fixture
def office(pool: ConnectionPool[Any], clock: StoryClock) -> Office:
    return Office(pool, clock)
