"""Files of homes and people come in whole or not at all, and every mistake in them is told."""

import re
from pathlib import Path

import bcrypt
import pytest

from api import bulk
from tests.integration.bulk_office import ALL, AREAS, DEVICES, HOMES, Office, office

__all__ = ["office"]


# In -----------------------------------------------------------------------------------------------------------------


def test_areas_may_stand_in_any_order(office: Office) -> None:
    report = office.brings(AREAS)
    assert list(report.lines()) == ["areas: 3 added, 0 there already as they are in the file"]
    assert office.rows("select code, path from areas order by path") == [
        ("凤庆", "/凤庆/"), ("luodang", "/凤庆/luodang/"), ("anshi", "/凤庆/luodang/anshi/"),
    ]  # fmt: skip


def test_a_county_comes_in_by_five_files(office: Office) -> None:
    office.brings_all()
    assert office.rows("select area, address, lat, lon, key_note from homes order by id") == [
        ("anshi", "3组 12号", 24.58, 99.92, "左边花盆下"),
        ("anshi", "4组, 1号", None, None, None),
        ("luodang", "老街 5号", -24.5, 99.9, '钥匙在"小李"处\n第二行'),
    ]
    assert office.rows(
        "select name, birth_date::text, residents.phone, sex, category, language, notes, contacts, address from residents"
        " join homes on homes.id = home_id order by residents.id"
    ) == [
        (
            "张桂英", "1941-03-02", "0883-4210001", "female", ["lives_alone", "disabled"], "zh-CN", "=1+1 是她的暗号",
            [
                {"name": "张伟", "phone": "+8613800000009", "relation": "儿子"},
                {"name": "王芳", "phone": "08834210002", "relation": None},
            ],
            "3组 12号",
        ),
        ("李兰英", None, "+8613800000010", None, [], None, None, [], "4组, 1号"),
    ]  # fmt: skip
    assert office.rows("select name, phone, area, language from staff order by id") == [
        ("李兰", "+8613800000001", "anshi", "zh-CN"), ("赵梅", "+8613800000002", "luodang", None),
    ]  # fmt: skip
    assert office.rows(
        "select uid, kind, address, format, topic, hub_uid, patrol_every_s, offline_after_s, state from devices"
        " join homes on homes.id = home_id join device_latest on device_id = devices.id order by uid"
    ) == [
        ("btn-1", "button", "4组, 1号", "zigbee2mqtt", "z2m/bed", "hub-1", None, None, "never"),
        ("cam-1", "camera", "3组 12号", "anju", None, None, 120, 600, "never"),
        ("hub-1", "hub", "4组, 1号", "zigbee2mqtt", "z2m", None, None, None, "never"),
    ]
    assert office.rows("select who, action, object, detail from audit order by id") == [
        ("command line", "import", table, {"added": added, "unchanged": 0})
        for table, added in (("areas", 3), ("homes", 3), ("residents", 2), ("staff", 2), ("devices", 3))
    ]


def test_devices_passwords_are_told_once_and_kept_as_hashes(office: Office) -> None:
    for table in ("areas", "homes"):
        office.brings(ALL[table])
    told = list(office.brings(DEVICES).passwords())
    assert told[0] == "uid,mqtt_password"
    assert [line.split(",")[0] for line in told[1:]] == ["btn-1", "hub-1", "cam-1"]
    hashes = dict(office.rows("select uid, password_hash from devices"))
    for line in told[1:]:
        uid, password = line.split(",")
        assert bcrypt.checkpw(password.encode(), hashes[uid].encode())
        assert password not in str(office.rows("select detail from audit"))
    assert list(office.brings(DEVICES).passwords()) == []


def test_the_same_file_may_come_twice(office: Office) -> None:
    office.brings_all()
    before = office.everything()
    for table, text in ALL.items():
        report = office.brings(text)
        assert (report.table, report.added, report.unchanged) == (table, 0, text.count("\n") - 1 - text.count("\n第"))
    assert office.everything() == before


def test_a_dry_run_says_what_would_be_and_keeps_nothing(office: Office) -> None:
    office.brings(AREAS)
    before = office.everything()
    report = office.brings(HOMES, dry_run=True)
    assert list(report.lines()) == ["homes: 3 would be added, 0 there already as they are in the file"]
    assert office.everything() == before
    with pytest.raises(bulk.BadFile):
        office.brings("area,address\nnowhere,x\n", dry_run=True)


