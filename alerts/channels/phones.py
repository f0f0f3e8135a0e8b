"""How are people told without a provider (SMS=outbox)? The message stays in the database; the page /phones shows it."""

from alerts.channels.base import Outgoing, Sent


class PhonesOnScreen:
    """Every message arrives at once: its phone is the page."""

    def send(self, message: Outgoing) -> Sent:
        """Say that it arrived."""
        return Sent(sid=None, state="delivered")
