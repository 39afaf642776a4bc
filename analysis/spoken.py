"""Words and numbers as they are spoken: fillers, how many words a figure takes, where a telephone number was said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


def word_set(words: str) -> frozenset[str]:
    """Words written as people write them, with spaces between."""
    return frozenset(words.split())


#: Sounds that carry no meaning and may stand in the middle of any phrase.
FILLERS = word_set("ah eh er erm hmm mhm mm uh uhh uhm um umm")

_DIGITS = {"zero": "0", "oh": "0", "o": "0", "nought": "0", "naught": "0", "one": "1", "two": "2", "three": "3",
           "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9"}  # fmt: skip
_TEENS = {"ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15",
          "sixteen": "16", "seventeen": "17", "eighteen": "18", "nineteen": "19"}  # fmt: skip
_TENS = {"twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8",
         "ninety": "9"}  # fmt: skip
_REPEAT = {"double": 2, "dubble": 2, "triple": 3, "treble": 3}
_HESITATION = FILLERS | word_set("and dash that's point space hyphen then dot")
_UNITS = word_set(
    """
    dollars dollar bucks pounds pound quid euros euro cents percent years year months month weeks week days day
    hours hour minutes minute seconds miles people employees units sites stores trucks am pm a.m p.m st nd rd th
    degrees thousand million billion grand k
    """
)
_OTHER_NUMBERS = word_set(
    """
    license licence policy account invoice order reference ref case claim part serial confirmation model stand booth
    room suite unit po ticket tracking zip card ending route permit registration
    """
)
_PHONE_CUES = word_set(
    """
    number numbers call reach cell mobile phone direct line text ring me dial contact whatsapp buzz on at again
    """
)
#: Fewest and most digits of a telephone number: a US local number to an international one.
_MIN_DIGITS, _MAX_DIGITS = 7, 15
#: Written in one word, this many digits are a number by themselves, whatever figure stands before it.
_WHOLE_NUMBER = 10


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A telephone number said from word `first` to word `last`, both included."""

    first: int
    last: int
    digits: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one word adds to a run of digits."""

    word: int
    digits: str


# ---------------------------------------------------------------------------------------------------- telephone numbers


def find_phone_numbers(words: Sequence[str]) -> list[PhoneNumber]:
    """Every telephone number, in order: seven or more digits said in one go that are not money, time, date or count."""
    found: list[PhoneNumber] = []
    for run in _digit_runs(words):
        for part in _split_repeats(run):
            number = PhoneNumber(part[0].word, part[-1].word, "".join(piece.digits for piece in part))
            if _is_phone_number(number, part, words):
                found.append(number)
    return found


def _digit_runs(words: Sequence[str]) -> list[list[_Piece]]:
    runs: list[list[_Piece]] = []
    run: list[_Piece] = []
    repeat = 0
    for index, word in enumerate(words):
        bare = _bare(word)
        if bare in _REPEAT and _next_is_digit(words, index):
            repeat = _REPEAT[bare]
            run = [*run, _Piece(index, "")]
            continue
        digits = _digits_of(bare, run, words, index)
        if digits is None and (bare in _HESITATION or not bare) and run and _next_is_digit(words, index):
            continue
        if digits is None:
            if run:
                runs.append(run)
            run, repeat = [], 0
            continue
        if len(digits) == _WHOLE_NUMBER and bare[0].isdigit():
            runs += [run] if run else []
            runs.append([_Piece(index, digits)])
            run, repeat = [], 0
            continue
        if repeat and len(digits) == 1:
            digits, repeat = digits * repeat, 0
        run = [*run, _Piece(index, digits)]
    return [*runs, run] if run else runs


def _next_is_digit(words: Sequence[str], index: int) -> bool:
    return any(
        _digits_of(_bare(word), [], words, index + 1 + step) is not None or _bare(word) in _REPEAT
        for step, word in enumerate(words[index + 1 : index + 2])
    )


def _bare(word: str) -> str:
    return word.lower().replace("\u2019", "'").strip(" ,;:!?\"'()[]").rstrip(".")


_FIGURES = re.compile(r"\+?[\d().\-\u2010-\u2015,/\u00a0]*\d[\d().\-\u2010-\u2015]*")


def _digits_of(bare: str, run: Sequence[_Piece], words: Sequence[str], index: int) -> str | None:
    """The digits a word stands for within a telephone number; None when it cannot be part of one."""
    if bare in _DIGITS:
        return _DIGITS[bare]
    if bare in _TEENS:
        return _TEENS[bare]
    if bare in _TENS:
        following = _bare(words[index + 1]) if index + 1 < len(words) else ""
        joins = following in _DIGITS and _DIGITS[following] != "0"
        return _TENS[bare] if joins else _TENS[bare] + "0"
    if bare == "hundred" and run and run[-1].word == index - 1 and len(run[-1].digits) == 1:
        return "00"
    if not bare:
        return None
    if not any(ch.isdigit() for ch in bare):
        return _spelled_with_hyphens(bare)
    return _digits_in_figures(bare)


def _spelled_with_hyphens(bare: str) -> str | None:
    parts = re.split(r"[-\u2010-\u2015]", bare)
    if len(parts) < 2:
        return None
    if len(parts) == 2 and parts[0] in _TENS and parts[1] in _DIGITS:
        return _TENS[parts[0]] + _DIGITS[parts[1]]
    digits = [_DIGITS.get(part) for part in parts]
    return "".join(digit for digit in digits if digit) if all(digits) else None


def _digits_in_figures(bare: str) -> str | None:
    if not _FIGURES.fullmatch(bare) or re.fullmatch(r"\d{1,3}(,\d{3})+", bare):
        return None
    digits = re.sub(r"\D", "", bare)
    if re.fullmatch(r"\d+\.\d{1,2}", bare) or re.fullmatch(r"\d{1,2}([/.-])\d{1,2}\1(\d{2}|\d{4})", bare):
        return None if len(digits) < _MIN_DIGITS or "/" in bare or len(digits) == 8 else digits
    if "/" in bare:
        return None
    return digits


def _split_repeats(run: list[_Piece]) -> list[list[_Piece]]:
    """A number said twice in one breath is two numbers."""
    digits = "".join(piece.digits for piece in run)
    if len(digits) < 2 * _MIN_DIGITS:
        return [run]
    for length in (10, 11, len(digits) // 2, 7):
        if digits[:length] != digits[length : 2 * length]:
            continue
        at = _piece_boundary(run, length)
        if at:
            return [run[:at], *_split_repeats(run[at:])]
    return [run]


def _piece_boundary(run: Sequence[_Piece], digits: int) -> int:
    total = 0
    for index, piece in enumerate(run):
        total += len(piece.digits)
        if total >= digits:
            return index + 1 if total == digits else 0
    return 0


def _is_phone_number(number: PhoneNumber, part: Sequence[_Piece], words: Sequence[str]) -> bool:
    before = [_bare(word) for word in words[max(number.first - 4, 0) : number.first]]
    after = _bare(words[number.last + 1]) if number.last + 1 < len(words) else ""
    if any(word in _OTHER_NUMBERS for word in before) and not any(word in {"call", "text", "reach"} for word in before):
        return False
    if after in _UNITS:
        return False
    cued = any(word in _PHONE_CUES for word in before)
    fewest = 6 if any(word in {"number", "number's", "numbers"} for word in before) else _MIN_DIGITS
    if not fewest <= len(number.digits) <= _MAX_DIGITS:
        return False
    if all(len(piece.digits) == 2 for piece in part) and not cued:
        return False
    listed = len({len(piece.digits) for piece in part}) == 1 and _bare(words[number.last - 1]) == "and"
    if listed and len(part[0].digits) > 1:  # "380, 410 and 395"
        return False
    return len(set(number.digits)) > 1 and not _is_date([piece.digits for piece in part])


def _is_date(groups: Sequence[str]) -> bool:
    """Years in a row, or day, month and year."""
    years = [len(group) == 4 and group[:2] in {"19", "20"} for group in groups]
    return all(years) or (len(groups) == 3 and years[-1] and all(len(group) <= 2 for group in groups[:2]))


# ----------------------------------------------------------------------------------------------------------- word count


def count_spoken_words(words: Sequence[str]) -> int:
    """Words as they are said: "615-555-0142" is ten, "$2.4M" is five, "25%" is three."""
    return sum(spoken_lengths(words))


def spoken_lengths(words: Sequence[str]) -> list[int]:
    """How many words each is when it is said."""
    in_number = {index for number in find_phone_numbers(words) for index in range(number.first, number.last + 1)}
    return [_spoken_length(word, digit_by_digit=index in in_number) for index, word in enumerate(words)]


_SCALES = {"k": "thousand", "m": "million", "mm": "million", "b": "billion", "bn": "billion"}
_SIGNS = {"%": 1, "$": 1, "£": 1, "€": 1, "&": 1, "+": 1, "=": 1, "@": 1, "#": 1}


def _spoken_length(word: str, *, digit_by_digit: bool) -> int:
    digits = sum(ch.isdigit() for ch in word)
    if digits and digit_by_digit:
        return digits
    if not digits:
        return _plain_length(word)
    return max(_figure_length(word), 1)


def _plain_length(word: str) -> int:
    bare = word.strip(".,;:!?\"'()[]\u2026\u2014\u2013-")
    if bare in {"&", "+", "=", "@"}:
        return 1
    if "@" in bare or re.fullmatch(r"\w+(\.\w{2,})+", bare):
        return len([part for part in re.split(r"([@.])", bare) if part])
    return len(
        [part for part in re.split(r"[-/\u2010-\u2015_\u2026]+|\.{2,}", bare) if any(ch.isalnum() for ch in part)]
    )


_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap]\.?m\.?)?")
_FIGURE = re.compile(r"(\d[\d,]*)(?:\.(\d+))?")


def _figure_length(word: str) -> int:
    bare = word.lower().strip("\"'()[]").rstrip(".,;:!?")
    clock = _CLOCK.fullmatch(bare)
    if clock:
        hour, minute = int(clock[1]), int(clock[2])
        said_minute = 0 if minute == 0 else _number_length(minute) + (1 if minute < 10 else 0)
        return _number_length(hour) + said_minute + (1 if clock[3] else 0)
    total, at = 0, 0
    for match in _FIGURE.finditer(bare):
        total += _letters_length(bare[at : match.start()]) + _written_number_length(match[1], match[2])
        at = match.end()
    return total + _letters_length(bare[at:])


def _written_number_length(whole: str, fraction: str | None) -> int:
    plain = whole.replace(",", "")
    if (len(plain) > 1 and plain[0] == "0") or len(plain) > 15:
        length = len(plain)
    elif len(plain) == 4 and "," not in whole and 1100 <= int(plain) <= 2099 and fraction is None:
        length = _year_length(int(plain))
    else:
        length = _number_length(int(plain))
    return length + (1 + len(fraction) if fraction else 0)


def _year_length(year: int) -> int:
    """nineteen ninety eight, twenty twenty six, two thousand five, nineteen oh four."""
    high, low = divmod(year, 100)
    if 2000 <= year <= 2009:
        return _number_length(year)
    if low == 0:
        return _number_length(high) + 1
    return _number_length(high) + _number_length(low) + (1 if low < 10 else 0)


def _number_length(number: int) -> int:
    if number < 21:
        return 1
    if number < 100:
        return 1 if number % 10 == 0 else 2
    for size in (10**12, 10**9, 10**6, 10**3, 100):
        if number >= size:
            high, low = divmod(number, size)
            return _number_length(high) + 1 + (_number_length(low) if low else 0)
    return 1


def _letters_length(text: str) -> int:
    """What stands around a figure: a currency, a scale, a unit, "th"; a dash between figures is "to" or nothing."""
    signs = sum(_SIGNS.get(ch, 0) for ch in text)
    units = [part for part in re.split(r"[^a-z]+", text) if part]
    return signs + sum(0 if part in {"st", "nd", "rd", "th", "s"} else 1 for part in units)
