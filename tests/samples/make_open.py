"""Writes the samples of OpenDocument, RTF and EPUB into the folders beside it.

Run: ``python -m tests.samples.make_open``.
"""

from __future__ import annotations

from datetime import date
from xml.sax.saxutils import escape

from tests.samples.tea_shop import AUTHOR, FOOTNOTE, HEADER, NOTE, OPENING, RETURNS, TEAS, TITLE, write, zipped

# --- OpenDocument -----------------------------------------------------------------------------------------------------

_ODF = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("meta", "meta"),
        ("presentation", "presentation"), ("manifest", "manifest"), ("style", "style"),
    )
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'  # fmt: skip


def _odf(kind: str, body: str, styles: str = "", *, locked: bool = False) -> bytes:
    mime = f"application/vnd.oasis.opendocument.{kind}"
    lock = "<manifest:encryption-data/>" if locked else ""
    members: dict[str, str | bytes] = {
        "mimetype": mime,
        "META-INF/manifest.xml": f"<manifest:manifest {_ODF}>"
        f'<manifest:file-entry manifest:full-path="content.xml">{lock}'
        "</manifest:file-entry></manifest:manifest>",
        "meta.xml": f"<office:document-meta {_ODF}><office:meta><dc:title>{TITLE}</dc:title>"
        f"<meta:initial-creator>{AUTHOR}</meta:initial-creator><meta:creation-date>2024-03-05T09:30:00"
        "</meta:creation-date><meta:keyword>tea</meta:keyword><dc:language>en-GB</dc:language></office:meta>"
        "</office:document-meta>",
        "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_ODF}><office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
    }
    if styles:
        members["styles.xml"] = f"<office:document-styles {_ODF}>{styles}</office:document-styles>"
    return zipped(members)


def _odf_table() -> str:
    rows = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{value}</text:p></table:table-cell>" for value in row)
        + "</table:table-row>"
        for row in (HEADER, *TEAS)
    )
    return f'<table:table table:name="Teas">{rows}</table:table>'


def make_odt() -> dict[str, bytes]:
    body = f"""<text:p text:style-name="Title">{TITLE}</text:p>
<text:h text:outline-level="1">Opening hours</text:h>
<text:p>{OPENING}<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>{FOOTNOTE}</text:p>
</text:note-body></text:note><office:annotation><dc:creator>{AUTHOR}</dc:creator><text:p>{NOTE}</text:p>
</office:annotation></text:p>
<text:h text:outline-level="1">Teas</text:h><text:h text:outline-level="2">Black<text:s/>and green</text:h>
{_odf_table()}
<text:list><text:list-item><text:p>Warm the pot</text:p><text:list><text:list-item>
<text:p>Pour<text:tab/>the water</text:p>
</text:list-item></text:list></text:list-item></text:list>
<text:p><draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p>
<text:h text:outline-level="1">Nothing below</text:h>"""
    header = (
        "<office:master-styles><style:master-page><style:header><text:p>For staff only</text:p></style:header>"
        "</style:master-page></office:master-styles>"
    )
    return {"handbook.odt": _odf("text", body, header), "protected.odt": _odf("text", body, locked=True)}


def make_odp() -> dict[str, bytes]:
    body = f"""<draw:page draw:name="one"><draw:frame presentation:class="title"><draw:text-box>
<text:p>Opening hours</text:p></draw:text-box></draw:frame>
<draw:frame presentation:class="outline"><draw:text-box><text:list><text:list-item><text:p>{OPENING}</text:p>
</text:list-item></text:list></draw:text-box></draw:frame>
<presentation:notes><draw:frame presentation:class="notes"><draw:text-box><text:p>{NOTE}</text:p></draw:text-box>
</draw:frame></presentation:notes></draw:page>
<draw:page draw:name="two"><draw:frame presentation:class="title"><draw:text-box><text:p>Teas</text:p></draw:text-box>
</draw:frame><draw:frame>{_odf_table()}</draw:frame><draw:g><draw:custom-shape><text:p>In a group</text:p>
</draw:custom-shape></draw:g></draw:page>"""
    return {"handbook.odp": _odf("presentation", body)}


