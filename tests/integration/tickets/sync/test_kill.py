"""`kill -9` of the service while it tells a helpdesk: nothing is told twice, nothing is missing."""

from collections.abc import Callable

from tests.bench.helpdesk_kills import kill_while_telling


async def test_a_service_killed_at_random_makes_no_second_ticket_or_comment_there(
    service_database: Callable[[str], str],
) -> None:
    """`python -m tests.bench.helpdesk_kills` does the same with 5,000 writes."""
    verdict = await kill_while_telling(service_database("tickets"), 60, seed=7, kills=4, least=0.05, most=0.4)
    assert verdict.kills >= 1
    assert (verdict.doubled, verdict.missing, verdict.refused) == (0, 0, 0)
