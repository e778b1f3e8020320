"""`/webservice/rest/server.php` as a real Moodle 5.1 was measured.

Errors come with status 200, the default format is XML, and what PHP's `max_input_vars` cuts off is lost without a word."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from glidepath.demo.simulators.moodle.site import SITE_COURSE, STUDENT_ROLE, MoodleSite, MoodleUser

PHP_DEFAULT_MAX_INPUT_VARS = 1000
Parameters = dict[str, Any]
Function = Callable[[MoodleSite, Parameters], Any]


class MoodleError(Exception):
    """What Moodle answers instead of a result."""

    def __init__(self, exception: str, errorcode: str, message: str) -> None:
        super().__init__(message)
        self.document = {"exception": exception, "errorcode": errorcode, "message": message}


def _moodle(errorcode: str, message: str) -> MoodleError:
    return MoodleError("core\\exception\\moodle_exception", errorcode, message)


def _wrong_parameter() -> MoodleError:
    return MoodleError(
        "core\\exception\\invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected"
    )


def _no_such_record() -> MoodleError:
    return MoodleError("dml_missing_record_exception", "invalidrecordunknown", "Can't find data record in database.")


def moodle_app(site: MoodleSite, *, token: str, max_input_vars: int = PHP_DEFAULT_MAX_INPUT_VARS) -> Starlette:
    """The web service of `site`. `token` is the only one that is let in."""

    async def answer(request: Request) -> Response:
        pairs = parse_qsl(request.url.query, keep_blank_values=True)
        try:
            body = (await request.body()).decode("utf-8", "replace")
        except ClientDisconnect:
            return Response(status_code=400)  # whoever asked was killed meanwhile
        # PHP counts each input source on its own and keeps one more than the limit.
        pairs += parse_qsl(body, keep_blank_values=True)[: max_input_vars + 1]
        plain = {name: value for name, value in pairs if "[" not in name}
        as_json = plain.get("moodlewsrestformat") == "json"
        try:
            result = _call(site, plain, pairs, token)
        except MoodleError as error:
            return JSONResponse(error.document) if as_json else _xml_error(error)
        return JSONResponse(result) if as_json else _xml(f"<RESPONSE>{escape(str(result))}</RESPONSE>")

    endpoint: Callable[[Request], Awaitable[Response]] = answer
    return Starlette(routes=[Route("/webservice/rest/server.php", endpoint, methods=["GET", "POST"])])


def _call(site: MoodleSite, plain: dict[str, str], pairs: list[tuple[str, str]], token: str) -> Any:
    site.calls += 1
    if plain.get("wstoken") != token:
        raise _moodle("invalidtoken", "Invalid token - token not found")
    function = FUNCTIONS.get(plain.get("wsfunction", ""))
    if function is None:
        raise _no_such_record()
    return function(site, nested(pairs))


def nested(pairs: list[tuple[str, str]]) -> Parameters:
    """PHP's bracket notation: `a[0][b]=1` becomes `{"a": {"0": {"b": "1"}}}`."""
    tree: Parameters = {}
    for name, value in pairs:
        keys = re.findall(r"[^\[\]]+", name)
        place = tree
        for key in keys[:-1]:
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                raise _wrong_parameter()
            place = inner
        place[keys[-1]] = value
    return tree


def _number(parameters: Parameters, name: str) -> int:
    try:
        return int(parameters[name])
    except (KeyError, TypeError, ValueError):
        raise _wrong_parameter() from None


def _entries(parameters: Parameters, name: str) -> list[Parameters]:
    entries = parameters.get(name)
    if not isinstance(entries, dict):
        raise _wrong_parameter()
    return [entry for entry in entries.values() if isinstance(entry, dict)]


def _site_info(site: MoodleSite, parameters: Parameters) -> Any:
    functions = [{"name": name, "version": "2025100600"} for name in FUNCTIONS]
    return {"sitename": site.name, "username": "glidepath", "userid": 3, "lang": "en", "functions": functions,
            "release": "5.1+ (Build: 20251017)", "version": "2025100600.02"}  # fmt: skip


