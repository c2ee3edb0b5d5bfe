"""PDF files made to harm: data that unpacks without end, objects that hold themselves, pages without number."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import partial

from tests.hostile.forms import Hostile

_PAGE = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>"
_TEXT = b"BT /F 12 Tf 20 100 Td (Seen) Tj ET"
_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def stream(data: bytes, entries: str = "", length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return f"<< /Length {size} {entries} >>\nstream\n".encode() + data + b"\nendstream"


def pdf(objects: Mapping[int, str | bytes] | None = None, trailer: str = "") -> bytes:
    """A document of one page that says "Seen", with some of its objects replaced and others added."""
    parts: dict[int, str | bytes] = {
        1: "<< /Type /Catalog /Pages 2 0 R >>",
        2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: _PAGE,
        4: stream(_TEXT),
        5: _FONT,
    }
    parts.update(objects or {})
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(parts.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + (body.encode() if isinstance(body, str) else body) + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    return (
        bytes(out)
        + f"trailer\n<< /Size {max(places) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    )


def _flated(times: int, size: int) -> bytes:
    """Data packed so often that it would unpack to a thousand times its size each time."""
    data = b" " * size
    for _ in range(times):
        data = zlib.compress(data, 9)
    return pdf({4: stream(data, f"/Filter [{'/FlateDecode ' * times}]")})


def _petabyte() -> bytes:
    """A petabyte of zeros: what deflate makes of zeros repeats itself, so that it can be packed again and again."""
    start, block = b"", bytes(1_000_000)
    layers = (10, 10_000, 1_000, 10)
    for times in layers:
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        start = b"\x78\x01" + squeeze.compress(start) + squeeze.flush(zlib.Z_FULL_FLUSH)
        block = b"".join(squeeze.compress(block) for _ in range(times)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return pdf({4: stream(start + block, f"/Filter [{'/FlateDecode ' * len(layers)}]")})


def _forms(levels: int) -> bytes:
    """Drawings that draw the one below ten times: ten to the power of ``levels`` in all."""
    objects: dict[int, str | bytes] = {
        3: _PAGE.replace("<< /Font", f"<< /XObject << /X {10 + levels} 0 R >> /Font"),
        4: stream(_TEXT + b" /X Do"),
        10: stream(_TEXT, "/Type /XObject /Subtype /Form /Resources << /Font << /F 5 0 R >> >>"),
    }
    for level in range(1, levels + 1):
        resources = f"/Resources << /XObject << /X {9 + level} 0 R >> >>"
        objects[10 + level] = stream(b"/X Do " * 10, f"/Type /XObject /Subtype /Form {resources}")
    return pdf(objects)


def _form_in_itself() -> bytes:
    resources = "/Resources << /XObject << /X 10 0 R >> /Font << /F 5 0 R >> >>"
    return pdf(
        {
            3: _PAGE.replace("<< /Font", "<< /XObject << /X 10 0 R >> /Font"),
            4: stream(_TEXT + b" /X Do"),
            10: stream(_TEXT + b" /X Do", f"/Type /XObject /Subtype /Form {resources}"),
        }
    )


def _mapped(ranges: str) -> bytes:
    """A font whose table of characters has the given ranges."""
    table = f"/CIDInit /ProcSet findresource begin begincmap {ranges} endcmap end"
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R] >>"
    )
    return pdf({5: font, 6: stream(table.encode()), 7: "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X >>"})


def _outline(count: int) -> dict[int, str | bytes]:
    """An outline that runs in a circle."""
    objects: dict[int, str | bytes] = {1: "<< /Type /Catalog /Pages 2 0 R /Outlines 10 0 R >>"}
    objects[10] = f"<< /First 11 0 R /Last {10 + count} 0 R /Count {count} >>"
    for number in range(11, 11 + count):
        following = 11 if number == 10 + count else number + 1
        objects[number] = f"<< /Title (Seen) /Parent 10 0 R /Next {following} 0 R /First 11 0 R /Dest [3 0 R /Fit] >>"
    return objects


def _object_stream() -> bytes:
    """A stream of objects that says it holds a billion, of which its own length is one."""
    data = zlib.compress(b"4 0 5 10 " + b"<< >>" * 10)
    return pdf(
        {4: "6 0 R", 6: stream(data, "/Type /ObjStm /N 1000000000 /First 10 /Filter /FlateDecode /Extends 6 0 R")}
    )


def _attached(count: int) -> bytes:
    names = "(../../evil.txt) 10 0 R " * count
    return pdf(
        {
            1: f"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [{names}] >> >> >>",
            10: "<< /Type /Filespec /F (../../evil.txt) /UF (../../evil.txt) /EF << /F 11 0 R >> >>",
            11: stream(b"Seen " * 1000, "/Type /EmbeddedFile"),
        }
    )


_ANY = ("damaged", "over-cap", "")

PDFS = (
    Hostile("flate.pdf", partial(_flated, 2, 200_000_000), _ANY),
    Hostile("petabyte.pdf", _petabyte, _ANY, slow=True),
    Hostile(
        "lzw.pdf",
        lambda: pdf({4: stream(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01" * 500_000, "/Filter /LZWDecode")}),
        _ANY,
    ),
    Hostile("runs.pdf", lambda: pdf({4: stream(b"\x81 " * 5_000_000, "/Filter [/RunLengthDecode]")}), _ANY),
    Hostile(
        "predictor.pdf",
        lambda: pdf(
            {
                4: stream(
                    zlib.compress(b"\2" * 1_000_000),
                    "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2000000000 /Colors 4 >>",
                )
            }
        ),
        _ANY,
    ),
    Hostile("filters.pdf", lambda: pdf({4: stream(_TEXT, f"/Filter [{'/ASCIIHexDecode ' * 100_000}]")}), _ANY),
    Hostile("tree.pdf", lambda: pdf({2: "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"}), _ANY),
    Hostile(
        "parents.pdf",
        lambda: pdf({3: _PAGE.replace("/Parent 2 0 R", "/Parent 3 0 R").replace("/MediaBox [0 0 200 200]", "")}),
        _ANY,
    ),
    Hostile(
        "deep_tree.pdf",
        lambda: pdf(
            {
                2: "<< /Type /Pages /Kids [10 0 R] /Count 1 >>",
                **{
                    n: f"<< /Type /Pages /Parent {n - 1} 0 R /Kids [{n + 1 if n < 5000 else 3} 0 R] /Count 1 >>"
                    for n in range(10, 5001)
                },
            }
        ),
        _ANY,
    ),
    Hostile(
        "pages.pdf",
        lambda: pdf({2: f"<< /Type /Pages /Kids [{'3 0 R ' * 50_000}] /Count 50000 >>"}),
        ("over-cap",),
        "Seen",
        slow=True,
    ),
    Hostile(
        "doubling.pdf",
        lambda: pdf(
            {
                2: "<< /Type /Pages /Kids [10 0 R] /Count 99999999 >>",
                **{
                    n: f"<< /Type /Pages /Kids [{f'{n + 1 if n < 40 else 3} 0 R ' * 2}] /Count 999 >>"
                    for n in range(10, 41)
                },
            }
        ),
        _ANY,
    ),
    Hostile("count.pdf", lambda: pdf({2: "<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>"}), _ANY),
    Hostile("reference.pdf", lambda: pdf({3: "3 0 R"}), _ANY),
    Hostile("references.pdf", lambda: pdf({4: "10 0 R", 10: "11 0 R", 11: "10 0 R"}), _ANY),
    Hostile("lengths.pdf", lambda: pdf({4: b"<< /Length 4 0 R >>\nstream\n" + _TEXT + b"\nendstream"}), _ANY),
    Hostile("length.pdf", lambda: pdf({4: stream(_TEXT, length=2**40)}), _ANY),
    Hostile("previous.pdf", lambda: pdf(trailer="/Prev 9"), _ANY),
    Hostile("itself.pdf", lambda: pdf(trailer=f"/Prev {pdf().rindex(b'xref', 0, pdf().rindex(b'startxref'))}"), _ANY),
    Hostile("arrays.pdf", lambda: pdf({3: "[" * 100_000}), _ANY),
    Hostile("dictionaries.pdf", lambda: pdf({3: "<< /A " * 100_000}), _ANY),
    Hostile("operators.pdf", lambda: pdf({4: stream(_TEXT + b" q Q" * 300_000)}), _ANY),
    Hostile("brackets.pdf", lambda: pdf({4: stream(_TEXT + b" [" * 1_000_000)}), _ANY),
    Hostile("strings.pdf", lambda: pdf({4: stream(b"BT /F 12 Tf (" + b"(" * 2_000_000)}), _ANY),
    Hostile("shown.pdf", lambda: pdf({4: stream(b"BT /F 12 Tf " + b"1 0 Td (Seen) Tj " * 30_000 + b"ET")}), _ANY),
    Hostile("stack.pdf", lambda: pdf({4: stream(b"q " * 300_000 + _TEXT)}), _ANY),
    Hostile("forms.pdf", partial(_forms, 12), _ANY),
    Hostile("form.pdf", _form_in_itself, _ANY),
    Hostile("range.pdf", partial(_mapped, "1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange"), _ANY),
    Hostile(
        "ranges.pdf", partial(_mapped, "100 beginbfrange " + "<0000> <FFFF> <0041> " * 10_000 + "endbfrange"), _ANY
    ),
    Hostile("outline.pdf", lambda: pdf(_outline(3)), _ANY),
    Hostile("objects.pdf", _object_stream, _ANY),
    Hostile("attached.pdf", partial(_attached, 2_000), _ANY, "Seen"),
    Hostile(
        "annotations.pdf",
        lambda: pdf(
            {
                3: _PAGE.replace("/Contents", f"/Annots [{'10 0 R ' * 200_000}] /Contents"),
                10: "<< /Type /Annot /Subtype /Text /Contents (Seen) /Parent 10 0 R >>",
            }
        ),
        _ANY,
    ),
    Hostile(
        "image.pdf",
        lambda: pdf(
            {
                3: _PAGE.replace("<< /Font", "<< /XObject << /X 10 0 R >> /Font"),
                4: stream(b"/X Do"),
                10: stream(
                    zlib.compress(bytes(10_000_000)),
                    "/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB "
                    "/BitsPerComponent 8 /Filter /FlateDecode",
                ),
            }
        ),
        _ANY,
    ),
    Hostile("header.pdf", lambda: b"%PDF-1.7\n" + b"1 0 obj\n" * 200_000, _ANY),
    Hostile("startxref.pdf", lambda: b"%PDF-1.7\n" + b"startxref\n9\n" * 500_000 + b"%%EOF", _ANY),
)
