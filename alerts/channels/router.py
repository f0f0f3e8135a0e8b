"""Which way does a message take? Each channel its own; one that nobody here serves is given up, and told otherwise."""

from collections.abc import Mapping

from alerts.channels.base import Channel, GiveUp, Outgoing, Sent


class Router:
    """Hands each message to whoever serves its channel."""

    def __init__(self, ways: Mapping[str, Channel]) -> None:
        self._ways = ways

    def serves(self, channel: str) -> bool:
        """Say whether messages of that channel can leave here."""
        return channel in self._ways

    def send(self, message: Outgoing) -> Sent:
        """Hand the message over. Raises TryAgain or GiveUp."""
        way = self._ways.get(message.channel)
        if way is None:
            raise GiveUp(f"no-{message.channel}", "nothing here serves that channel; see `anju doctor`")
        return way.send(message)
