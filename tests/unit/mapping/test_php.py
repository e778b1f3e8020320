"""PHP's serialised values, as Moodle's log rows hold them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.php import unserialize


def test_scalars_and_nested_arrays_are_read() -> None:
    assert unserialize('a:2:{s:5:"enrol";s:6:"manual";s:3:"ids";a:2:{i:0;i:7;i:1;d:1.5;}}') == {
        "enrol": "manual",
        "ids": [7, 1.5],
    }
    assert unserialize("N;") is None
    assert unserialize("b:1;") is True
    assert unserialize("a:0:{}") == {}


def test_lengths_count_bytes_as_php_counts_them() -> None:
    assert unserialize('s:6:"Måns!";') == "Måns!"


@pytest.mark.parametrize(
    "text",
    [
        'O:8:"stdClass":0:{}',
        "a:1:{i:0;R:1;}",
        's:99:"short";',
        "i:1;i:2;",
        "a:2:{i:0;i:1;}",
        "a:1:{N;i:1;}",
        "a:99999:{}",
        "i:99999999999999999999;",
        "a:1:{i:0;" * 40 + "N;" + "}" * 40,
        "",
    ],
)
def test_objects_references_and_broken_lengths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unserialize(text)


@given(st.text() | st.text(alphabet='aOsidbN:;{}"0123456789'))
def test_no_text_raises_anything_but_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        unserialize(text)
