"""How can a wish about the registry be refused? A class a failure; the message has the value and the mend."""


class Refused(Exception):
    """The root of every refusal of this package. `field` and `value`: what was wrong, in the contract's words."""

    def __init__(self, message: str, *, field: str, value: object) -> None:
        super().__init__(message)
        self.field = field
        self.value = value


class Missing(Refused):
    """There is no such thing."""


class Conflict(Refused):
    """It is not possible as things stand."""


class Invalid(Refused):
    """What was asked for makes no sense."""


class UnknownArea(Invalid):
    """area {code}: there is none with that code; see GET /areas."""

    def __init__(self, code: object, *, field: str = "area") -> None:
        super().__init__(f"area {code}: there is none with that code; see GET /areas", field=field, value=code)


class UnknownAreaCode(Missing):
    """area {code}: there is none with that code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"area {code}: there is none with that code", field="code", value=code)


class UnknownHome(Invalid):
    """home {home_id}: there is none with that id; see GET /homes."""

    def __init__(self, home_id: object) -> None:
        super().__init__(f"home {home_id}: there is none with that id; see GET /homes", field="home", value=home_id)


class UnknownHub(Invalid):
    """hub {uid}: there is no hub with that uid; add it first, with kind hub."""

    def __init__(self, uid: str) -> None:
        super().__init__(
            f"hub {uid}: there is no hub with that uid; add it first, with kind hub", field="hub", value=uid
        )


class UnknownDevice(Missing):
    """device {uid}: there is none with that uid."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"device {uid}: there is none with that uid", field="uid", value=uid)


class NotACode(Invalid):
    """area code {code}: 1 to 64 characters, none of them a slash, a backslash, a space or unprintable."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"area code {code!r}: a code has 1 to 64 characters, none of them a slash, a backslash, a space or unprintable",
            field="code",
            value=code,
        )


class NotALevel(Invalid):
    """level {level}: use one of the known ones."""

    def __init__(self, level: str, levels: tuple[str, ...]) -> None:
        super().__init__(f"level {level!r}: use one of {', '.join(levels)}", field="level", value=level)


class LevelsUpsideDown(Invalid):
    """a {level} cannot lie in a {above}: the levels go city > county > township > village."""

    def __init__(self, level: str, above: str, *, field: str = "parent") -> None:
        super().__init__(
            f"a {level} cannot lie in a {above}: the levels go city > county > township > village;"
            " name another level or parent",
            field=field,
            value=level if field == "level" else above,
        )


class LiesWithinItself(Invalid):
    """area {code} cannot lie in {parent}, which lies in it; name another parent."""

    def __init__(self, code: str, parent: str) -> None:
        super().__init__(
            f"area {code} cannot lie in {parent}, which lies in it; name another parent", field="parent", value=parent
        )


class AreaTaken(Conflict):
    """area {code} is there already; choose another code, or PATCH that one."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"area {code} is there already; choose another code, or PATCH that one", field="code", value=code
        )


class NotAUid(Invalid):
    """uid {uid}: 3 to 64 of A-Z a-z 0-9 _ -."""

    def __init__(self, uid: str) -> None:
        super().__init__(f"uid {uid!r}: a uid has 3 to 64 of A-Z a-z 0-9 _ -", field="uid", value=uid)


class NotAKind(Invalid):
    """kind {kind}: use one of the known ones."""

    def __init__(self, kind: str, kinds: tuple[str, ...]) -> None:
        super().__init__(f"kind {kind!r}: use one of {', '.join(kinds)}", field="kind", value=kind)


class NotAFormat(Invalid):
    """format {format}: use one of the known ones."""

    def __init__(self, name: str, formats: tuple[str, ...]) -> None:
        super().__init__(f"format {name!r}: use one of {', '.join(formats)}", field="format", value=name)


class NotATopic(Invalid):
    """topic {topic}: {why}."""

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(f"topic {topic!r}: {why}", field="topic", value=topic)


class DeviceTaken(Conflict):
    """device {uid} is there already; choose another uid, or remove that one first."""

    def __init__(self, uid: str) -> None:
        super().__init__(
            f"device {uid} is there already; choose another uid, or remove that one first", field="uid", value=uid
        )


class TopicTaken(Conflict):
    """topic {topic}: another device's is the same, above it or below it; give each a base topic of its own."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"topic {topic}: another device's is the same, above it or below it; give each a base topic of its own",
            field="topic",
            value=topic,
        )


class ReplacesItself(Invalid):
    """uid {uid}: that is the device itself; name the one that comes in its place."""

    def __init__(self, uid: str) -> None:
        super().__init__(
            f"uid {uid}: that is the device itself; name the one that comes in its place", field="uid", value=uid
        )


class NeedsAHub(Invalid):
    """kind {kind}: {uids} speak through the old one; only a hub can come in its place."""

    def __init__(self, kind: str, uids: list[str]) -> None:
        some = ", ".join(uids[:5]) + (", ..." if len(uids) > 5 else "")
        super().__init__(
            f"kind {kind}: {some} speak through the old one; only a hub can come in its place", field="kind", value=kind
        )
