"""What is shown once of a device's password: the password, and the lines to enter in the device's own settings."""

from dataclasses import dataclass

from fastapi import Response

from api.console.page import View
from api.console.wired import Access, base_of
from api.reading import DeviceRead
from gateway.client import parse_url


@dataclass(frozen=True, slots=True)
class Secret:
    """A password that is told this once."""

    device: DeviceRead
    access: Access
    heading: str


def show(seen: View, device: DeviceRead, password: str, heading: str, *, back: str = "") -> Response:
    """Show a device's password. The browser keeps the address of the page before: loaded again, it is gone.

    `heading`: what was done, in the reader's words. `back`: where one goes on to, the device's page unless given.
    """
    broker = seen.context.settings.broker
    access = Access(
        parse_url(broker) if broker else None, device.uid, password, device.format,
        base_of(device.format, device.topic, device.uid),
    )  # fmt: skip
    response = seen.page("secret.html", secret=Secret(device, access, heading), back=back or f"/devices/{device.uid}")
    response.headers["HX-Push-Url"] = "false"
    return response
