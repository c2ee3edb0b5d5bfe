"""Write the sample library into ``resources/samples``: one invented year of a small household, in every format.

Run ``python packaging/make_samples.py`` with the development dependencies installed and espeak-ng and sox on the
path. Dates and seeds are fixed: a second run gives the same bytes with the same versions of the libraries.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from sample_library import mail, mailbox_file, media, notes, office, pdfs, tables, texts
from sample_library.common import write_text

SAMPLES = Path(__file__).resolve().parents[1] / "resources" / "samples"


def write_all(folder: Path) -> None:
    """Write every file below ``folder``, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    write_text(folder / "README.md", texts.README)
    mail.write(folder / "Mail" / "Board shear")
    mailbox_file.write(folder / "Mail" / "Family archive.mbox")
    notes.write(folder / "Notes")
    workshop = folder / "Workshop"
    pdfs.write_invoices(workshop / "Invoices")
    media.write_scan(workshop / "Invoices" / "Scan_20240412.jpg")
    office.write_price_lists(workshop)
    office.write_letter(workshop / "Letter to Harrow Mutual.docx")
    office.write_slides(workshop / "Open day 2024.pptx")
    home = folder / "Home"
    tables.write_bank(home / "Bank 2024.csv")
    tables.write_budget(home / "Budget.xlsx")
    tables.write_calendar(home / "Family.ics")
    tables.write_contacts(home / "Contacts.vcf")
    pdfs.write_tenancy(home / "Tenancy agreement.pdf")
    write_text(home / "Semolina cake.txt", texts.RECIPE)
    pdfs.write_courier(folder / "Town" / "Alderbridge Courier June 2024.pdf")
    write_text(folder / "Town" / "Malt Lane on market days.html", texts.WEB_PAGE)
    media.write_photo(folder / "Media" / "IMG_20241021_1834.jpg")
    media.write_memo(folder / "Media" / "Voice memo 2024-02-19.flac")


def main() -> int:
    """Write the library and say how large it is."""
    missing = [program for program in ("espeak-ng", "sox") if shutil.which(program) is None]
    if missing:
        print(
            f"{' and '.join(missing)} not found: install it first (Debian: apt-get install espeak-ng sox).",
            file=sys.stderr,
        )
        return 1
    write_all(SAMPLES)
    files = [path for path in SAMPLES.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1024:.0f} KiB in {SAMPLES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
