"""Moodle's web services (`POST /webservice/rest/server.php`): find people, enrol, un-enrol, ask how far somebody is.

Measured on Moodle 5.1: errors are HTTP 200 with `exception` and `errorcode` (the message is localised, so only codes are read);
enrolling answers null whether or not anything happened; a batch that is too long loses its tail silently; look-up by e-mail is
case-sensitive and answers [] without `moodle/site:viewuseridentity`; a course has no completion time of its own.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from services.rollout.domain.batch import BATCH, halves
from services.rollout.ports.learning import (
    Account,
    AccountRefused,
    Connection,
    CourseRefused,
    CourseStatus,
    LearningPlatform,
)
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.facts import LearningFact, LearningState
from shared.http_client import mapped_errors, outside_client
from shared.mapping import NotUnderstood, VendorFile, load_vendor, understand_answer
from shared.vault import Vault

ENDPOINT = "webservice/rest/server.php"
PAGE = 500
FIELDS = {"email": "email", "username": "username", "idnumber": "idnumber"}

_LATER = frozenset({"sitemaintenance", "upgraderunning", "dmlreadexception", "dmlwriteexception", "dmlconnectionerror"})
_ACCOUNT = frozenset({"invalidrecordunknown", "invalidrecord", "userdeleted", "invaliduser", "usersuspended"})
_COURSE = frozenset(
    {
        *("wsnoinstance", "wscannotenrol", "wsusercannotassign", "invalidparameter", "nocriteriaset"),
        *("errorcoursecontextnotvalid", "cannotviewreport", "coursehidden"),
    }
)
_HINTS = {
    "invalidtoken": "the token does not exist or has expired",
    "accessexception": "the token, its owner or its service is not allowed to call this",
    "wsaccessusersuspended": "the service account is suspended",
    "wsusercannotassign": "the service account may not assign the student role (moodle/role:assign and an allow-assign rule)",
    "wsnoinstance": "the course has no enabled manual enrolment method",
    "cannotviewreport": "the course does not track completion, or the service account lacks report/completion:view",
    "nocriteriaset": "the course has no completion criteria",
    "invalidparameter": "the course is unknown there, or a value was not accepted",
    "invalidrecordunknown": "there is no such record",
    "invalidrecord": "there is no such record",
    "userdeleted": "the account was deleted",
    "sitemaintenance": "the site is under maintenance",
    "nopermissions": "the service account lacks a permission",
}

Send = Callable[[Mapping[str, str]], Awaitable[str]]


class MoodleError(Exception):
    """An answer with `exception`. `code` is stable, the message is for people and localised."""

    def __init__(self, function: str, code: str) -> None:
        # Some codes are whole sentences of HTML; what is not a word is not repeated.
        self.code = code if code.isalnum() and len(code) <= 60 else "error"
        super().__init__(f"Moodle answered {self.code} to {function}: {_HINTS.get(self.code, 'see its documentation')}")


class MoodlePlatform:
    """A `LearningPlatform`. `send` posts a form and gives the body of an answer with status 200."""

    def __init__(self, send: Send, vendor: VendorFile, *, student_role_id: int = 5) -> None:
        self._send = send
        self._vendor = vendor
        self._role = student_role_id

    async def find_accounts(self, match_by: str, values: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        """See `LearningPlatform`. E-mails are tried as written and then in lower case; user names in lower case."""
        field = FIELDS[match_by]
        found: dict[str, list[Account]] = {}
        attempts: tuple[Callable[[str], str], ...] = (str, str.lower) if field == "email" else (str,)
        for spelling in (str.lower,) if field == "username" else attempts:
            asked = {spelling(value): value for value in values if value not in found}
            spelled = [text for text, value in asked.items() if spelling is str or field == "username" or text != value]
            for start in range(0, len(spelled), BATCH):
                for user in await self._users_by(field, spelled[start : start + BATCH]):
                    value = asked.get(str(user.get(field)))
                    if value is not None:
                        found.setdefault(value, []).append(_account(user))
        return found

    async def list_participants(self, course_id: str) -> frozenset[str]:
        """See `LearningPlatform`. Read in pages; suspended enrolments are among them, unmarked."""
        seen: set[str] = set()
        while True:
            options = {"userfields": "id", "sortby": "id", "limitfrom": len(seen), "limitnumber": PAGE}
            form = _options(options) | {"courseid": course_id}
            page = await self._about_course("core_enrol_get_enrolled_users", form, expect=list)
            fresh = {str(user["id"]) for user in page} - seen
            seen |= fresh
            if not fresh or len(page) != PAGE:
                return frozenset(seen)

    async def enrol(self, course_id: str, accounts: Sequence[str]) -> Mapping[str, str]:
        """See `LearningPlatform`. In calls of at most 50; one bad entry rolls a call back, so it is looked for by halving."""
        return await self._in_batches("enrol_manual_enrol_users", course_id, accounts, {"roleid": str(self._role)})

    async def unenrol(self, course_id: str, accounts: Sequence[str]) -> Mapping[str, str]:
        """See `LearningPlatform`. Takes back manual enrolments only; someone who is not enrolled is no error."""
        return await self._in_batches("enrol_manual_unenrol_users", course_id, accounts, {})

    async def find_status(self, course_id: str, account: str) -> CourseStatus:
        """See `LearningPlatform`. What the answer means, and the time that Moodle does not keep, is in the vendor file."""
        function = "core_completion_get_course_completion_status"
        try:
            answer = await self._call(function, {"courseid": course_id, "userid": account}, expect=dict)
        except MoodleError as error:
            if error.code == "usernotenroled":
                return CourseStatus(enrolled=False)
            raise _failure(error) from error
        return self._status(function, answer, {"course_id": course_id, "user_id": account})

    def _status(self, function: str, answer: Mapping[str, Any], asked: Mapping[str, str]) -> CourseStatus:
        try:
            facts = understand_answer(self._vendor, function, answer, context=asked)
        except NotUnderstood as error:
            raise PermanentFailure(f"Moodle's answer to {function} is not what it documents: {error}") from error
        learned = [fact for fact in facts if isinstance(fact, LearningFact)]
        if not learned:
            raise PermanentFailure(f"Moodle's answer to {function} is not what it documents")
        done = next((fact for fact in learned if fact.state is LearningState.COMPLETED), None)
        return CourseStatus(
            enrolled=True,
            completed=done is not None,
            started=any(item.get("complete") for item in answer["completionstatus"].get("completions") or ()),
            completed_at=done.occurred_at if done else None,
        )

    async def _users_by(self, field: str, values: Sequence[str]) -> list[dict[str, Any]]:
        form = {"field": field} | {f"values[{number}]": value for number, value in enumerate(values)}
        function = "core_user_get_users_by_field"
        try:
            users: list[dict[str, Any]] = await self._call(function, form, expect=list)
        except MoodleError as error:
            # One value that Moodle does not accept (a malformed user name) must not hide the others.
            if error.code == "invalidparameter" and len(values) > 1:
                return [user for value in values for user in await self._users_by(field, [value])]
            if error.code == "invalidparameter":
                return []
            raise _failure(error) from error
        return users

    async def _in_batches(
        self, function: str, course_id: str, accounts: Sequence[str], more: Mapping[str, str]
    ) -> dict[str, str]:
        refused: dict[str, str] = {}
        for start in range(0, len(accounts), BATCH):
            waiting = [accounts[start : start + BATCH]]
            while waiting:
                batch = waiting.pop()
                try:
                    await self._about_course(function, _entries(course_id, batch, more), expect=type(None))
                except AccountRefused as error:
                    if len(batch) == 1:
                        refused[batch[0]] = str(error)
                    else:
                        waiting.extend(halves(batch))
        return refused

    async def _about_course(self, function: str, form: Mapping[str, str], *, expect: type) -> Any:
        try:
            return await self._call(function, form, expect=expect)
        except MoodleError as error:
            if function == "core_enrol_get_enrolled_users" and error.code in _ACCOUNT:
                raise CourseRefused(f"{error} (the course)") from error
            raise _failure(error) from error

    async def _call(self, function: str, form: Mapping[str, str], *, expect: type) -> Any:
        body = await self._send({"wsfunction": function, "moodlewsrestformat": "json", **form})
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise PermanentFailure(f"Moodle's answer to {function} is not JSON: is this its base address?") from error
        if isinstance(answer, dict) and "exception" in answer:
            raise MoodleError(function, str(answer.get("errorcode", "")))
        if not isinstance(answer, expect):
            raise PermanentFailure(f"Moodle's answer to {function} is not what it documents")
        return answer


class OutsidePlatforms:
    """`Platforms` over real HTTP. `transport` replaces the network in tests."""

    def __init__(self, vault: Vault, *, transport: Any = None) -> None:
        self._vault = vault
        self._transport = transport
        self._moodle = load_vendor("moodle")

    def vendors(self) -> Sequence[str]:
        return ("moodle",)

    def open(self, connection: Connection) -> AbstractAsyncContextManager[LearningPlatform]:
        return self._open(connection)

    @asynccontextmanager
    async def _open(self, connection: Connection) -> AsyncIterator[LearningPlatform]:
        token = self._vault.open_text(connection.sealed_token, owner=connection.id)
        async with outside_client(connection.base_url, transport=self._transport) as client:

            async def send(form: Mapping[str, str]) -> str:
                with mapped_errors("Moodle"):
                    # The token goes into the form: a URL would end up in somebody's log.
                    answer = await client.post(ENDPOINT, data={"wstoken": token, **form})
                    if answer.status_code == 403 and not answer.content:
                        raise PermanentFailure("Moodle's web services or its REST protocol are switched off (403)")
                    answer.raise_for_status()
                    return answer.text

            yield MoodlePlatform(send, self._moodle, student_role_id=connection.student_role_id)


def _failure(error: MoodleError) -> TemporaryFailure | PermanentFailure:
    if error.code in _LATER:
        return TemporaryFailure(str(error))
    if error.code in _ACCOUNT:
        return AccountRefused(str(error))
    return CourseRefused(str(error)) if error.code in _COURSE else PermanentFailure(str(error))


def _account(user: Mapping[str, Any]) -> Account:
    # `idnumber` is not unique in Moodle, so it is no name to remember.
    names = {"username": str(user["username"])} if user.get("username") else {}
    return Account(id=str(user["id"]), names=names)


def _options(options: Mapping[str, Any]) -> dict[str, str]:
    form: dict[str, str] = {}
    for number, (name, value) in enumerate(options.items()):
        form[f"options[{number}][name]"] = name
        form[f"options[{number}][value]"] = str(value)
    return form


def _entries(course_id: str, accounts: Sequence[str], more: Mapping[str, str]) -> dict[str, str]:
    form: dict[str, str] = {}
    for number, account in enumerate(accounts):
        for name, value in ({"userid": account, "courseid": course_id} | dict(more)).items():
            form[f"enrolments[{number}][{name}]"] = value
    return form
