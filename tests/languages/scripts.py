"""Questions in many scripts, and texts of any."""

# ruff: noqa: RUF001 (letters of other scripts look like Latin ones)

from __future__ import annotations

from typing import Literal, get_args

from hypothesis import strategies as st

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: tuple[Form, ...] = get_args(Form)

QUESTIONS = (
    "When was the café in Malmö opened?",
    "Wie groß ist die Ähnlichkeit?",
    "Откуда произошло название «Айда́р»?",
    "Что случилось с ёлкой и йогуртом?",
    "Πότε ιδρύθηκε το Πανεπιστήμιο Αθηνών;",
    "Τί ἐστιν ἡ ᾠδὴ τοῦ Ὁμήρου; ᾄδω",
    "Kí ni orúkọ ọmọ Ọlọ́run? Ẹ̀kọ́ àti ìjọba",
    "Gịnị bụ aha isi obodo Naịjịrịa?",
    "Ɔmanpanin no din de sɛn? Ẽ̀",
    "ما هي عاصمة المَغرِب؟ آباء",
    "מָתַי נוֹסְדָה הָעִיר?",
    "भारत की राजधानी क्या है? ज़िला",
    "বাংলাদেশের রাজধানী কোথায়? ো",
    "తెలంగాణ రాజధాని ఏది?",
    "เมืองหลวงของไทยคืออะไร น้ำ",
    "한국의 수도는 어디입니까?",
    "日本の首都はどこですか。パピプ ガ",
    "中国的首都是哪里？",
    "Thủ đô của Việt Nam là gì?",
    "İstanbul'un nüfusu kaçtır? ığüş",
    "Որտե՞ղ է Երևանը։",
    "სად არის თბილისი?",
    "አዲስ አበባ የት ነው?",
    "Quelle est l’œuvre de Zoë? ﬁn ½ ² Ⅷ ①",
)

_RANGES = (
    *((0x41, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x1F00, 0x1FFF), (0x400, 0x52F), (0x531, 0x58A)),
    *((0x591, 0x5F4), (0x600, 0x6FF), (0x900, 0x97F), (0x980, 0x9FF), (0xC00, 0xC7F), (0xE01, 0xE5B)),
    *((0x10A0, 0x10FF), (0x1100, 0x11FF), (0xAC00, 0xAD00), (0x1200, 0x137F), (0x3040, 0x30FF), (0x4E00, 0x4F00)),
    *((0x1E00, 0x1EFF), (0xA640, 0xA69F), (0xF900, 0xFA6D), (0xFB00, 0xFB4F), (0xFF01, 0xFFDC), (0x1F600, 0x1F64F)),
    *((0x20D0, 0x20F0), (0x1D15E, 0x1D1AD)),
)


def any_script() -> st.SearchStrategy[str]:
    """Words of letters and marks of any of these scripts, mixed."""
    letters = [st.characters(min_codepoint=first, max_codepoint=last) for first, last in _RANGES]
    marks = st.sampled_from("\u0301\u0308\u0300\u0342\u0345\u0304\u0306\u0323\u0328\u0327\u031b\u0653\u093c\u3099")
    return st.lists(st.one_of(*letters, marks, st.just(" ")), max_size=40).map("".join)