def _users_by_field(site: MoodleSite, parameters: Parameters) -> Any:
    field, values = parameters.get("field"), parameters.get("values", {})
    if field not in ("id", "idnumber", "username", "email"):
        raise MoodleError("core\\exception\\coding_exception", "codingerror", "invalid field parameter")
    wanted = set(values.values()) if isinstance(values, dict) else set()
    return [_user(user) for user in site.users.values() if str(getattr(user, field)) in wanted]


def _user(user: MoodleUser) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "firstname": user.firstname,
        "lastname": user.lastname,
        "fullname": user.fullname,
        "email": user.email,
        "idnumber": user.idnumber,
        "suspended": False,
        "confirmed": True,
    }


def _enrol(site: MoodleSite, parameters: Parameters) -> None:
    pairs = []
    for entry in _entries(parameters, "enrolments"):
        role, user, course = _number(entry, "roleid"), _number(entry, "userid"), _number(entry, "courseid")
        if course == SITE_COURSE:
            raise _moodle("wsnoinstance", f"Manual enrolment plugin instance doesn't exist (id = {course})")
        if course not in site.courses:
            raise _wrong_parameter()
        if user not in site.users:
            raise _no_such_record()
        if role != STUDENT_ROLE:
            raise _moodle("wsusercannotassign", f"You don't have the permission to assign this role ({role})")
        pairs.append((course, user))
    site.enrol(pairs)  # nothing before this line: one bad entry rolls the whole batch back


def _unenrol(site: MoodleSite, parameters: Parameters) -> None:
    pairs = []
    for entry in _entries(parameters, "enrolments"):
        user, course = _number(entry, "userid"), _number(entry, "courseid")
        if user not in site.users or course not in site.courses:
            raise _no_such_record()
        pairs.append((course, user))
    site.unenrol(pairs)


def _enrolled_users(site: MoodleSite, parameters: Parameters) -> Any:
    course = _number(parameters, "courseid")
    if course not in site.courses:
        raise _no_such_record()
    options = {option.get("name"): option.get("value", "") for option in _options(parameters)}
    users = site.participants(course)
    start, most = int(options.get("limitfrom", 0)), int(options.get("limitnumber", 0))
    users = users[start : start + most] if most else users[start:]
    fields = {field.strip() for field in options.get("userfields", "").split(",") if field.strip()}
    roles = [{"roleid": STUDENT_ROLE, "name": "", "shortname": "student", "sortorder": 0}]
    rows = [_user(user) | {"roles": roles} for user in users]
    for row in rows:
        del row["suspended"], row["confirmed"]
    return [{name: row[name] for name in row if name == "id" or name in fields} for row in rows] if fields else rows


def _options(parameters: Parameters) -> list[Parameters]:
    options = parameters.get("options", {})
    return [option for option in options.values() if isinstance(option, dict)] if isinstance(options, dict) else []


def _completion_status(site: MoodleSite, parameters: Parameters) -> Any:
    course, user = _number(parameters, "courseid"), _number(parameters, "userid")
    if course not in site.courses or user not in site.users:
        raise _no_such_record()
    if not site.is_enrolled(course, user):
        raise _moodle("usernotenroled", "User is not enrolled in this course")
    at = site.completed.get((course, user))
    done = at is not None
    criterion = {
        "type": 4,
        "title": "Activity completion",
        "status": "Yes" if done else "No",
        "complete": done,
        "timecompleted": at,
        "details": {"type": "Activity completion", "criteria": "Watch the video", "requirement": "", "status": ""},
    }
    return {"completionstatus": {"completed": done, "aggregation": 1, "completions": [criterion]}, "warnings": []}


FUNCTIONS: dict[str, Function] = {
    "core_webservice_get_site_info": _site_info,
    "core_user_get_users_by_field": _users_by_field,
    "core_enrol_get_enrolled_users": _enrolled_users,
    "core_completion_get_course_completion_status": _completion_status,
    "enrol_manual_enrol_users": _enrol,
    "enrol_manual_unenrol_users": _unenrol,
}


def _xml(body: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8" ?>\n{body}\n', media_type="application/xml")


def _xml_error(error: MoodleError) -> Response:
    parts = {name: escape(value) for name, value in error.document.items()}
    return _xml(
        f'<EXCEPTION class="{parts["exception"]}"><ERRORCODE>{parts["errorcode"]}</ERRORCODE>'
        f"<MESSAGE>{parts['message']}</MESSAGE></EXCEPTION>"
    )
