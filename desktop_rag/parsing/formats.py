"""The table of formats: what a file is called, how it is recognised and which module reads it."""

from __future__ import annotations

import importlib
from typing import Literal

from msgspec import Struct

from desktop_rag.parsing.format_rows import SEEN_AND_HEARD, UNSUPPORTED
from desktop_rag.parsing.source import Parser
from desktop_rag.types import Kind

Carrier = Literal["text", "zip", "ole", "binary"]
"""What the bytes of a format are: text, a ZIP archive, an OLE compound file (Office before 2007), or anything else."""


class Format(Struct, frozen=True, kw_only=True):
    """One row of the table.

    ``parser`` names ``module:function`` inside this package and is imported when the first such file comes. A format
    without a parser is not supported (``convert_to`` says what to do). Suffixes are in lower case with their dot; the
    first suffix and the first mime are the usual ones.
    """

    name: str
    kind: Kind
    suffixes: tuple[str, ...]
    mimes: tuple[str, ...]
    carrier: Carrier = "binary"
    parser: str = ""
    convert_to: str = ""

    @property
    def mime(self) -> str:
        return self.mimes[0]

    def load(self) -> Parser:
        """Import and return the parser of this format."""
        module, _, function = self.parser.partition(":")
        parser: Parser = getattr(importlib.import_module(f"desktop_rag.parsing.{module}"), function)
        return parser


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_READ = (
    Format(
        name="plain text",
        kind="text",
        suffixes=_words(".txt .text .log .nfo .tex .bib .asc .adoc .asciidoc .textile .mediawiki .wiki"),
        mimes=_words("text/plain text/x-log text/x-tex application/x-tex text/enriched"),
        carrier="text",
        parser="text.plain:parse_text",
    ),
    Format(
        name="subtitles",
        kind="text",
        suffixes=_words(".srt .vtt"),
        mimes=_words("application/x-subrip text/vtt"),
        carrier="text",
        parser="text.plain:parse_text",
    ),
    Format(
        name="Markdown",
        kind="note",
        suffixes=_words(".md .markdown .mdown .mkd .mdx .qmd .rmd"),
        mimes=_words("text/markdown text/x-markdown"),
        carrier="text",
        parser="text.markdown:parse_markdown",
    ),
    Format(
        name="Org",
        kind="note",
        suffixes=_words(".org"),
        mimes=_words("text/org text/x-org"),
        carrier="text",
        parser="text.org:parse_org",
    ),
    Format(
        name="reStructuredText",
        kind="note",
        suffixes=_words(".rst .rest"),
        mimes=_words("text/x-rst text/prs.fallenstein.rst"),
        carrier="text",
        parser="text.rst:parse_rst",
    ),
    Format(
        name="web page",
        kind="web",
        suffixes=_words(".html .htm .xhtml .xht .shtml"),
        mimes=_words("text/html application/xhtml+xml"),
        carrier="text",
        parser="web.html:parse_html",
    ),
    Format(
        name="CSV table",
        kind="data",
        suffixes=_words(".csv .tsv .tab .psv"),
        mimes=_words("text/csv text/tab-separated-values application/csv text/comma-separated-values"),
        carrier="text",
        parser="text.tabular:parse_csv",
    ),
    Format(
        name="JSON",
        kind="data",
        suffixes=_words(".json .jsonl .ndjson .geojson .ipynb .webmanifest .har"),
        mimes=_words(
            "application/json application/x-ndjson application/jsonl application/ld+json application/geo+json"
        ),
        carrier="text",
        parser="web.structured:parse_json",
    ),
    Format(
        name="XML",
        kind="data",
        suffixes=_words(".xml .rss .atom .opml .kml .gpx .fodt .fods .fodp .xsd .xsl .xslt .dita .enex"),
        mimes=_words("application/xml text/xml application/rss+xml application/atom+xml text/x-opml"),
        carrier="text",
        parser="web.structured:parse_xml",
    ),
    Format(
        name="drawing",
        kind="image",
        suffixes=_words(".svg"),
        mimes=_words("image/svg+xml"),
        carrier="text",
        parser="web.svg:parse_svg",
    ),
    Format(
        name="source code",
        kind="code",
        suffixes=_words(
            ".py .pyi .pyx .c .h .cc .cpp .cxx .hh .hpp .hxx .ino .cu .cuh .cs .java .kt .kts .scala .groovy .gradle "
            ".go .rs .swift .m .mm .js .mjs .cjs .jsx .ts .mts .cts .tsx .vue .svelte .astro .css .scss .sass .less "
            ".php .phtml .rb .erb .pl .pm .t .lua .r .jl .hs .lhs .ml .mli .fs .fsi .fsx .ex .exs .erl .hrl .clj "
            ".cljs .cljc .edn .lisp .lsp .el .scm .rkt .dart .nim .zig .v .vhd .vhdl .sv .d .pas .pp .dpr .f .f90 "
            ".f95 .for .ada .adb .ads .asm .s .cob .cbl .vb .vbs .bas .sh .bash .zsh .fish .ksh .csh .ps1 .psm1 .psd1 "
            ".bat .cmd .awk .sed .sql .graphql .gql .proto .thrift .tf .tfvars .hcl .nix .cmake .mk .make .dockerfile "
            ".gitignore .editorconfig .toml .yaml .yml .ini .cfg .conf .properties .env .desktop .service .reg .diff "
            ".patch .jinja .j2 .tmpl .sol .wgsl .glsl .tcl .json5 .jsonc .bzl"
        ),
        mimes=_words(
            "text/x-script text/x-python text/x-c text/x-c++ text/x-java text/x-sh application/x-sh "
            "text/x-shellscript text/css text/javascript application/javascript application/x-javascript "
            "application/typescript text/x-patch text/x-diff application/toml application/yaml application/x-yaml "
            "text/yaml text/x-yaml application/sql application/x-php text/x-perl text/x-ruby text/x-csrc text/x-chdr "
            "text/x-rust text/x-go"
        ),
        carrier="text",
        parser="text.code:parse_code",
    ),
    Format(
        name="calendar",
        kind="event",
        suffixes=_words(".ics .ical .ifb .icalendar .vcs"),
        mimes=_words("text/calendar application/ics text/x-vcalendar"),
        carrier="text",
        parser="pim.calendar:parse_ics",
    ),
    Format(
        name="contacts",
        kind="contact",
        suffixes=_words(".vcf .vcard"),
        mimes=_words("text/vcard text/x-vcard text/directory"),
        carrier="text",
        parser="pim.contacts:parse_vcf",
    ),
    Format(
        name="mail message",
        kind="mail",
        suffixes=_words(".eml .nws"),
        mimes=_words("message/rfc822 message/news message/global"),
        carrier="text",
        parser="mail.message:parse_eml",
    ),
    Format(
        name="saved web page",
        kind="web",
        suffixes=_words(".mhtml .mht"),
        mimes=_words("multipart/related application/x-mimearchive"),
        carrier="text",
        parser="mail.message:parse_eml",
    ),
    Format(
        name="mailbox",
        kind="mail",
        suffixes=_words(".mbox .mbx"),
        mimes=_words("application/mbox"),
        carrier="text",
        parser="mail.mailbox:parse_mbox",
    ),
    Format(
        name="rich text",
        kind="document",
        suffixes=_words(".rtf"),
        mimes=_words("application/rtf text/rtf"),
        carrier="text",
        parser="office.rtf:parse_rtf",
    ),
    Format(
        name="PDF",
        kind="document",
        suffixes=_words(".pdf"),
        mimes=_words("application/pdf application/x-pdf"),
        parser="pdf.document:parse_pdf",
    ),
    Format(
        name="Word document",
        kind="document",
        suffixes=_words(".docx .docm .dotx .dotm"),
        mimes=_words(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document application/vnd.openxmlformats-"
            "officedocument.wordprocessingml.template application/vnd.ms-word.document.macroenabled.12 "
            "application/vnd.ms-word.template.macroenabled.12"
        ),
        carrier="zip",
        parser="office.docx:parse_docx",
    ),
    Format(
        name="PowerPoint presentation",
        kind="slides",
        suffixes=_words(".pptx .pptm .ppsx .ppsm .potx .potm"),
        mimes=_words(
            "application/vnd.openxmlformats-officedocument.presentationml.presentation "
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow application/vnd.openxmlformats-"
            "officedocument.presentationml.template application/vnd.ms-powerpoint.presentation.macroenabled.12 "
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12 application/vnd.ms-"
            "powerpoint.template.macroenabled.12"
        ),
        carrier="zip",
        parser="office.pptx:parse_pptx",
    ),
    Format(
        name="Excel workbook",
        kind="spreadsheet",
        suffixes=_words(".xlsx .xlsm .xltx .xltm .xlsb"),
        mimes=_words(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet application/vnd.openxmlformats-"
            "officedocument.spreadsheetml.template application/vnd.ms-excel.sheet.macroenabled.12 application/vnd.ms-"
            "excel.template.macroenabled.12 application/vnd.ms-excel.sheet.binary.macroenabled.12"
        ),
        carrier="zip",
        parser="office.spreadsheet:parse_spreadsheet",
    ),
    Format(
        name="Excel workbook (97-2003)",
        kind="spreadsheet",
        suffixes=_words(".xls .xlt .xla"),
        mimes=_words("application/vnd.ms-excel application/excel application/msexcel application/x-msexcel"),
        carrier="ole",
        parser="office.spreadsheet:parse_spreadsheet",
    ),
    Format(
        name="OpenDocument spreadsheet",
        kind="spreadsheet",
        suffixes=_words(".ods .ots"),
        mimes=_words(
            "application/vnd.oasis.opendocument.spreadsheet application/vnd.oasis.opendocument.spreadsheet-template"
        ),
        carrier="zip",
        parser="office.spreadsheet:parse_spreadsheet",
    ),
    Format(
        name="OpenDocument text",
        kind="document",
        suffixes=_words(".odt .ott .odm"),
        mimes=_words(
            "application/vnd.oasis.opendocument.text application/vnd.oasis.opendocument.text-template "
            "application/vnd.oasis.opendocument.text-master"
        ),
        carrier="zip",
        parser="office.opendocument:parse_odt",
    ),
    Format(
        name="OpenDocument presentation",
        kind="slides",
        suffixes=_words(".odp .otp"),
        mimes=_words(
            "application/vnd.oasis.opendocument.presentation application/vnd.oasis.opendocument.presentation-template"
        ),
        carrier="zip",
        parser="office.opendocument:parse_odp",
    ),
    Format(
        name="EPUB book",
        kind="book",
        suffixes=_words(".epub"),
        mimes=_words("application/epub+zip"),
        carrier="zip",
        parser="web.epub:parse_epub",
    ),
    Format(
        name="Word document (97-2003)",
        kind="document",
        suffixes=_words(".doc .dot"),
        mimes=_words("application/msword application/vnd.ms-word"),
        carrier="ole",
        parser="office.legacy:parse_doc",
    ),
    Format(
        name="PowerPoint presentation (97-2003)",
        kind="slides",
        suffixes=_words(".ppt .pps .pot"),
        mimes=_words("application/vnd.ms-powerpoint application/mspowerpoint application/powerpoint"),
        carrier="ole",
        parser="office.legacy:parse_ppt",
    ),
    Format(
        name="Outlook message",
        kind="mail",
        suffixes=_words(".msg .oft"),
        mimes=_words("application/vnd.ms-outlook application/x-msg"),
        carrier="ole",
        parser="mail.outlook:parse_msg",
    ),
    Format(
        name="Outlook rich mail (winmail.dat)",
        kind="mail",
        suffixes=_words(".tnef"),
        mimes=_words("application/ms-tnef application/vnd.ms-tnef"),
        parser="mail.outlook:parse_tnef",
    ),
)

_SEEN_AND_HEARD = tuple(
    Format(name=name, kind=kind, suffixes=_words(suffixes), mimes=_words(mimes), parser=parser)
    for name, kind, parser, suffixes, mimes in SEEN_AND_HEARD
)
_UNSUPPORTED = tuple(
    Format(name=name, kind=kind, suffixes=_words(suffixes), mimes=_words(mimes), carrier=carrier, convert_to=advice)
    for name, kind, carrier, suffixes, mimes, advice in UNSUPPORTED
)

FORMATS: tuple[Format, ...] = _READ + _SEEN_AND_HEARD + _UNSUPPORTED

_BY_SUFFIX = {suffix: row for row in FORMATS for suffix in row.suffixes}
_BY_MIME = {mime: row for row in FORMATS for mime in row.mimes}


def suffix_of(name: str) -> str:
    """The last suffix of a file's name, in lower case with its dot; "" when it has none."""
    _, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot else ""


def by_suffix(name: str) -> Format | None:
    """The format that the suffix of a file's name stands for."""
    return _BY_SUFFIX.get(suffix_of(name))


def by_mime(mime: str) -> Format | None:
    """The format of a media type, its parameters ignored."""
    return _BY_MIME.get(mime.partition(";")[0].strip().lower())
