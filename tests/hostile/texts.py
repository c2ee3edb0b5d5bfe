"""Texts made to harm: endless lines, bottomless nesting, entities, lists of a million columns."""

from __future__ import annotations

import gzip
import json
from functools import partial

from tests.hostile.forms import Hostile

TEN_MB = 10_000_000
_MARKS = 1_000_000
_DEEP = 100_000

_ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha">{_ENTITIES}]>'
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY % d SYSTEM '
    '"http://127.0.0.1:9/x.dtd">%d;]>'
)


def _filled(before: str, unit: str, after: str, size: int = TEN_MB) -> bytes:
    return (before + unit * (size // len(unit)) + after).encode()


def _laughs(before: str, after: str) -> bytes:
    return f"{LAUGHS}{before}Seen. &a11;{after}".encode()


def _outside(before: str, after: str) -> bytes:
    return f"{OUTSIDE}{before}Seen. &f;{after}".encode()


def _quadratic() -> bytes:
    """An entity that is large rather than deep, named very often."""
    return f'<!DOCTYPE r [<!ENTITY a "{"x" * 100_000}">]><r><title>Seen</title><p>{"&a;" * 100_000}</p></r>'.encode()


def _json_members() -> bytes:
    return json.dumps({f"name{number}": {"value": number} for number in range(200_000)}).encode()


def _wide_records() -> bytes:
    """Records that share no member: a table of them all would have a column for each."""
    return json.dumps([{f"c{number}": "x"} for number in range(100_000)]).encode()


def _calendar(entry: str, count: int) -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{entry * count}END:VCALENDAR\r\n".encode()


_ENDLESS = (
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:19700101T000000Z\r\nSUMMARY:Seen\r\n"
    "RRULE:FREQ=SECONDLY;INTERVAL=1;BYSECOND=0,1,2,3,4,5,6,7,8,9\r\nEND:VEVENT\r\n"
)
_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Nowhere\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\nRRULE:FREQ=SECONDLY\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Nowhere:20240101T000000\r\nSUMMARY:Seen\r\nEND:VEVENT\r\n"
)
_FRONT = "---\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(20)
)

_WORDS = partial(_filled, "Seen ", "word ", "")
_LETTERS = partial(_filled, "Seen ", "x", "")