def make_ods() -> dict[str, bytes]:
    def cell(value: object) -> str:
        kind = "float" if isinstance(value, float) else "date" if isinstance(value, date) else "string"
        attribute = {"float": "value", "date": "date-value", "string": "string-value"}[kind]
        shown = f'office:value-type="{kind}" office:{attribute}="{value}"'
        return f"<table:table-cell {shown}><text:p>{value}</text:p></table:table-cell>"

    rows = "".join(
        f"<table:table-row>{''.join(cell(value) for value in row)}</table:table-row>" for row in (HEADER, *TEAS)
    )
    return {"prices.ods": _odf("spreadsheet", f'<table:table table:name="Teas">{rows}</table:table>')}


# --- RTF --------------------------------------------------------------------------------------------------------------


def make_rtf() -> dict[str, bytes]:
    r"""Czech by its code page and by ``\u``, a table, a list, a footnote, a hidden word and an ignorable group."""
    czech = "".join(f"\\'{byte:02x}" if byte > 127 else chr(byte) for byte in "Přílišný čaj".encode("cp1250"))
    rows = "".join(
        "\\trowd\\cellx1000\\cellx2000 " + "".join(f"\\intbl {value}\\cell " for value in row) + "\\row\n"
        for row in (HEADER, *TEAS)
    )
    text = (
        "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset238 Arial CE;}}\n"
        "{\\stylesheet{\\s0 Normal;}{\\s1\\outlinelevel0 heading 1;}}{\\colortbl;\\red0\\green0\\blue0;}\n"
        f"{{\\info{{\\title {TITLE}}}{{\\author {AUTHOR}}}{{\\creatim\\yr2024\\mo3\\dy5\\hr9\\min30}}}}\n"
        "{\\*\\generator ignored}{\\header\\pard For staff only\\par}\n"
        f"\\pard\\s1 Opening hours\\par\\pard\\s0 {OPENING}{{\\footnote\\pard {FOOTNOTE}}}{{\\v hidden}}\\par\n"
        f"{{\\f1 {czech}}} and \\u382?lut\\u253\\'fd and {{\\i a joined}} \\'93quote\\'94\\par\n"
        f"\\pard\\s1 Teas\\par\\pard {rows}\\pard\\s0\n"
        "{\\listtext 1.\\tab}Warm the pot\\par{\\listtext 2.\\tab}Pour the water\\par\n"
        "{\\pict\\wmetafile8 0102030405}\\pard The end.\\par}"
    )
    return {"handbook.rtf": text.encode("ascii")}


# --- EPUB -------------------------------------------------------------------------------------------------------------


def make_epub() -> dict[str, bytes]:
    def chapter(title: str, text: str) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
            f"</head><body><h1>{title}</h1><p>{escape(text)}</p></body></html>"
        )

    package = f"""<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{TITLE}</dc:title><dc:creator>{AUTHOR}</dc:creator>
<dc:language>en-GB</dc:language><dc:date>2024-03-05</dc:date><dc:subject>Tea</dc:subject></metadata><manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="two" href="text/returns%20.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/hours.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="one"/><itemref idref="two"/></spine></package>"""
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "OEBPS/book.opf": package,
        "OEBPS/nav.xhtml": chapter("Contents", "Opening hours, Returns"),
        "OEBPS/text/hours.xhtml": chapter("Opening hours", OPENING),
        "OEBPS/text/returns .xhtml": chapter("Returns", RETURNS),
    }
    lock = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
        '<e:EncryptedData><e:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><e:CipherData>'
        '<e:CipherReference URI="OEBPS/text/hours.xhtml"/></e:CipherData></e:EncryptedData></encryption>'
    )
    return {"handbook.epub": zipped(members), "protected.epub": zipped({**members, "META-INF/encryption.xml": lock})}


if __name__ == "__main__":
    write(make_odt() | make_odp() | make_ods() | make_rtf() | make_epub())