def test_files_come_as_spreadsheets_in_china_write_them(office: Office, tmp_path: Path) -> None:
    office.brings(AREAS)
    text = "区域,地址,入户说明\nanshi,{}组,钥匙在李兰处\n"
    for number, (encoding, delimiter) in enumerate(
        [("utf-8", ","), ("utf-8-sig", ";"), ("gb18030", ","), ("utf-16", "\t"), ("gb18030", "\t")]
    ):
        file = tmp_path / f"{number}.csv"
        file.write_bytes(text.format(number).replace(",", delimiter).replace("\n", "\r\n").encode(encoding))
        assert office.brings(file).added == 1
    assert office.rows("select distinct key_note from homes") == [("钥匙在李兰处",)]
    assert office.brings("编码,名称,级别,上级\nwen,文乡,乡,凤庆\n").table == "areas"
    assert office.rows("select level from areas where code = 'wen'") == [("township",)]


def test_what_is_no_csv_is_told_so(office: Office, tmp_path: Path) -> None:
    book = tmp_path / "homes.xlsx"
    book.write_bytes(b"PK\x03\x04rest")
    with pytest.raises(bulk.NotAFile, match="is a workbook; save it as CSV"):
        office.brings(book)
    with pytest.raises(bulk.NotAFile, match="cannot be read: No such file"):
        office.brings(tmp_path / "nothing.csv")
    odd = tmp_path / "odd.csv"
    odd.write_bytes(b"area,address\n\xff\xfe\xfd\n")
    with pytest.raises(bulk.NotAFile, match="neither UTF-8 nor GB18030"):
        office.brings(odd)


# What is wrong ------------------------------------------------------------------------------------------------------


def test_every_mistake_is_told_by_line_and_column_and_nothing_is_kept(office: Office) -> None:
    office.brings(AREAS)
    office.brings(HOMES)
    refused = office.is_refused(
        "姓名,区域,地址,出生日期,电话,联系人\n"
        "王秀英,anshi,3组 12号,1950-01-01,0883-4210003,\n"
        ",anshi,3组 12号,,,\n"
        "赵大爷,anshi,9组 9号,,,\n"
        "钱大娘,,,,,\n"
        "孙大爷,anshi,3组 12号,1941-02-30,call me,孙\n"
        '"周\n大娘",anshi,3组 12号,2126-01-01,8.61E+12,\n'
        "王秀英,anshi,3组 12号,1950-01-01,,\n"
        "吴大爷,anshi,3组 12号,,,,,多\n"
    )
    assert (
        str(refused).splitlines()
        == [
            "11 mistakes; nothing of the file was kept",
            "line 3, column 姓名: is missing; fill it in",
            "line 4, column 地址: '9组 9号': is not the address of a home in that area; bring the homes in first, or mend it",
            "line 5, column 区域: is missing: which home is it? Name it by its id, or by area and address",
            "line 6, column 出生日期: '1941-02-30': is a day that there never was; mend it, as 1941-03-02",
            "line 6, column 联系人: '孙': is not whom to call; write 张伟:+8613800000009:儿子 | 王芳:08834210002",
            "line 6, column 电话: 'call me': is not a phone number; write its digits, or +86 138 0000 0001",
            "line 7, column 电话: '8.61E+12': was rounded by the spreadsheet; make the column text there"
            " and write the number again",
            "line 7, column 出生日期: '2126-01-01': lies in the future; mend the year",
            "line 9, column 姓名: '王秀英': is the same as in line 2; take one of them out",
            "line 10: '多': stands in column 8, which has no heading; is there a comma too many before it?",
        ]
        or len(refused.cells) == refused.count
    )


def test_of_many_mistakes_the_first_hundred_are_told(office: Office) -> None:
    rows = "".join(f"nowhere,{number}号\n" for number in range(250))
    refused = office.is_refused("area,address\n" + rows)
    assert (refused.count, len(refused.cells)) == (250, 100)
    assert str(refused).splitlines()[0] == "250 mistakes; nothing of the file was kept"
    assert str(refused).splitlines()[1] == (
        "line 2, column area: 'nowhere': is no area; bring the areas in first, or mend the code"
    )
    assert str(refused).splitlines()[-1] == "... and 150 more"


