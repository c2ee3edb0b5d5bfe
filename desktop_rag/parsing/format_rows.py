"""The long rows of the table of formats: pictures and recordings, and what a person is told how to convert.

Plain rows; ``formats`` makes its table of them.
"""

from __future__ import annotations

from typing import Literal

from desktop_rag.messages import say
from desktop_rag.types import Kind

SEEN_AND_HEARD: tuple[tuple[str, Kind, str, str, str], ...] = (
    (
        "image",
        "image",
        "media.pictures:parse_picture",
        (
            ".jpg .jpeg .jfif .jpe .mpo .png .apng .gif .webp .tif .tiff .bmp .dib .heic .heif .hif .avif .jp2 .j2k "
            ".j2c .jpf .jpx .ico .cur .icns .psd .tga .pcx .ppm .pgm .pbm .pnm .pfm .qoi .dds .xbm .xpm .sgi .rgb .ras "
            ".sun"
        ),
        (
            "image/jpeg image/jpg image/pjpeg image/png image/apng image/gif image/webp image/tiff image/bmp "
            "image/x-bmp image/x-ms-bmp image/heic image/heif image/avif image/jp2 image/x-icon "
            "image/vnd.microsoft.icon image/vnd.adobe.photoshop image/x-portable-pixmap image/x-portable-graymap "
            "image/x-portable-bitmap image/x-xbitmap image/x-rgb image/x-sun-raster"
        ),
    ),
    (
        "sound",
        "audio",
        "media.sound:parse_sound",
        (
            ".mp3 .mpga .mp2 .wav .wave .flac .ogg .oga .opus .spx .m4a .m4b .aac .wma .aif .aiff .aifc .au .snd .amr "
            ".ac3 .mka .caf .ape .wv .sph"
        ),
        (
            "audio/mpeg audio/mp3 audio/wav audio/wave audio/x-wav audio/vnd.wave audio/flac audio/x-flac audio/ogg "
            "application/ogg audio/opus audio/mp4 audio/m4a audio/x-m4a audio/aac audio/x-ms-wma audio/aiff "
            "audio/x-aiff audio/basic audio/x-au audio/amr audio/webm audio/x-matroska"
        ),
    ),
    (
        "video",
        "video",
        "media.sound:parse_sound",
        (
            ".mp4 .m4v .mov .qt .mkv .webm .avi .wmv .asf .flv .f4v .mpg .mpeg .mpe .m2v .m2ts .vob .ogv .ogm .3gp "
            ".3g2 .rm .rmvb .divx"
        ),
        (
            "video/mp4 video/quicktime video/x-matroska video/webm video/x-msvideo video/avi video/x-ms-wmv "
            "video/x-ms-asf video/x-flv video/mpeg video/mp2t video/ogg video/3gpp video/3gpp2 video/x-m4v"
        ),
    ),
)
"""Name, kind, parser, suffixes, mimes of what is seen and heard rather than read."""

