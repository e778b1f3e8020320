"""The tool_trigger plugin: a static bearer header, every value a string, and nothing but status 200 counts as delivered."""

from typing import Any

import httpx

from glidepath.demo.simulators.moodle.site import MoodleSite


class ToolTrigger:
    """Posts course events of `site` to a hook. A delivery that fails is the caller's to repeat, as Moodle's task queue would."""

    def __init__(self, site: MoodleSite, hook_url: str, bearer: str) -> None:
        self._site = site
        self._hook_url = hook_url
        self._http = httpx.Client(timeout=30, trust_env=False, headers={"Authorization": f"Bearer {bearer}"})

    def close(self) -> None:
        self._http.close()

    def fire(self, event: str, course: int, user: int, at_seconds: int) -> bool:
        """Send one event; False when it must be sent again."""
        try:
            answer = self._http.post(self._hook_url, json=self.body(event, course, user, at_seconds))
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def body(self, event: str, course: int, user: int, at_seconds: int) -> dict[str, Any]:
        """The body of a workflow with course and user lookups: all strings, as the plugin's JSON mode writes them."""
        learner = self._site.users[user]
        return {
            "eventname": f"\\core\\event\\{event}",
            "courseid": str(course),
            "relateduserid": str(user),
            "userid": "2",
            "timecreated": str(at_seconds),
            "user_id": str(user),
            "user_username": learner.username,
            "user_email": learner.email,
            "user_idnumber": learner.idnumber,
        }
