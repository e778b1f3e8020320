"""What the story is made of: the people, the plan's audiences, the forms."""

from collections import Counter
from importlib.resources import files

import httpx
import yaml

from glidepath.demo.forms import Form, read_form, submit
from glidepath.demo.population import TOTAL, employees, people_csv

PAGE = """<!doctype html><form method="get" action="/search"><input name="q"></form>
<form method="post" action=""><input type="hidden" name="csrf" value="c1">
<input type="radio" name="decision" value="approve"><input type="radio" name="decision" value="reject">
<select name="scale"><option value="1">no</option><option value="5">yes</option></select>
<textarea name="comment"></textarea><button>Send</button></form>"""


def test_there_are_1500_different_people_and_always_the_same() -> None:
    people = employees()
    assert len({person.email for person in people}) == len({person.personnel_id for person in people}) == TOTAL == 1500
    assert people_csv(people) == people_csv(employees())


def test_the_plans_waves_share_out_everybody() -> None:
    plan = yaml.safe_load(files("glidepath.demo").joinpath("plan.yaml").read_text(encoding="utf-8"))
    counts = Counter(person.wave for person in employees())
    assert [wave["name"] for wave in plan["spec"]["waves"]] == ["rehearsal", "it", "north", "everyone"]
    assert [counts[wave["name"]] for wave in plan["spec"]["waves"]] == [12, 40, 398, 1050]


def test_a_form_is_read_with_its_hidden_values_and_its_choices() -> None:
    form = read_form(PAGE)
    assert form is not None
    assert form.fixed == {"csrf": "c1"}
    assert form.choices == {"decision": ["approve", "reject"], "scale": ["1", "5"]}
    assert form.texts == ["comment"]


def test_a_page_without_a_form_has_nothing_to_send() -> None:
    assert read_form("<p>You have answered already. Thank you.</p>") is None


def test_a_form_is_sent_to_where_it_came_from_with_everything_it_held() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, text=PAGE) if request.method == "GET" else httpx.Response(303)

    def fill(form: Form) -> dict[str, str]:
        return {name: choices[-1] for name, choices in form.choices.items()}

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        assert submit(http, "http://g.example/survey/t0ken", fill)
    assert str(sent[1].url) == "http://g.example/survey/t0ken"
    assert sent[1].content == b"csrf=c1&decision=reject&scale=5"
