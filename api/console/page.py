"""What is around every page? Its language, navigation, addresses and forms' token; and how a problem looks to a person."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from alerts.texts import LANGUAGES
from api import auth, i18n
from api.console import static, words
from api.console.wired import VENDORS
from api.context import Context, Principal
from api.i18n import Wording
from api.problems import Problem

CSRF_PLACE = "-csrf-token-of-the-session-"
"""Stands for the token in a page that is rendered once for several sessions."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the navigation."""

    href: str
    label: str
    here: bool


@dataclass(frozen=True, slots=True)
class View:
    """Through whose eyes a page is seen; all that a template needs beside its own values. Safe to use in any thread."""

    context: Context
    caller: Principal | None
    wording: Wording
    path: str
    csrf: str

    def url(self, path: str) -> str:
        """Return the address of a page of ours, behind whatever prefix a proxy serves us."""
        return self.context.settings.root_path + path

    def asset(self, path: str) -> str:
        """Return the address of a static file."""
        return self.url(static.address(path))

    @property
    def links(self) -> list[Link]:
        """The places this user may go to."""
        caller = self.caller
        if caller is None:
            return []
        _ = self.wording.gettext
        places = [("/", _("Board")), ("/visits", _("Visits")), ("/devices", _("Devices")), ("/care", _("Care"))]
        if caller.staff_id is not None:
            places.insert(0, ("/my", _("My work")))
            if not caller.may("operator"):
                places = [place for place in places if place[0] != "/"]
        if self.context.settings.outbox_pages and caller.may("operator"):
            places.append(("/phones", _("Phones")))
        if caller.may("admin"):
            places.append(("/quarantine", _("Quarantine")))
        places.append(("/plans", _("Plans")))
        if caller.may("operator"):
            places.append(("/follow-ups", _("After the visit")))
        return [Link(self.url(path), label, _begins(self.path, path)) for path, label in places]

    @property
    def other_language(self) -> Wording:
        """The language that the switch leads to."""
        other = next(each for each in LANGUAGES if each != self.wording.language)
        return replace(self.wording, language=other)

    def html(self, template: str, now: datetime, **values: Any) -> str:
        """Return a page or a part of one."""
        return i18n.environment().get_template(template).render(
            view=self, caller=self.caller, words=words, w=self.wording, _=self.wording.gettext, url=self.url,
            asset=self.asset, now=now, csrf=self.csrf, vendors=VENDORS, **values,
        )  # fmt: skip

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Answer with a page; a refused form must not leave its own address in the browser's history."""
        html = self.html(template, self.context.clock.now(), **values)
        return HTMLResponse(html, status, {"HX-Push-Url": "false"} if status >= 400 else None)

    def shared(self) -> "View":
        """Return a view for a page that is rendered once for several sessions."""
        return replace(self, csrf=CSRF_PLACE)

    def own(self, html: str) -> str:
        """Return a page that was rendered for several sessions as this one's."""
        return html.replace(CSRF_PLACE, self.csrf)

    def key(self, *page: object) -> tuple[object, ...]:
        """Return what decides how a page looks: whoever has the same key sees the same page."""
        caller = self.caller
        if caller is None:
            return (*page, self.wording.language)
        return (*page, self.wording.language, caller.role, caller.area, caller.staff_id)


_BESIDE = {"/devices": ("/add", "/discovered", "/labels", "/test-calls"), "/follow-ups": ("/complaints",)}
"""Pages that belong to a place, though their address does not begin with it: below it every word may be a device."""


def _begins(path: str, place: str) -> bool:
    if place == "/":
        return path == "/" or path.startswith("/alerts")
    return any(path == each or path.startswith(each + "/") for each in (place, *_BESIDE.get(place, ())))


def view(request: Request, caller: Principal | None = None) -> View:
    """Return the view of whoever sent a request."""
    context: Context = request.app.state.context
    settings = context.settings
    language = i18n.choose(request.cookies.get(i18n.COOKIE), caller.language if caller else None, settings.locale)
    path = request.url.path.removeprefix(settings.root_path) or "/"
    return View(context, caller, Wording(language, settings.timezone), path, auth.csrf_of(request))


def go(seen: View, path: str) -> RedirectResponse:
    """Send the browser on to a page of ours, after a form."""
    return RedirectResponse(seen.url(path), 303)


def problem_page(request: Request, problem: Problem) -> Response | None:
    """Show a problem to a person, in his language; None for programs, which get the document."""
    path = request.url.path.removeprefix(request.app.state.context.settings.root_path) or "/"
    if path.startswith(("/api/", "/webhooks/", "/static/")) or "text/html" not in request.headers.get("accept", ""):
        return None
    seen = view(request, getattr(request.state, "principal", None))
    if problem.status == 401 and path != "/login":
        back = path + (f"?{request.url.query}" if request.url.query and request.method == "GET" else "")
        if request.method != "GET":
            back = "/"
        login = seen.url("/login") + f"?next={quote(back, safe='/')}"
        # a form sent by script would put the log-in page into the middle of this one
        if request.headers.get("hx-request") == "true":
            return Response(status_code=401, headers={"HX-Redirect": login})
        return RedirectResponse(login, 303)
    response = seen.page("problem.html", status=problem.status, problem=problem)
    response.headers.update(problem.headers)
    return response
