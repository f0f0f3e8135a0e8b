"""A phone that is told while its page is closed. Only the browser vendor's push service is played."""

import base64
import json

from tests.browser.conftest import PHONE, Console

KEYS = {
    "p256dh": base64.urlsafe_b64encode(b"\4" + bytes(64)).decode().rstrip("="),
    "auth": base64.urlsafe_b64encode(bytes(16)).decode().rstrip("="),
}
SUBSCRIBED = {"endpoint": "https://fcm.googleapis.com/fcm/send/abc", "expirationTime": None, "keys": KEYS}
PLAYED = f"""
PushManager.prototype.subscribe = async function (options) {{
  window.subscribedWith = options.applicationServerKey.length;
  return {{ toJSON: () => ({json.dumps(SUBSCRIBED)}) }};
}};
"""


def test_one_tap_subscribes_this_phone_beside_what_was_chosen_before(console: Console) -> None:
    console.user("lan", "responder", area="town", staff="兰晓")
    staff_id = console.village.phone("兰晓").staff_id
    console.village.run(
        "insert into staff_channels (staff_id, kind, name, address, timezone, created_at)"
        " values (%(staff)s, 'chat', '钉钉', 'dingtalk://abcdefgh', 'Asia/Shanghai', %(now)s)",
        staff=staff_id,
    )
    page = console.page(size=PHONE)
    page.context.grant_permissions(["notifications"])
    page.add_init_script(PLAYED)
    console.log_in("lan", page=page)
    page.get_by_role("button", name="在此手机上通知我").click()
    page.get_by_text("页面关闭时，此手机也会收到通知。").wait_for()
    assert page.evaluate("window.subscribedWith") == 65
    rows = console.village.all("select kind, name, address from staff_channels order by id")
    assert [row[:2] for row in rows] == [("chat", "钉钉"), ("push", "此手机")]
    assert json.loads(rows[1][2]) == SUBSCRIBED


def test_what_is_pushed_is_shown_and_opens_its_alert(console: Console) -> None:
    console.user("lan", "responder", area="town", staff="兰晓")
    page = console.page(size=PHONE)
    page.context.grant_permissions(["notifications"])
    console.log_in("lan", page=page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    protocol = page.context.new_cdp_session(page)
    registrations: list[str] = []
    protocol.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(each["registrationId"] for each in event["registrations"]),
    )
    protocol.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    pushed = {"text": "【安居】求助 #7：张桂英。", "url": f"{console.base}/alerts/7", "tag": "7"}
    protocol.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": console.base, "registrationId": registrations[0], "data": json.dumps(pushed)},
    )
    # asked again and again in the page itself: a promise of a list is true before anything is in it
    shown = page.evaluate(
        """async () => {
          const worker = await navigator.serviceWorker.ready;
          for (;;) {
            const [first] = await worker.getNotifications();
            if (first) return {body: first.body, tag: first.tag, url: first.data.url};
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    assert shown == {"body": pushed["text"], "tag": "7", "url": pushed["url"]}