UNSUPPORTED: tuple[tuple[str, Kind, Literal["text", "zip", "ole", "binary"], str, str, str], ...] = (
    (
        "Apple Pages document",
        "document",
        "zip",
        ".pages",
        "application/vnd.apple.pages application/x-iwork-pages-sffpages",
        say("parsing.export-pages-word-pdf"),
    ),
    (
        "Apple Keynote presentation",
        "slides",
        "zip",
        ".key",
        "application/vnd.apple.keynote application/x-iwork-keynote-sffkey",
        say("parsing.export-keynote-powerpoint-pdf"),
    ),
    (
        "Apple Numbers spreadsheet",
        "spreadsheet",
        "zip",
        ".numbers",
        "application/vnd.apple.numbers application/x-iwork-numbers-sffnumbers",
        say("parsing.export-numbers-excel-csv"),
    ),
    (
        "OneNote section",
        "note",
        "binary",
        ".one .onetoc2 .onepkg",
        "application/onenote application/msonenote",
        say("parsing.export-section-onenote-word-pdf"),
    ),
    (
        "XPS document",
        "document",
        "zip",
        ".xps .oxps",
        "application/vnd.ms-xpsdocument application/oxps",
        say("parsing.print-pdf-xps-viewer"),
    ),
    (
        "Visio or Publisher document",
        "document",
        "binary",
        ".vsd .vsdx .vss .vst .pub",
        "application/vnd.visio application/vnd.ms-visio.drawing application/x-mspublisher",
        say("parsing.open-program-made-export-pdf"),
    ),
    (
        "Project plan",
        "data",
        "ole",
        ".mpp .mpt",
        "application/vnd.ms-project",
        say("parsing.export-project-excel-pdf"),
    ),
    (
        "WordPerfect or Works document",
        "document",
        "binary",
        (
            ".wpd .wp .wp5 .wp6 .wps .wks .wdb .wri .sdw .sdc .sxw .sxc .sxi .hwp .hwpx .abw .lwp .123 .wk1 .wb1 .wb2 "
            ".wb3 .qpw .cwk"
        ),
        (
            "application/wordperfect application/vnd.wordperfect application/vnd.ms-works "
            "application/vnd.sun.xml.writer application/x-hwp"
        ),
        say("parsing.open-libreoffice-save-odt-word-pdf"),
    ),
    (
        "OpenDocument drawing or formula",
        "document",
        "zip",
        ".odg .otg .odf .odc .odb .odi",
        (
            "application/vnd.oasis.opendocument.graphics application/vnd.oasis.opendocument.graphics-template "
            "application/vnd.oasis.opendocument.formula application/vnd.oasis.opendocument.chart "
            "application/vnd.oasis.opendocument.database application/vnd.oasis.opendocument.image"
        ),
        say("parsing.open-libreoffice-export-pdf"),
    ),
    (
        "e-book",
        "book",
        "binary",
        ".mobi .azw .azw3 .azw4 .kfx .prc .fb2 .lit .lrf .pdb .cbz .cbr .cb7 .djvu .djv .chm .ibooks",
        "application/x-mobipocket-ebook image/vnd.djvu image/x-djvu application/vnd.ms-htmlhelp",
        say("parsing.convert-epub-pdf-example-calibre"),
    ),
    (
        "Outlook data file",
        "mail",
        "binary",
        ".pst .ost .nst",
        "application/vnd.ms-outlook-pst",
        say("parsing.export-mail-mbox-file-eml-msg"),
    ),
    (
        "mail store of a mail program",
        "mail",
        "binary",
        ".dbx .emlx .partial .olm .msf .mab",
        "application/x-olm",
        say("parsing.export-mail-mbox-file-eml-files"),
    ),
    (
        "encrypted or signed data",
        "data",
        "binary",
        ".gpg .pgp .p7m .p7s .p7c .sig .p12 .pfx .age .kdbx .der .crt .cer",
        (
            "application/pgp-encrypted application/pkcs7-mime application/x-pkcs7-mime application/pkcs7-signature "
            "application/x-pkcs7-signature application/pgp-signature application/pkcs12"
        ),
        say("parsing.decrypt-save-what-inside-separate-file"),
    ),
    (
        "database",
        "data",
        "binary",
        (
            ".mdb .accdb .mde .db .db3 .sqlite .sqlite3 .dbf .dta .sas7bdat .sav .rdata .rds .parquet .feather .arrow "
            ".orc .avro .h5 .hdf5 .nc .mat"
        ),
        (
            "application/vnd.sqlite3 application/x-sqlite3 application/msaccess application/x-msaccess "
            "application/vnd.apache.parquet application/x-hdf5 application/x-dbf"
        ),
        say("parsing.export-tables-need-csv-excel"),
    ),
    (
        "archive",
        "data",
        "binary",
        (
            ".zip .7z .rar .tar .tgz .gz .bz2 .tbz2 .xz .txz .zst .lz .lz4 .lzma .lzh .lha .cab .arj .ace .cpio .jar "
            ".war .apk .ipa .whl .xpi .crx .deb .rpm .iso .dmg .img .vhdx .vmdk .qcow2 .wim .snap .msi"
        ),
        (
            "application/zip application/x-zip-compressed application/x-zip application/x-7z-compressed "
            "application/x-rar-compressed application/vnd.rar application/x-rar application/x-tar application/gzip "
            "application/x-gzip application/x-bzip2 application/x-bzip application/x-xz application/zstd "
            "application/x-compress application/x-lzip application/x-lzma application/vnd.ms-cab-compressed "
            "application/java-archive application/x-iso9660-image application/x-debian-package application/x-rpm "
            "application/x-msi"
        ),
        say("parsing.unpack-into-folder"),
    ),
    (
        "program",
        "data",
        "binary",
        (
            ".exe .dll .sys .com .scr .so .dylib .o .obj .a .lib .ko .bin .elf .class .pyc .pyo .pyd .wasm .dex .swf "
            ".nes .rom .lnk"
        ),
        (
            "application/x-dosexec application/x-msdownload application/vnd.microsoft.portable-executable "
            "application/x-executable application/x-elf application/x-sharedlib application/x-mach-binary "
            "application/java-vm application/wasm application/x-shockwave-flash"
        ),
        say("parsing.programs-contain-no-text-search"),
    ),
    (
        "font",
        "data",
        "binary",
        ".ttf .otf .ttc .woff .woff2 .eot .pfb .pfa",
        ("font/ttf font/otf font/woff font/woff2 application/font-woff application/font-sfnt application/x-font-ttf"),
        say("parsing.fonts-contain-no-text-search"),
    ),
    (
        "drawing or 3D model",
        "image",
        "binary",
        (
            ".dwg .dxf .ai .indd .cdr .sketch .fig .xcf .kra .afdesign .afphoto .blend .stl .fbx .glb .3ds .skp .step "
            ".stp .iges .drawio .xd"
        ),
        "image/vnd.dwg application/acad application/x-indesign image/x-xcf",
        say("parsing.open-program-made-export-pdf"),
    ),
    (
        "raw photo",
        "image",
        "binary",
        ".dng .cr2 .cr3 .crw .nef .nrw .arw .sr2 .orf .rw2 .raf .pef .srw .x3f .3fr .iiq",
        "image/x-adobe-dng image/x-canon-cr2 image/x-canon-cr3 image/x-nikon-nef image/x-sony-arw image/x-raw",
        say("parsing.export-jpeg-photo-program"),
    ),
    (
        "rare picture format",
        "image",
        "binary",
        ".jxl .bpg .exr .hdr .wmf .emf .wmz .emz .eps .ps .svgz .pict .pct .fits .fli .flc",
        (
            "image/jxl image/bpg image/x-exr image/vnd.radiance image/wmf image/x-wmf image/emf image/x-emf "
            "application/postscript image/x-pict image/fits"
        ),
        say("parsing.open-picture-editor-export-png-jpeg"),
    ),
    (
        "music score",
        "audio",
        "binary",
        ".mid .midi .kar .rmi .mscz .mus .sib",
        "audio/midi audio/x-midi audio/mid",
        say("parsing.holds-notes-play-not-speech"),
    ),
    (
        "machine learning data",
        "data",
        "binary",
        ".gguf .ggml .safetensors .onnx .pt .pth .ckpt .pkl .pickle .npy .npz .joblib .tflite .pb .model",
        "application/x-gguf application/x-pickle",
        say("parsing.models-arrays-contain-no-text-search"),
    ),
)
"""Name, kind, carrier, suffixes, mimes, what to do."""
