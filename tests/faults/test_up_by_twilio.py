"""The whole system with Twilio's own client, against a server in its place: text out, an answer back, the home hears it."""

from pathlib import Path

import pytest

from tests.faults.system import system
from tests.faults.village import register
from tests.integration.brokers import free_port, until
from tests.integration.twilio_stand_in import ACCOUNT, TOKEN, TwilioStandIn

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def test_a_press_leaves_by_twilio_and_the_answer_by_text_reaches_the_home(tmp_path: Path) -> None:
    port = free_port()
    with (
        TwilioStandIn() as twilio,
        system(
            tmp_path / "data", sms="twilio", twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN,
            twilio_from="+4930100000", twilio_api_url=twilio.url, public_url=f"http://127.0.0.1:{port}",
            http_port=port,
        ) as started,
    ):  # fmt: skip
        village = register(started, "1")
        # a country where texts come back
        for number, person in enumerate((village.lan, village.mei)):
            started.call("PATCH", f"/staff/{person}", {"phone": f"+4915110000{number:03}"})
        twilio.fail(503, None, "busy")
        button = started.button(village.button, village.button_password)
        button.publish("help", '{"id":"a"}')
        refused, asked = twilio.wait_for(2, 30)
        assert refused.form["Body"] == asked.form["Body"]
        assert asked.form["To"] == "+4915110000000"
        alert = started.alert_of(village.home)
        assert f"#{alert['number']}" in asked.form["Body"]
        assert twilio.send(asked.form["StatusCallback"], {"MessageSid": "x"}, signature="forged").status == 403
        assert twilio.call_back(asked, "delivered").status == 204
        assert started.messages(alert["id"])[0]["state"] == "delivered"
        heard = twilio.text(f"http://127.0.0.1:{port}/webhooks/twilio/sms", asked.form["To"], "1")
        assert (heard.status, f"#{alert['number']}" in heard.says) == (200, True)
        until(lambda: button.states("a") == ["received", "accepted"])
        assert started.alert_of(village.home)["accepted_by"] == village.lan
        button.close()


def test_a_number_that_does_not_exist_lets_the_next_one_be_told_at_once(tmp_path: Path) -> None:
    with (
        TwilioStandIn() as twilio,
        system(
            tmp_path / "data", sms="twilio", twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN,
            twilio_from="+4930100000", twilio_api_url=twilio.url,
        ) as started,
    ):  # fmt: skip
        village = register(started, "1", second_after_s=3600)
        # a country where texts come back: in others a call goes beside the text
        for number, person in enumerate((village.lan, village.mei)):
            started.call("PATCH", f"/staff/{person}", {"phone": f"+4915110000{number:03}"})
        twilio.fail(400, 21211, "The 'To' number is not a valid phone number.")
        button = started.button(village.button, village.button_password)
        button.publish("help", '{"id":"a"}')
        first, second = twilio.wait_for(2, 30)[:2]
        assert first.form["To"] != second.form["To"]
        messages = until(lambda: len(found := started.messages(started.alert_of(village.home)["id"])) == 2 and found)
        assert [(each["staff"], each["state"]) for each in messages] == [
            (village.mei, "queued"),
            (village.lan, "failed"),
        ]
        assert "21211" in messages[1]["error"]
        button.close()
