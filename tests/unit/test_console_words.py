"""Every code that the desk, the policy and the outbox can write has its words."""

import re
from pathlib import Path

import pytest

import alerts
from alerts.model import AlertState, AlreadyTaken, NeedsProofOfHelp, Outcome, Refused
from alerts.rules import RULES
from alerts.visits import FailKind, Payer, VisitState
from api.console import visit_words, words
from api.i18n import Wording
from api.work.verification import Verification

ZH = Wording("zh-CN")
EN = Wording("en")
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(alerts.__file__).parent.rglob("*.py"))


def test_every_state_and_outcome_has_a_name() -> None:
    assert set(words.ALERT_STATES) == set(AlertState)
    assert set(words.VISIT_STATES) == set(VisitState)
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(visit_words.FAIL_KINDS) == set(FailKind)
    assert set(visit_words.PAYERS) == set(Payer)
    assert set(visit_words.ELEMENTS) < set(Verification.model_fields)


def test_every_state_of_a_message_has_a_name() -> None:
    schema = Path(alerts.__file__).parents[1] / "storage" / "migrations" / "0001_main_thread.sql"
    found = re.search(r"state text not null default 'queued' check \(state in \((.*?)\)\)", schema.read_text(), re.S)
    assert found is not None
    assert set(words.MESSAGE_STATES) == set(re.findall(r"'([a-z-]+)'", found[1]))


def test_everything_that_is_written_on_a_timeline_has_its_sentence() -> None:
    written = set(re.findall(r'_written\(\s*connection, \w+, "(\w+)"', SOURCE))
    written |= set(re.findall(r'on_timeline\(\s*connection, [\w.]+, "(\w+)"', SOURCE))
    written |= set(re.findall(r'Happening\(\s*"(\w+)"', SOURCE))
    assert len(written) > 15
    unsaid = {what for what in written if words.happening(EN, what, None, {}, {}) == what}
    assert not unsaid, f"api/console/words.py has no sentence for {unsaid}"


def test_everything_that_is_done_with_a_visit_has_its_sentence() -> None:
    written = set(re.findall(r'note_step\(\s*connection,\s*\w+,\s*"(\w+)"', SOURCE)) | {
        "assigned",
        "failed",
        "cancelled",
    }
    assert written == set(visit_words.STEPS)


def test_a_step_of_a_visit_says_what_was_shown() -> None:
    far = {"code": "wrong", "distance_m": 3680, "within_m": 200, "place": "elsewhere", "himself": True}
    assert visit_words.step(ZH, "arrived", "兰晓", "phone", far) == (
        "兰晓 到门口签到（手机） · 不是门牌码 · 离住处3,680米：不在现场"
    )
    assert visit_words.step(ZH, "arrived", "兰晓", "sms", {"code": "none", "place": "unproven"}).endswith("没有凭证")
    assert visit_words.step(ZH, "assigned", None, "system", {"name": "梅芳"}) == "系统 派 梅芳 上门"
    assert visit_words.step(ZH, "something_new", None, "api", {}) == "something_new"


@pytest.mark.parametrize(
    ("what", "who", "detail", "said"),
    [
        ("raised", None, {"source": "pendant"}, "按下求助 · 挂坠"),
        ("raised", "小陈", {"text": "邻居来电"}, "小陈 手工登记 · 邻居来电"),
        (
            "raised",
            None,
            {"rota": "3", "text": "夜班 11-27 20:00起无人值班"},
            "有班次无人值班 · 夜班 11-27 20:00起无人值班",
        ),
        ("note", None, {"text": "又有：夜班"}, "又有：夜班"),
        (
            "closed",
            None,
            {"outcome": "other", "channel": "system", "note": "已有人值班。"},
            "自动结束：其他 · 已有人值班。",
        ),
        ("accepted", "兰晓", {"name": "兰晓", "channel": "sms"}, "兰晓 接单（短信）"),
        ("accepted", "小陈", {"name": "兰晓", "channel": "console"}, "小陈 替 兰晓 接单（值班台）"),
        ("told", None, {"name": "兰晓", "channel": "voice"}, "电话通知 兰晓"),
        ("not_delivered", None, {"name": "兰晓", "channel": "sms", "error": "30003"}, "短信没有送到 兰晓 · 30003"),
        ("climbed", None, {"from": "a", "area": "b"}, "升级到 凤庆县"),
        ("closed", "小陈", {"outcome": "hospital", "note": "120"}, "小陈 办结：送医院 · 120"),
        ("note", "小陈", {"text": "{who} <b>"}, "小陈：{who} <b>"),
        ("raised", None, {"name": "兰晓", "fault": "bad", "area": "b"}, "兰晓 联系不上，凤庆县的值班没有其他人"),
        ("told", None, {"name": "兰晓", "channel": "push"}, "推送通知 兰晓"),
        ("something_new", None, {}, "something_new"),
    ],
)
def test_a_row_is_said_as_a_sentence(what: str, who: str | None, detail: dict[str, str], said: str) -> None:
    assert words.happening(ZH, what, who, detail, {"b": "凤庆县"}) == said


def test_refusals_are_said_to_the_person_who_tried() -> None:
    assert words.refusal(ZH, AlreadyTaken(7, "兰晓")) == "兰晓 已经接单。"
    assert "spoke" in words.refusal(EN, NeedsProofOfHelp(7))
    assert words.refusal(EN, Refused("as it is")) == "as it is"


def test_a_press_of_a_device_that_nobody_registered_names_it() -> None:
    said = words.happening(EN, "raised", None, {"device": "hub-1", "address": "bedroom/sos"}, {})
    assert said.endswith("by bedroom/sos, which is not registered")
    assert words.happening(ZH, "raised", None, {"address": "卧室"}, {}).endswith("来自尚未登记的设备 卧室")


@pytest.mark.parametrize("rule", list(RULES))
def test_an_early_warning_is_said_in_words(rule: str) -> None:
    said = {
        language: words.happening(Wording(language), "raised", "", {"rule": rule, "text": "x: 1 %"}, {})
        for language in ("en", "zh-CN")
    }
    assert said["en"] != said["zh-CN"]
    assert all(each.endswith(" · x: 1 %") and rule not in each for each in said.values())
