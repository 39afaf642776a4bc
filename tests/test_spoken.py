"""How many words a figure takes when it is said, and where a telephone number is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.spoken import count_spoken_words, find_phone_numbers


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("615-555-0142", 10),
        ("my number is 615 555 0142", 13),
        ("(615) 555-0142", 10),
        ("$2.4M", 5),
        ("25%", 3),
        ("10:30", 2),
        ("10:05", 3),
        ("9:00", 1),
        ("9am", 2),
        ("2026", 3),
        ("2005", 3),
        ("1,250", 5),
        ("$1,250", 6),
        ("21st", 2),
        ("24/7", 3),
        ("CFO", 1),
        ("twenty-three", 2),
        ("—", 0),
        ("a very good morning", 4),
        ("", 0),
        ("Q3", 2),
        ("team@acme.com", 5),
    ],
)
def test_counts_words_as_they_are_said(written: str, spoken: int) -> None:
    assert count_spoken_words(written.split()) == spoken


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("call 615-555-0142 please", ["6155550142"]),
        ("615.555.0142", ["6155550142"]),
        ("6-1-5, 5-5-5, 0-1-4-2", ["6155550142"]),
        ("six one five five five five oh one four two", ["6155550142"]),
        ("six one five, five five five, zero one four two", ["6155550142"]),
        ("six one five fifty-five fifty-five zero one forty-two", ["61555550142"]),
        ("01632 960 127", ["01632960127"]),
        ("oh two oh double seven nine four six oh one two eight", ["02077946" + "0128"]),
        ("triple five oh one four two", ["5550142"]),
        ("my number is 555-0142", ["5550142"]),
        ("eight hundred five five five oh one nine nine", ["8005550199"]),
        ("(615) 555-0142 extension 12", ["6155550142"]),
        ("+44 20 7946 0128", ["442079460128"]),
        ("0491 570 156", ["0491570156"]),
        ("98765 43210 or the office", ["9876543210"]),
        ("six one five um five five five uh oh one four two", ["6155550142"]),
        ("615-555-0142 again 615-555-0142", ["6155550142", "6155550142"]),
        ("615 555 0142 615 555 0142", ["6155550142", "6155550142"]),
    ],
)
def test_finds_telephone_numbers(text: str, digits: list[str]) -> None:
    assert [number.digits for number in find_phone_numbers(text.split())] == digits


@pytest.mark.parametrize(
    "text",
    [
        "we saved them $1,250,000 last year",
        "at 10:30 on the 12th",
        "in 2024 2025 and 2026",
        "on 12 11 2025",
        "eight hundred and forty dollars by three",
        "nineteen or twenty one of them",
        "two hundred and twelve cases and nine minutes",
        "license number 555 0142",
        "a card ending in 0142",
        "twenty five percent of fifty five hundred",
        "12,500 units at 4.75 each",
        "settled at 380, 410 and 395 a ton",
        "",
    ],
)
def test_takes_nothing_else_for_a_telephone_number(text: str) -> None:
    assert find_phone_numbers(text.split()) == []


def test_a_number_says_where_it_stands() -> None:
    (number,) = find_phone_numbers("reach me at triple five oh one four two any time".split())
    assert (number.first, number.last) == (3, 8)


@given(st.lists(st.text(max_size=12), max_size=40))
def test_no_words_break_it(words: list[str]) -> None:
    assert count_spoken_words(words) >= 0
    for number in find_phone_numbers(words):
        assert 0 <= number.first <= number.last < len(words)
        assert number.digits.isdigit()
