"""A Moodle 5.1 as the web service client meets it, and its tool_trigger plugin as the webhook receiver meets it."""

from glidepath.demo.simulators.moodle.site import MoodleSite, MoodleUser
from glidepath.demo.simulators.moodle.tool_trigger import ToolTrigger
from glidepath.demo.simulators.moodle.web_service import moodle_app

__all__ = ["MoodleSite", "MoodleUser", "ToolTrigger", "moodle_app"]
