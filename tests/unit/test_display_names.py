"""Display names: names of many scripts are valid, names that deceive are not."""

import sys
import unicodedata

import pytest

from leaderboard_server.domain.fields import display_name

REAL = {
    "English": "Anne-Marie O'Neill 3rd",
    "French": "Kylian Mbappé",
    "Vietnamese": "Nguyễn Thị Ánh Nguyệt",
    "Vietnamese, decomposed": unicodedata.normalize("NFD", "Nguyễn Thị Ánh Nguyệt"),
    "Lithuanian": "Žydrūnas Savickas",
    "Greek with accents": "Ἀριστοτέλης",
    "Russian": "Фёдор Достоевский",
    "Arabic": "ليونيل ميسي",
    "Arabic with vowels": "مُحَمَّدٌ",
    "Persian with a non-joiner": "علی\u200cپور",
    "Hebrew with points": "שִׂמְחָה בֵּן־דָּוִד",
    "Hebrew with a direction mark": "דנה\u200e (2)",
    "Hindi": "नरेंद्र क्ष्मी",
    "Hindi with a joiner": "र्\u200dय",
    "Bengali": "রবীন্দ্রনাথ ঠাকুর",
    "Tamil": "ஸ்ரீநிவாசன்",
    "Malayalam": "മലയാളം ക്ഷ്ണ്",
    "Sinhala": "ශ්\u200dරී ලංකා",
    "Thai": "ที่ปรึกษา ผู้เล่น",
    "Lao": "ຜູ້ຫຼິ້ນ",
    "Khmer": "ស្រីពៅ ក្សត្រី",
    "Burmese": "မြို့ကျွန်ုပ်",
    "Tibetan": "བརྒྱུད་བསྒྲུབས",
    "Amharic": "ኃይለ ገብረሥላሴ",
    "Georgian": "ხვიჩა კვარაცხელია",
    "Chinese": "习近平",
    "Japanese": "大坂\u3000なおみ",
    "Korean": "손흥민",
    "Korean, decomposed": unicodedata.normalize("NFD", "손흥민"),
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ\u180eᠠ",
    "Hieroglyphs": "𓂀𓃭",
    "an emoji": "🏆",
    "a family": "👩\u200d👩\u200d👧\u200d👦",
    "a skin tone": "🧑🏽\u200d🚀",
    "an eye in a bubble": "👁\ufe0f\u200d🗨\ufe0f",
    "a keycap": "1\ufe0f\u20e3",
    "a flag of two letters": "🇺🇾",
    "the flag of Scotland": "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f fan",
    "four marks": "Z\u0300\u0301\u0302\u0303a\u0300\u0301\u0302\u0303",
    "a sign alone": "?",
    "a sign between spaces": " \N{EM DASH} ",
    "an unassigned code point": "\U0003ffff",
    "a private character": "\ue000",
}

DECEIVING = {
    **{
        f"U+{number:04X}": f"Ada{chr(number)}Bo"
        for number in (
            *(0xAD, 0x200B, *range(0x202A, 0x202F), *range(0x2060, 0x2070)),
            *(0xFEFF, *range(0xFFF0, 0xFFFC), 0xE0001, 0xE0020, 0xE0061, 0xE007F, 0xE0FFF),
        )
    },
    "a right-to-left override": "\u202egpj.ada",
    "tags after another emoji": "🏆\U000e0067\U000e0062\U000e0065\U000e007f",
    "a flag that does not end": "🏴\U000e0067\U000e0062\U000e0065",
    "a hidden text in a flag": "🏴" + "\U000e0061" * 20 + "\U000e007f",
    "tags beside a flag": "🏴\U000e0067\U000e0062\U000e0065\U000e007f\U000e0061",
}

INVISIBLE = {
    "spaces": "   ",
    "a no-break space": "\u00a0",
    "an ideographic space": "\u3000",
    "a joiner": "\u200d",
    "a non-joiner and a direction mark": "\u200c\u200f",
    "variation selectors": "\ufe0f\U000e0100",
    "marks alone": "\u0301\u0302",
    "the grapheme joiner": "\u034f",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "a Braille blank": "\u2800 \u2800",
    "a null notehead": "\U0001d159",
}


@pytest.mark.parametrize("name", REAL.values(), ids=REAL)
def test_a_real_name_is_valid(name: str) -> None:
    """Names of many scripts, decomposed ones too, and emoji of several code points are valid."""
    assert display_name(name) is None


@pytest.mark.parametrize("name", DECEIVING.values(), ids=DECEIVING)
def test_a_name_that_deceives_is_invalid(name: str) -> None:
    """A name with invisible characters or a changed direction of text is invalid."""
    problem = "must not hold invisible characters or change the direction of text"
    assert display_name(name) == problem


@pytest.mark.parametrize("name", INVISIBLE.values(), ids=INVISIBLE)
def test_a_name_that_is_not_seen_is_invalid(name: str) -> None:
    """A name needs a visible character; with one beside the rest it is valid."""
    assert display_name(name) == "must have a visible character"
    assert display_name(f"a{name}") is None


@pytest.mark.parametrize("between", ["", "\u200d", "\u200c\u200e"])
def test_any_five_marks_in_a_row_are_invalid(between: str) -> None:
    """Every mark of Unicode counts, joiners between marks don't separate them, and four pass."""
    marks = [
        chr(number)
        for number in range(sys.maxunicode + 1)
        if unicodedata.category(chr(number)) in {"Mn", "Me"}
    ]

    assert len(marks) > 1_900
    assert not [mark for mark in marks if display_name("e" + f"{mark}{between}" * 4)]
    assert not [mark for mark in marks if not display_name("e" + f"{mark}{between}" * 5)]


def test_marks_in_a_row_are_counted_anywhere() -> None:
    """The limit holds at the beginning, in the middle and at the end of a name."""
    five = "\u0300\u0483\u20dd\u0e31\u1ab0"

    problem = "must have at most 4 combining marks in a row"
    assert [display_name(name) for name in (five + "a", f"a{five}b", f"ab{five}")] == [problem] * 3
    assert display_name(f"a{five[:4]}b{five[1:]}") is None
