"""Reading people from a file: all rows, or a list of what is wrong and where."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rollout.domain.person import (
    MAX_ROWS,
    ImportSheet,
    TooManyRows,
    fold_identity,
    read_csv,
    read_records,
)


def problems(sheet: ImportSheet) -> list[tuple[str, str]]:
    return [(problem.place, problem.column) for problem in sheet.problems]


def test_a_file_of_a_spreadsheet_with_bom_semicolons_and_quoted_newlines_is_read() -> None:
    text = '\ufeffID;Name;E-Mail;Site;Tags;Champion\r\n1;"Ada\r\nLovelace";Ada@Example.test;"Bonn; Nord";vpn|laptop;yes\r\n'
    sheet = read_csv(text)
    assert sheet.problems == ()
    (row,) = sheet.rows
    assert (row.external_key, row.email) == ("1", "Ada@Example.test")
    assert row.values["name"] == "Ada Lovelace"
    assert row.values["site"] == "Bonn; Nord"
    assert row.values["tags"] == ["laptop", "vpn"]
    assert row.values["champion"] is True


def test_a_row_after_a_quoted_newline_is_named_by_the_line_it_starts_on() -> None:
    sheet = read_csv('id,name,zone\n1,"A\nB",UTC\n2,C,Mars/Base\n')
    assert problems(sheet) == [("line 4", "zone")]
    assert "Mars/Base" in sheet.problems[0].reason


def test_every_bad_row_is_named_not_only_the_first() -> None:
    sheet = read_csv(
        "id,name,email,language,kind,active\n"
        "1,,a@example.test,de,,\n"
        "2,B,not-an-address,de,,\n"
        "3,C,c@example.test,german language,,\n"
        "4,D,d@example.test,pt-BR,robot,\n"
        "5,E,e@example.test,,,maybe\n"
        "6,F\n"
        "7,G,g@example.test,,,no\n"
    )
    assert problems(sheet) == [
        ("line 2", "name"),
        ("line 3", "email"),
        ("line 4", "language"),
        ("line 5", "kind"),
        ("line 6", "active"),
        ("line 7", ""),
    ]
    assert [row.external_key for row in sheet.rows] == ["7"]


def test_ids_and_addresses_that_stand_twice_are_named_with_both_lines() -> None:
    sheet = read_csv("id,name,email\n1,A,a@example.test\n1,B,b@example.test\n3,C,A@EXAMPLE.test\n")
    assert problems(sheet) == [("line 3", "id"), ("line 4", "email")]
    assert "line 2" in sheet.problems[1].reason


def test_a_misspelt_or_missing_column_is_refused_before_any_row() -> None:
    assert problems(read_csv("id,name,regoin\n1,A,B\n")) == [("line 1", "regoin")]
    assert problems(read_csv("department\nIT\n")) == [("line 1", "name"), ("line 1", "id")]
    assert problems(read_csv("id,id,name\n1,1,A\n")) == [("line 1", "id")]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_says_what_it_needs(text: str) -> None:
    assert "header" in read_csv(text).problems[0].reason


def test_a_broken_quote_is_a_named_problem_and_not_a_crash() -> None:
    sheet = read_csv('id,name\n1,"A\n2,B\n')
    assert problems(sheet)[0][0] == "line 2"


def test_a_formula_stays_plain_text() -> None:
    sheet = read_csv('id,name,site\n1,"=HYPERLINK(""http://evil.test"",""x"")",@SUM(A1)\n')
    assert sheet.problems == ()
    assert sheet.rows[0].values["name"] == '=HYPERLINK("http://evil.test","x")'
    assert sheet.rows[0].values["site"] == "@SUM(A1)"


def test_control_characters_and_endless_cells_are_refused() -> None:
    sheet = read_csv(f"id,name\n1,A\0B\n2,{'x' * 600}\n")
    assert problems(sheet) == [("line 2", "name"), ("line 3", "name")]


def test_account_ids_of_other_systems_are_read_per_source() -> None:
    sheet = read_csv("id,name,external_id:Moodle-Test,external_id:sf\n1,A,77,\n2,B,77,x\n")
    assert sheet.rows[0].external_ids == {"Moodle-Test": "77"}
    assert problems(sheet) == [("line 3", "external_id:Moodle-Test")]


def test_a_person_without_id_or_address_cannot_be_recognised() -> None:
    assert problems(read_csv("id,name,email\n,A,\n")) == [("line 2", "id")]


def test_a_person_is_not_their_own_manager() -> None:
    assert problems(read_csv("id,name,manager\n1,A,1\n")) == [("line 2", "manager")]


def test_more_rows_than_an_import_takes_are_refused() -> None:
    assert MAX_ROWS == 200_000
    rows = [{"id": str(number), "name": "A"} for number in range(3)]
    text = "id,name\n" + "\n".join(f"{row['id']},A" for row in rows)
    assert len(read_csv(text, limit=3).rows) == len(read_records(rows, limit=3).rows) == 3
    with pytest.raises(TooManyRows, match="at most 2 people"):
        read_csv(text, limit=2)
    with pytest.raises(TooManyRows, match="at most 2 people"):
        read_records(rows, limit=2)


def test_a_list_of_records_is_read_like_a_file() -> None:
    sheet = read_records([{"id": 7, "name": "A", "tags": ["b", "a"], "champion": True}, {"id": 8, "colour": "red"}])
    assert sheet.rows[0].values["tags"] == ["a", "b"]
    assert sheet.rows[0].values["champion"] is True
    assert problems(sheet) == [("people/1", "colour")]


def test_addresses_compare_without_case_and_other_names_exactly() -> None:
    assert fold_identity("email", " Ada@Example.TEST ") == "ada@example.test"
    assert fold_identity("username", "Ada") == "Ada"


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@given(
    names=st.lists(NAMES.filter(lambda name: name.strip() != ""), min_size=1, max_size=8), mark=st.sampled_from(",;\t")
)
def test_whatever_a_csv_writer_writes_is_read_back(names: list[str], mark: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=mark)
    writer.writerow(["id", "name", "site"])
    writer.writerows([number, name, name] for number, name in enumerate(names))
    sheet = read_csv(file.getvalue())
    assert sheet.problems == ()
    assert [row.values["site"] for row in sheet.rows] == [name.strip() for name in names]


@given(st.text(max_size=300))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    read_csv(text)
    read_csv("id,name,email,zone\n" + text)
