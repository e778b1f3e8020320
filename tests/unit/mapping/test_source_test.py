"""`glidepath source test`: facts on standard output, reasons on standard error, no traceback."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from glidepath.commands.source_test import guess_content_type, read_headers, source_test

RUN = CliRunner()
STATEMENT = {
    "id": "s-1",
    "actor": {"mbox": "mailto:a@b.test"},
    "verb": {"id": "x/completed"},
    "object": {"id": "https://c"},
}
ACME = """
vendor: acme
title: Acme
kind: lms
verify: {scheme: none}
kept_headers: [x-event]
facts:
  - when: headers."x-event" == 'done'
    type: completion
    person: {email: body.mail}
    state: {is: completed}
"""


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(source_test)
    return made


def run(*arguments: object) -> tuple[int, str, str]:
    result = RUN.invoke(app(), [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_facts_are_printed_as_a_json_list(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps([STATEMENT, {"verb": "odd"}]))
    code, out, err = run("--vendor", "xapi", body)
    (fact,) = json.loads(out)
    assert (code, fact["state"], fact["person"]["value"], fact["score"]) == (0, "completed", "a@b.test", None)
    assert "item 1 not understood" in err


@pytest.mark.parametrize(
    "headers", ["X-Event: done\n", '{"X-Event": "done"}', '{"vendor": "acme", "headers": {"x-event": "done", "n": 1}}']
)
def test_a_vendor_file_of_ones_own_and_headers_in_every_spelling(tmp_path: Path, headers: str) -> None:
    for name, text in (("acme.yaml", ACME), ("headers", headers), ("body", "mail=a%40b.test")):
        (tmp_path / name).write_text(text)
    code, out, _ = run("--vendor-file", tmp_path / "acme.yaml", "--headers", tmp_path / "headers", tmp_path / "body")
    assert (code, json.loads(out)[0]["person"]["value"]) == (0, "a@b.test")


@pytest.mark.parametrize(
    ("options", "body", "reason"),
    [
        (["--vendor", "moodle"], b"\xff\xfe\x00", "not UTF-8"),
        (["--vendor", "moodle"], b"", "empty"),
        (["--vendor", "moodle"], b'{"a": "1005"}', "no rule of the vendor file moodle"),
        (["--vendor", "zendesk"], b"[" * 100_000, "nested deeper"),
        (["--vendor", "nobody"], b"{}", "there are canvas"),
        ([], b"{}", "either --vendor or --vendor-file"),
        (["--vendor-file", "/nowhere/acme.yaml"], b"{}", "cannot be read"),
        (["--vendor", "moodle", "--headers", "/nowhere"], b"{}", "cannot be read"),
    ],
)
def test_what_cannot_be_understood_gives_a_reason_and_code_1(
    tmp_path: Path, options: list[str], body: bytes, reason: str
) -> None:
    (tmp_path / "body").write_bytes(body)
    code, out, err = run(*options, tmp_path / "body")
    assert (code, out) == (1, "")
    assert reason in err
    assert "Traceback" not in err


def test_the_expression_that_failed_is_printed(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME.replace("""headers."x-event" == 'done'""", "starts_with(body.x, 'a')"))
    (tmp_path / "body").write_text("{}")
    code, _, err = run("--vendor-file", tmp_path / "acme.yaml", tmp_path / "body")
    assert code == 1
    assert "(starts_with(body.x, 'a'))" in err


def test_a_broken_vendor_file_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME.replace("{is: completed}", "shout(body.x)"))
    (tmp_path / "body").write_text("{}")
    code, _, err = run("--vendor-file", tmp_path / "acme.yaml", tmp_path / "body")
    assert (code, "facts[0].state" in err) == (1, True)


def test_content_types_are_guessed_from_the_body() -> None:
    assert guess_content_type(b' {"a=b": 1}') == "application/json"
    assert guess_content_type(b"a=1&b=2") == "application/x-www-form-urlencoded"
    assert read_headers(b"HTTP/1.1 200 OK\nContent-Type: a/b\n\n") == {"content-type": "a/b"}
