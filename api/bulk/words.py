"""Which columns has a table, and what do office workers call them? The tables that can be brought in and taken out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table as its CSV has it: all columns in their order, those without which there is no row, plain numbers."""

    name: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    numbers: frozenset[str] = frozenset()


PLACE = ("home", "area", "address")
"""Where something belongs: a home by its id, or by its area and address, which mean the same elsewhere too."""

TABLES = {
    table.name: table
    for table in (
        Table("devices", ("uid", "kind", *PLACE, "format", "topic", "hub", "patrol_every_s", "offline_after_s"),
              ("uid", "kind"), frozenset({"home", "patrol_every_s", "offline_after_s"})),
        Table("areas", ("code", "name", "level", "parent"), ("code", "name", "level")),
        Table("residents", ("name", *PLACE, "birth_date", "phone", "sex", "category", "notes", "contacts", "language"),
              ("name",), frozenset({"home"})),
        Table("staff", ("name", "phone", "area", "language"), ("name", "phone", "area")),
        Table("homes", ("area", "address", "lat", "lon", "key_note"), ("area", "address"), frozenset({"lat", "lon"})),
    )
}  # fmt: skip

TABLE_COLUMN = "table"
"""A column that may say which table it is, where its other columns leave that open."""

_CALLED = {
    "table": "表 表名",
    "code": "编码 代码 区划代码",
    "name": "名称 姓名 名字",
    "level": "级别 层级",
    "parent": "上级 上级编码",
    "area": "区域 所属区域 片区 区域编码",
    "address": "地址 住址 门牌",
    "lat": "纬度",
    "lon": "经度",
    "key_note": "钥匙 入户说明",
    "home": "住户 住户编号 家庭编号",
    "birth_date": "出生日期 生日",
    "phone": "电话 手机 手机号 联系电话",
    "sex": "性别",
    "category": "类别 人员类别",
    "notes": "备注 说明",
    "contacts": "联系人 紧急联系人",
    "language": "语言",
    "uid": "设备编号 设备号",
    "kind": "设备类型 类型",
    "format": "格式",
    "topic": "主题",
    "hub": "网关 网关编号",
    "patrol_every_s": "巡查间隔",
    "offline_after_s": "离线时限",
}
_COLUMN_CALLED = {word: column for column, words in _CALLED.items() for word in words.split()}

_VALUES_CALLED = {
    "level": {
        "city": "市 地级市 州", "county": "县 区 县级市", "township": "乡 镇 乡镇 街道", "village": "村 社区 行政村",
    },
    "kind": {
        "button": "按钮 呼叫器", "pendant": "吊坠 挂件", "camera": "摄像头 摄像机", "hub": "网关", "sensor": "传感器",
    },
    "language": {"zh-CN": "中文 汉语", "en": "英文 英语"},
}  # fmt: skip
_VALUE_CALLED = {
    column: {word: value for value, words in values.items() for word in words.split()}
    for column, values in _VALUES_CALLED.items()
}


def column_of(heading: str) -> str:
    """Return the column that a heading means; a heading that means none comes back as it is."""
    word = heading.strip().lower().replace(" ", "_")
    return _COLUMN_CALLED.get(word, word)


def value_of(column: str, cell: str) -> str:
    """Return the contract's word for a value that is written in Chinese, else the value as it is."""
    return _VALUE_CALLED.get(column, {}).get(cell, cell)


def recognise(columns: Sequence[str]) -> Table | None:
    """Return the table that has these columns; None where they fit none."""
    have = set(columns)
    fitting = [table for table in TABLES.values() if have >= set(table.needed) and _has_place(table, have)]
    return fitting[0] if fitting else None


def _has_place(table: Table, have: set[str]) -> bool:
    return "home" not in table.columns or "home" in have or {"area", "address"} <= have
