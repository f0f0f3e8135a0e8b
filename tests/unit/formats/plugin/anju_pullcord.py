"""What does a Pullcord say? `cords/NAME/pull` with how often it was pulled since its battery was put in, `cords/NAME/alive`."""

from collections.abc import Iterator, Sequence

from devices.formats.base import Said, first_level, own_branch, prefixes
from devices.model import Press, Source, StatusChange, Unreadable


class Pullcord:
    """The Pullcord's format."""

    name = "pullcord"
    calls = True

    def filters(self, base: str) -> Sequence[str]:
        """Hear all cords by one subscription."""
        return first_level(base)

    def grants(self, base: str) -> Sequence[str]:
        """Grant a cord what is below its own topic."""
        return own_branch(base)

    def split(self, topic: str) -> Iterator[tuple[str, str]]:
        """Part a topic at each level."""
        return prefixes(topic)

    def read(self, rest: str, payload: bytes) -> Sequence[Said] | Unreadable:
        """Read one message below `cords/NAME`."""
        match rest:
            case "alive":
                return (StatusChange("", online=payload == b"yes"),)
            case "pull" if payload.isdigit() and len(payload) < 10:
                return (Press("", "pull", certain=True, key=payload.decode(), source=Source.PULL_CORD),)
            case "pull":
                return Unreadable("`pull` is no count", is_help=True)
        return ()


FORMAT = Pullcord()
