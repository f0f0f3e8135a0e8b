"""Which pages does the console have? All of them behind one router, which the app includes."""

from fastapi import APIRouter

from api.console import alert, board, fleet, login, mine, phones, quarantine, static, swaps, test_calls, trips
from api.console.page import problem_page

__all__ = ["problem_page", "router"]

router = APIRouter(include_in_schema=False)
for each in (static, login, board, alert, trips, mine, swaps, phones, fleet, test_calls, quarantine):
    router.include_router(each.router)
