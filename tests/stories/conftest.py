"""The village that every story plays in."""

from collections.abc import Iterator

import pytest
from psycopg_pool import ConnectionPool

from storage import series
from tests.clock import StoryClock
from tests.stories.village import Village


@pytest.fixture
def village(pool: ConnectionPool, clock: StoryClock) -> Iterator[Village]:
    """A village at night; at its end, no phone may have got a message that the story did not expect."""
    with pool.connection() as connection:
        series.ensure(connection, clock.now())
    story = Village(pool, clock)
    yield story
    story.nobody_heard_more()
