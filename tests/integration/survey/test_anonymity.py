"""Anonymous mode, attacked with everything that the database, the events and the API ever showed, on both engines."""

import json
import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlmodel import col

from services.survey.adapters.tables import (
    InvitationRow,
    ResponseAuthorRow,
    ResponseRow,
    SealedParticipationRow,
    SealedResponseRow,
    StagedAnswerRow,
    TallyRow,
)
from tests.integration.survey.desk import (
    CLOSES,
    NOT_READY,
    READY,
    START,
    STEPS,
    SurveyDesk,
    enrolment,
    members,
    request,
)

ANONYMOUS = "readiness-anonymous"


async def count(desk: SurveyDesk, row: Any) -> int:
    return int((await desk.query(select(func.count()).select_from(row)))[0][0])


def distinct_answers(number: int) -> dict[str, str]:
    """An answer that no other number below 3125 gives, so that the test knows whose each sealed one is."""
    return {step: str(1 + number // 5**place % 5) for place, step in enumerate(STEPS)}


def number_of(answers: dict[str, int]) -> int:
    return sum((answers[step] - 1) * 5**place for place, step in enumerate(STEPS))


async def subject_of(desk: SurveyDesk, token: str) -> str:
    return desk.runtime.links.read(token, purpose="survey", now=desk.clock.now())


async def test_an_anonymous_campaign_for_fewer_than_twice_k_people_is_refused(desk: SurveyDesk) -> None:
    await desk.hand_in(request(9, instrument=ANONYMOUS, on_undecided="pass"))
    assert (await desk.campaign())["state"] == "closed"
    [verdict] = await desk.told("survey.verdict.reached")
    assert verdict["verdict"] == "undecided"
    assert verdict["explanation"] == "An anonymous survey needs at least 10 people invited; here it is 9."
    assert await desk.told("survey.notification.requested") == []


async def test_a_wave_that_shrank_below_twice_k_before_the_launch_is_refused_as_well(desk: SurveyDesk) -> None:
    await desk.hand_in(*members(9), enrolment(9))
    await desk.hand_in(request(10, instrument=ANONYMOUS))
    await desk.hand_in(enrolment(9, state="withdrawn"))
    await desk.run_due()
    assert (await desk.campaign())["state"] == "closed"
    assert await desk.told("survey.notification.requested") == []


async def test_nothing_but_the_staged_answer_is_written_when_somebody_answers(desk: SurveyDesk) -> None:
    tokens = await desk.open(30, instrument=ANONYMOUS)

    async def snapshot() -> dict[str, Any]:
        tables = desk.runtime.plumbing.outbox.metadata.sorted_tables
        return {
            table.name: sorted(map(str, await desk.query(select(table))))
            for table in tables
            if table.name != "staged_answers"
        }

    before = await snapshot()
    for token in tokens[:9]:
        await desk.answer(token, READY, **{"Idempotency-Key": "my-own-key"})
        await desk.run_due()
    assert await snapshot() == before
    assert await count(desk, StagedAnswerRow) == 9


async def test_a_batch_leaves_when_another_whole_batch_stays_and_the_rest_at_the_close(desk: SurveyDesk) -> None:
    tokens = await desk.open(30, instrument=ANONYMOUS)
    answered = []
    for token in tokens[:17]:
        await desk.answer(token, READY)
        await desk.run_due()
        answered.append((await desk.campaign())["answered"])
    assert answered == [0] * 9 + [5] * 5 + [10] * 3
    desk.clock.advance(CLOSES - START)
    await desk.run_due()
    assert (await desk.campaign())["answered"] == 17
    assert await count(desk, StagedAnswerRow) == 0
    assert await count(desk, SealedResponseRow) == await count(desk, SealedParticipationRow) == 17
    assert await count(desk, ResponseRow) == await count(desk, ResponseAuthorRow) == 0
    told = [progress["answered"] for progress in await desk.told("survey.progress.counted")]
    assert told == [5, 10, 17]
    assert all(later - earlier >= 5 for earlier, later in pairwise([0, *told]))


async def test_a_sealed_invitation_cannot_be_used_again_nor_its_answer_be_asked_for(desk: SurveyDesk) -> None:
    tokens = await desk.open(10, instrument=ANONYMOUS)
    for token in tokens:
        await desk.answer(token, READY)
    await desk.run_due()
    for token in tokens:
        # Neither the same nor another answer is recognised: the service does not know any more what was said.
        for form in (READY, NOT_READY):
            assert "<h1>You have already answered</h1>" in (await desk.answer(token, form)).text
    assert await count(desk, SealedResponseRow) == 10


async def test_so_few_answers_that_nothing_may_be_told_are_deleted_unread(desk: SurveyDesk) -> None:
    tokens = await desk.open(30, instrument=ANONYMOUS)
    empty = await desk.results()
    for token in tokens[:4]:
        await desk.answer(token, READY)
    desk.clock.advance(CLOSES - START)
    await desk.run_due()
    assert await desk.results() == empty  # withheld looks the same as empty
    for row in (StagedAnswerRow, SealedResponseRow, SealedParticipationRow, TallyRow):
        assert await count(desk, row) == 0
    [verdict] = await desk.told("survey.verdict.reached")
    assert (verdict["answered"], verdict["estimate"]) == (0, None)


async def test_the_sealed_tables_have_no_column_that_could_join_them(desk: SurveyDesk) -> None:
    tokens = await desk.open(20, instrument=ANONYMOUS)
    for number, token in enumerate(tokens):
        await desk.answer(token, distinct_answers(number * 7))
    await desk.run_due()
    participations = await desk.query(select(SealedParticipationRow))
    responses = await desk.query(select(SealedResponseRow))
    assert set(SealedParticipationRow.model_fields) == {"id", "campaign_id", "invitation_id"}
    assert set(SealedResponseRow.model_fields) == {"id", "campaign_id", "answers"}
    names = [UUID(row.id) for row in (*participations, *responses)]
    assert all(name.version == 4 for name in names)  # random: no time, no counter, no machine
    assert len(set(names)) == 40
    everywhere = {UUID(row.invitation_id) for row in participations} | {UUID(row.campaign_id) for row in responses}
    assert not everywhere & set(names)
    assert len({row.campaign_id for row in (*participations, *responses)}) == 1


async def test_no_table_besides_staging_holds_an_invitation_beside_an_answer(desk: SurveyDesk) -> None:
    async with desk.database.reader.connect() as connection:
        found = await connection.run_sync(
            lambda sync: {
                table: {column["name"]: column for column in inspect(sync).get_columns(table)}
                for table in inspect(sync).get_table_names()
            }
        )
        keys = await connection.run_sync(
            lambda sync: {
                table: [key["referred_table"] for key in inspect(sync).get_foreign_keys(table)] for table in found
            }
        )
    both = {name for name, columns in found.items() if {"invitation_id", "answers"} <= set(columns)}
    assert both == {"staged_answers"}
    for name in ("staged_answers", "sealed_participations", "sealed_responses"):
        assert keys[name] == []
        kinds = {str(column["type"]).upper() for column in found[name].values()}
        assert not any(re.search("TIME|DATE|INT|SERIAL", kind) for kind in kinds), kinds


async def test_physical_order_and_transaction_ids_match_answers_to_people_no_better_than_chance(
    desk: SurveyDesk, engine: str
) -> None:
    people = 40
    tokens = await desk.open(people, instrument=ANONYMOUS)
    whose = {}
    for number, token in enumerate(tokens):
        whose[await subject_of(desk, token)] = number
        await desk.answer(token, distinct_answers(number * 7))
        await desk.run_due()
    # PostgreSQL: the transaction and the place in the file. SQLite has no row numbers here, only the order of the key.
    marks = "xmin::text AS batch, ctid AS place" if engine == "postgresql" else "'' AS batch, id AS place"
    sides: dict[str, dict[str, list[int]]] = {}
    for table, column in (("sealed_participations", "invitation_id"), ("sealed_responses", "answers")):
        rows = await desk.query(text(f"SELECT {marks}, {column} AS what FROM {table} ORDER BY place"))
        sides[table] = defaultdict(list)
        for row in rows:
            answers = json.loads(row.what) if isinstance(row.what, str) and row.what.startswith("{") else row.what
            number = whose[row.what] if column == "invitation_id" else number_of(answers) // 7
            sides[table][row.batch].append(number)
    who, what = sides["sealed_participations"], sides["sealed_responses"]
    assert {batch: sorted(numbers) for batch, numbers in who.items()} == {
        batch: sorted(numbers) for batch, numbers in what.items()
    }
    batches = [len(numbers) for numbers in who.values()]
    assert min(batches) >= 5
    right = sum(a == b for batch in who for a, b in zip(who[batch], what[batch], strict=True))
    # By chance one per batch is right, with a variance of one per batch; this is beyond six standard deviations.
    assert right <= len(batches) + 6 * len(batches) ** 0.5 + 1


async def test_two_databases_that_differ_only_in_who_answered_what_look_the_same(desk: SurveyDesk) -> None:
    tokens = await desk.open(20, instrument=ANONYMOUS)
    forms = [distinct_answers(number * 31) for number in range(20)]
    order = list(range(20))
    for number in order[::-1]:
        await desk.answer(tokens[number], forms[(number * 3) % 20])
    await desk.run_due()
    responses = await desk.query(select(col(SealedResponseRow.answers)))
    assert sorted(json.dumps(row[0], sort_keys=True) for row in responses) == sorted(
        json.dumps({step: int(value) for step, value in form.items()}, sort_keys=True) for form in forms
    )
    if desk.database.dialect == "sqlite":
        stored = [row[0] for row in await desk.query(text("SELECT answers FROM sealed_responses"))]
        assert {re.sub(r"\d", "0", document) for document in stored} == {re.sub(r"\d", "0", stored[0])}


async def test_released_answers_are_gone_from_the_staging_files(desk: SurveyDesk, engine: str) -> None:
    tokens = await desk.open(20, instrument=ANONYMOUS)

    async def file_of_staging() -> int:
        return int((await desk.query(text("SELECT pg_relation_filenode('staged_answers')")))[0][0])

    if engine == "postgresql":
        before = await file_of_staging()
        for token in tokens[:10]:
            await desk.answer(token, READY)
        await desk.run_due()
        assert await file_of_staging() != before  # a new file; the old one, with the deleted rows, is unlinked
        assert await count(desk, StagedAnswerRow) == 5
        return
    subjects = [await subject_of(desk, token) for token in tokens]
    [campaign] = {row[0] for row in await desk.query(select(col(InvitationRow.campaign_id)))}
    for token in tokens:
        await desk.answer(token, READY)
    await desk.run_due()
    async with desk.database.work() as work:
        pass  # no reader is at work: the log can be folded into the file
    async with desk.database.writer.connect() as connection:
        await connection.rollback()
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database = make_url(str(desk.database.url)).database
    assert database is not None
    with open(database, "rb") as file:  # noqa: ASYNC230
        content = file.read()
    assert work is not None
    for subject in subjects:
        assert (subject + campaign + "{").encode() not in content  # how a staged row lies in the file


async def test_whatever_was_told_at_whatever_time_never_differs_by_fewer_than_k_people(desk: SurveyDesk) -> None:
    tokens = await desk.open(40, instrument=ANONYMOUS)
    seen: list[Any] = []
    for number, token in enumerate(tokens[:33]):
        await desk.answer(token, READY if number % 3 else NOT_READY)
        await desk.run_due()
        seen.append(await desk.results())
    desk.clock.advance(CLOSES - START)
    await desk.run_due()
    seen.append(await desk.results())
    sizes = sorted({results["measures"][0]["n"] or 0 for results in seen})
    assert sizes[0] == 0
    assert sizes[-1] == 33
    assert all(later - earlier >= 5 for earlier, later in pairwise(sizes))
    for results in seen:
        ns = {question["n"] for question in results["questions"]} | {results["measures"][0]["n"]}
        assert len(ns) == 1  # every figure speaks of the same people
    last = seen[-1]["measures"][0]
    assert (last["n"], last["yes"]) == (33, 22)


async def test_events_of_anonymous_answers_name_nobody_and_no_single_moment(desk: SurveyDesk) -> None:
    tokens = await desk.open(12, instrument=ANONYMOUS)
    subjects = {await subject_of(desk, token) for token in tokens}
    for token in tokens:
        await desk.answer(token, READY)
    await desk.run_due()
    after = [doc for doc in await desk.outbox() if "notification" not in doc["type"]]
    spoken = json.dumps(after)
    assert not any(subject in spoken for subject in subjects)
    kinds = Counter(doc["type"].removeprefix("glidepath.survey.") for doc in after)
    assert kinds["progress.counted.v1"] == 1  # all twelve came before the timer looked: one batch, the close's
    assert not any("causationid" in doc for doc in after if "progress" in doc["type"] or "verdict" in doc["type"])
    outbox = desk.runtime.plumbing.outbox
    assert {row[0] for row in await desk.query(select(outbox.c.traceparent))} == {None}


async def test_all_alike_is_a_band_in_results_and_verdict(desk: SurveyDesk) -> None:
    tokens = await desk.open(10, instrument=ANONYMOUS)
    for token in tokens:
        await desk.answer(token, READY)
    await desk.run_due()
    results = await desk.results()
    [measure] = results["measures"]
    assert (measure["status"], measure["n"], measure["at_least"], measure["share"]) == ("banded", 10, 0.9, None)
    assert {question["status"] for question in results["questions"]} == {"banded"}
    [verdict] = await desk.told("survey.verdict.reached")
    assert (verdict["verdict"], verdict["estimate"]) == ("pass", None)
    assert verdict["explanation"].startswith("At least 90 % of 10 counted answers")