def test_columns_are_checked_before_the_rows(office: Office) -> None:
    for text, words in (
        ("", "there is nothing in the file"),
        ("\n\n", "there is nothing in the file"),
        ("foo,bar\n1,2\n", "line 1: these columns make no table; there are: devices uid, kind"),
        ("area,address,adress\nanshi,x,y\n", "line 1, column adress: is no column of homes; mend its spelling"),
        ("area,address,地址\nanshi,x,y\n", "line 1, column 地址: is the second column of address"),
        ("table,area\nhomes,anshi\n", "line 1, column address: is missing; homes have area, address"),
        ("table,area,address\nhomes,anshi,x\nstaff,anshi,y\n", "line 3, column table: one file has one table"),
        ("table,area,address\nhouses,anshi,x\n", "line 2, column table: 'houses': is no table"),
        ('area,address\nanshi,"x\n', "line 2: a quote that begins here is never closed"),
    ):
        assert words in str(office.is_refused(text)), text


def test_a_column_may_say_which_table_it_is(office: Office) -> None:
    office.brings(AREAS)
    assert office.brings("table,area,address\nhomes,anshi,x\nhomes,anshi,y\n").added == 2


def test_areas_that_do_not_fit_are_told(office: Office) -> None:
    office.brings(AREAS)
    refused = office.is_refused(
        "code,name,level,parent\na,甲,county,luodang\nb,乙,village,nowhere\nc/d,丙,village,anshi\ne,丁,hamlet,anshi\n"
        "anshi,别的名字,village,luodang\nf,戊,village,luodang\nf,己,village,luodang\n"
    )
    told = [re.sub(r":.*", "", line) for line in str(refused).splitlines()[1:]]
    assert told == [
        "line 2, column level", "line 3, column parent", "line 4, column code", "line 5, column level", "line 6, column code",
        "line 8, column code",
    ]  # fmt: skip
    assert "with another name; an import only adds" in str(refused)


def test_devices_that_do_not_fit_are_told(office: Office) -> None:
    for table in ("areas", "homes"):
        office.brings(ALL[table])
    office.brings(DEVICES)
    refused = office.is_refused(
        "uid,kind,area,address,topic,hub,patrol_every_s\n"
        "cam-1,camera,anshi,3组 12号,,,60\n"
        "a!,button,anshi,3组 12号,,,\n"
        "btn-2,button,anshi,3组 12号,,hub-9,\n"
        "hub-2,hub,anshi,3组 12号,z2m/x,,\n"
        "hub-3,hub,anshi,3组 12号,anju,,\n"
        "btn-3,toaster,anshi,3组 12号,,,\n"
        "btn-4,button,anshi,3组 12号,,,soon\n"
        "btn-5,button,anshi,3组 12号,,btn-1,\n"
    )
    told = [re.sub(r":.*", "", line) for line in str(refused).splitlines()[1:]]
    assert told == [
        "line 2, column uid", "line 3, column uid", "line 4, column hub", "line 5, column topic", "line 6, column topic",
        "line 7, column kind", "line 8, column patrol_every_s", "line 9, column hub",
    ]  # fmt: skip


def test_of_two_homes_at_one_address_the_id_says_which(office: Office) -> None:
    office.brings(AREAS)
    office.brings(HOMES)
    with office.pool.connection() as connection:
        connection.execute(
            "insert into homes (area, address, created_at) select area, address, created_at from homes where id = 1"
        )
    first, second = (row[0] for row in office.rows("select id from homes where address = '3组 12号' order by id"))
    refused = office.is_refused("name,area,address\n张三,anshi,3组 12号\n")
    assert f"is the address of 2 homes ({first}, {second}); name the one that is meant in a column home" in str(refused)
    office.brings(f"name,home\n张三,{second}\n")
    assert office.rows("select home_id from residents") == [(second,)]
    assert f"张三,{second},anshi" in office.takes("residents")
    assert office.brings(office.takes("residents")).unchanged == 1
    assert "line 2, column home: '4711': is the id of no home" in str(office.is_refused("name,home\n张三,4711\n"))
