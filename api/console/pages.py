"""Which pages does the console have? All of them behind one router, which the app includes."""

from fastapi import APIRouter

from api.console import (
    alert,
    board,
    care,
    credentials,
    discovered,
    fleet,
    follow_ups,
    homes,
    labels,
    login,
    mine,
    onboarding,
    phones,
    plans,
    quarantine,
    scan,
    static,
    steps,
    swaps,
    test_calls,
    trips,
    visit,
)
from api.console.page import problem_page

__all__ = ["problem_page", "router"]

router = APIRouter(include_in_schema=False)
for each in (
    static, login, board, alert, trips, visit, steps, scan, mine, swaps, phones, fleet, credentials, onboarding, discovered,
    homes, labels, test_calls, quarantine, care, plans, follow_ups,
):  # fmt: skip
    router.include_router(each.router)