TEXTS = (
    # ten megabytes on one line
    *(
        Hostile(f"words.{suffix}", _WORDS, (), "Seen")
        for suffix in ("txt", "md", "csv", "rst", "org", "py", "srt", "log")
    ),
    *(Hostile(f"letters.{suffix}", _LETTERS, (), "Seen") for suffix in ("txt", "md", "tsv", "rst", "org", "toml")),
    Hostile("line.json", partial(_filled, '{"a": "Seen ', "word ", '"}'), (), "Seen"),
    Hostile("line.jsonl", partial(_filled, '{"a": "Seen ', "word ", '"}'), (), "Seen"),
    Hostile("line.html", partial(_filled, "<p>Seen ", "word ", "</p>"), (), "Seen"),
    Hostile("line.xml", partial(_filled, "<r><p>Seen ", "word ", "</p></r>"), ("damaged",), "Seen"),
    Hostile(
        "line.vcf", partial(_filled, "BEGIN:VCARD\nVERSION:3.0\nFN:Seen\nNOTE:", "word ", "\nEND:VCARD\n"), (), "Seen"
    ),
    Hostile(
        "parameters.vcf", partial(_filled, "BEGIN:VCARD\nFN:Seen\nNOTE", ';x="a', ":\nEND:VCARD\n", _MARKS), (), "Seen"
    ),
    Hostile("numbers.vcf", partial(_filled, "BEGIN:VCARD\nFN:Seen\n", "TEL:1\n", "END:VCARD\n", _MARKS), (), "Seen"),
    Hostile("line.ics", partial(_calendar, _ENDLESS.replace("Seen", "Seen " + "word " * 2_000_000), 1), (), "Seen"),
    Hostile("line.rtf", partial(_filled, r"{\rtf1 Seen ", "word ", "}"), (), "Seen"),
    Hostile("blank.txt", partial(_filled, "Seen", "\n", ""), (), "Seen"),
    # ten megabytes of what markup is made of
    *(
        Hostile(f"marks{number}.md", partial(_filled, "Seen\n\n", unit, "", _MARKS), ())
        for number, unit in enumerate(("[", "*a ", "`", ">", "- ", "![](", "<a ", "_a_", "[a](", "|", "# ", "\\", "&#"))
    ),
    *(
        Hostile(
            f"marks{number}.{suffix}",
            partial(_filled, "Seen\n\n", unit, "", _MARKS),
            (),
        )
        for suffix in ("rst", "org")
        for number, unit in enumerate(("*", "`", "[", "| ", "=", "_", ".. a\n", "* a\n", ":a:"))
    ),
    *(
        Hostile(
            f"marks{number}.html",
            partial(_filled, "<p>Seen", unit, "", _MARKS),
            ("over-cap", ""),
        )
        for number, unit in enumerate(
            ("<", "<a", "<!--", "&", "<td>", "<br>", "<p>", "<a href=", "]]>", "<![CDATA[", "<b><i>")
        )
    ),
    Hostile("items.md", partial(_filled, "Seen\n", "\n- a", "", 100_000), (), "Seen"),
    Hostile("stars.rst", partial(_filled, "Seen\n\n", "*", ""), (), "Seen"),
    Hostile("quotes.md", partial(_filled, "Seen\n\n", ">", ""), (), "Seen"),
    Hostile("cells.org", partial(_filled, "Seen\n\n", "| ", ""), (), "Seen"),
    # nesting without a bottom
    Hostile("deep.html", partial(_filled, "<p>Seen</p>", "<div>", "", 5 * _DEEP), ("over-cap",), "Seen"),
    Hostile(
        "deep_table.html", partial(_filled, "<p>Seen</p>", "<table><tr><td>a", "", 16 * 20_000), ("over-cap",), "Seen"
    ),
    Hostile("deep.json", partial(_filled, "", '{"a":[', "", 6 * _DEEP), ("damaged",)),
    Hostile("deep_closed.json", lambda: b"[" * _DEEP + b'"Seen"' + b"]" * _DEEP, ("damaged", ""), "Seen"),
    Hostile("deep_less.json", lambda: b'{"a":' * 900 + b'"Seen"' + b"}" * 900, ("damaged", ""), "Seen"),
    Hostile("deep.xml", lambda: b"<r><title>Seen</title>" + b"<a>b" * _DEEP + b"</a>" * _DEEP + b"</r>", ("damaged",)),
    Hostile("deep.rtf", lambda: b"{\\rtf1 Seen " + b"{" * _DEEP + b"deep" + b"}" * _DEEP + b"}", (), "Seen"),
    Hostile("deep.md", partial(_filled, "Seen\n\n", "> ", "deep", 2 * _DEEP), (), "Seen"),
    Hostile("deep_list.md", lambda: "".join(f"{'  ' * n}- a\n" for n in range(3_000)).encode(), (), "a"),
    Hostile("deep.yaml", partial(_filled, "Seen: ", "[", "", _DEEP), (), "Seen"),
    Hostile("deep.py", partial(_filled, "seen = ", "(", "", _DEEP), (), "seen"),
    # entities
    Hostile("laughs.xml", partial(_laughs, "<r><p>", "</p></r>"), ("damaged", ""), "Seen"),
    Hostile(
        "laughs.rss", partial(_laughs, "<rss><channel><title>", "</title></channel></rss>"), ("damaged", ""), "Seen"
    ),
    Hostile(
        "laughs.svg",
        partial(_laughs, '<svg xmlns="http://www.w3.org/2000/svg"><text>', "</text></svg>"),
        ("damaged", ""),
        "Seen",
    ),
    Hostile("laughs.html", partial(_laughs, "<html><p>", "</p></html>"), (), "Seen"),
    Hostile("outside.xml", partial(_outside, "<r><p>", "</p></r>"), ("damaged", ""), "Seen"),
    Hostile(
        "outside.svg",
        partial(_outside, '<svg xmlns="http://www.w3.org/2000/svg"><text>', "</text></svg>"),
        ("damaged", ""),
        "Seen",
    ),
    Hostile("outside.html", partial(_outside, "<html><p>", "</p></html>"), (), "Seen"),
    Hostile("laughs_inside.xml", lambda: f"{LAUGHS}<r><p a='&a11;'>Seen</p></r>".encode(), ("damaged",)),
    Hostile("quadratic.xml", _quadratic, ("damaged", ""), "Seen"),
    Hostile("aliases.md", lambda: f"{_FRONT}---\nSeen\n".encode(), (), "Seen"),
    # a great many of something
    Hostile(
        "columns.csv",
        lambda: b",".join(b"c%d" % n for n in range(1_000_000)) + b"\nSeen" + b",1" * 999_999,
        (),
        "Seen",
    ),
    Hostile("columns.tsv", lambda: (b"\t".join(b"c%d" % n for n in range(20_000)) + b"\n") * 100, ("over-cap",)),
    Hostile("quotes.csv", partial(_filled, 'a,b\nSeen,"', '"\n"', ""), ("over-cap",), "Seen"),
    Hostile("odd_quotes.csv", partial(_filled, 'a,b\nSeen,"', '",\n"a', ""), ("over-cap",), "Seen"),
    Hostile("members.json", _json_members, (), "value"),
    Hostile("wide.json", _wide_records, (), "c99999"),
    Hostile("number.json", partial(_filled, '{"Seen": ', "9", "}"), ("damaged", ""), "Seen"),
    Hostile(
        "attributes.xml",
        lambda: b"<r " + b" ".join(b'a%d="x"' % n for n in range(300_000)) + b"><p>Seen</p></r>",
        (),
    ),
    Hostile("elements.xml", partial(_filled, "<r><p>Seen</p>", "<a/>", "</r>", _MARKS), (), "Seen"),
    Hostile("endless.ics", partial(_calendar, _ENDLESS, 1), (), "Seen"),
    Hostile("zone.ics", partial(_calendar, _ZONE, 1), (), "Seen"),
    Hostile("many.ics", partial(_calendar, _ENDLESS, 5_000), (), "Seen"),
    Hostile(
        "begins.ics", partial(_filled, "BEGIN:VCALENDAR\r\n", "BEGIN:VEVENT\r\n", "", _MARKS), ("damaged",), slow=True
    ),
    Hostile(
        "many.vcf", partial(_filled, "", "BEGIN:VCARD\nVERSION:3.0\nFN:Seen\nEND:VCARD\n", "", 500_000), (), "Seen"
    ),
    Hostile(
        "begins.vcf",
        partial(_filled, "BEGIN:VCARD\nFN:Seen\n", "BEGIN:VCARD\n", "", _MARKS),
        ("damaged", ""),
        slow=True,
    ),
    Hostile("binary.rtf", lambda: b"{\\rtf1 Seen\\par \\bin99999999999 x}", (), "Seen"),
    Hostile("objects.rtf", partial(_filled, r"{\rtf1 Seen ", r"{\object{\*\objdata 0105", "}"), (), slow=True),
    Hostile("cells.rtf", partial(_filled, r"{\rtf1 Seen\par\trowd ", r"\cell ", r"\row}"), (), slow=True),
    # what is not what it says
    Hostile("page.html", lambda: gzip.compress(b"<p>" + b"word " * TEN_MB), ("unsupported",)),
    Hostile("liar.gz", lambda: gzip.compress(b"x" * 100)[:-8] + b"\xff" * 8, ("unsupported",)),
    Hostile(
        "nul.txt",
        lambda: b"Seen\0" * 100_000,
        ("unsupported", ""),
    ),
    Hostile("escapes.txt", lambda: b"Seen \x1b]0;title\x07\x1b[2J\x1b[31m red\r\n" * 100, (), "Seen"),
)
