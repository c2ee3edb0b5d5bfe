"""A mail thread of six EML files about a machine, with a PDF quote and an XLSX comparison attached."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from textwrap import dedent, fill
from zoneinfo import ZoneInfo

from sample_library.pdfs import shear_quote
from sample_library.tables import shear_comparison

LONDON = ZoneInfo("Europe/London")
NORA = "Nora Whitlock <nora@tworiversbindery.example>"
SAMIR = "Samir Haddad <samir@tworiversbindery.example>"
DANIEL = "Daniel Osei <d.osei@fenwickbindery.example>"

_NORA_SIGNATURE = """
-- 
Nora Whitlock
Two Rivers Bindery
Unit 2, The Old Brewery, Malt Lane, Alderbridge
01632 960188
"""  # noqa: W291 (mail programs end the line of the two hyphens with a space)

_DANIEL_SIGNATURE = """
-- 
Daniel Osei
Sales, Fenwick Bindery Supplies
Wharf Road, Castleton
"""  # noqa: W291


def write(folder: Path) -> None:
    """Write the six messages, named by their dates."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, message) in enumerate(_thread(), start=1):
        _fix_boundaries(message, f"=_shear_{number}")
        (folder / f"{name}.eml").write_bytes(message.as_bytes(policy=SMTP))


def new_message(
    sender: str,
    to: str,
    subject: str,
    when: datetime,
    message_id: str,
    body: str,
    *,
    signature: str = "",
    parent: EmailMessage | None = None,
    width: int | None = None,
) -> EmailMessage:
    """A plain-text message. ``parent`` is the one it answers; lines break at ``width`` (None: at paragraphs only)."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(when)
    message["Message-ID"] = f"<{message_id}>"
    if parent is not None:
        message["In-Reply-To"] = parent["Message-ID"]
        message["References"] = f"{parent.get('References', '')} {parent['Message-ID']}".strip()
    message.set_content(_reflow(dedent(body).lstrip("\n"), width) + signature)
    return message


def _reflow(body: str, width: int | None) -> str:
    """Join the lines of each paragraph and break them again at ``width``; short lines (a greeting) stay as they are."""
    lines: list[str] = []
    goes_on = False
    for line in body.splitlines():
        if goes_on and line.strip("> "):
            lines[-1] += " " + line.removeprefix("> ")
        else:
            lines.append(line)
        goes_on = len(line) > 80 and not line.endswith("wrote:")
    if width is not None:
        lines = [fill(line, width, subsequent_indent="> " if line.startswith(">") else "") for line in lines]
    return "\n".join(lines) + "\n"


def _fix_boundaries(message: EmailMessage, boundary: str) -> None:
    """Replace the random boundaries of a message's parts."""
    for depth, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"{boundary}_{depth}")


def _thread() -> list[tuple[str, EmailMessage]]:
    first = new_message(
        NORA,
        DANIEL,
        "Board shear: can you quote?",
        datetime(2024, 3, 4, 9, 12, tzinfo=LONDON),
        "20240304091200.4101@tworiversbindery.example",
        """
        Dear Daniel,

        You may have heard: a pipe burst above our bench a fortnight ago and the old board shear stood in four
        centimetres of water all night. The bed has rusted and the blade no longer cuts square, so we have to replace
        it.

        Could you quote for a new hand-operated shear, cutting length at least 1,000 mm, with a foot clamp? The doorway
        is 94 cm wide and there is one step, so please tell us whether it can come in pieces. We have five wedding
        albums to finish by the end of April and would love to have it before Easter Monday, but I know that is
        optimistic.

        The insurer wants everything in writing, so a formal quote with your VAT number on it would help.

        Warm wishes from a still rather damp Malt Lane,
        Nora
        """,
        signature=_NORA_SIGNATURE,
    )
    first["Cc"] = SAMIR

    quote = new_message(
        DANIEL,
        NORA,
        "Re: Board shear: can you quote?",
        datetime(2024, 3, 6, 14, 40, tzinfo=LONDON),
        "CAF-88213@fenwickbindery.example",
        """
        Dear Nora,

        What rotten luck, I am sorry. Our quote QT-2024-0318 is attached: the Kestrel 110, new, 1,100 mm, with foot
        clamp and a steel stand. It comes in three crates, the widest 82 cm, so your door is no obstacle.

        The price holds for thirty days. I am afraid the factory is slow at the moment: allow seven weeks from order.

        Best,
        Daniel

        On Mon, 4 Mar 2024 at 09:12, Nora Whitlock <nora@tworiversbindery.example> wrote:
        > Could you quote for a new hand-operated shear, cutting length at least 1,000 mm, with a foot clamp? The
        > doorway is 94 cm wide and there is one step, so please tell us whether it can come in pieces.
        """,
        signature=_DANIEL_SIGNATURE,
        parent=first,
    )
    quote.add_attachment(shear_quote(), maintype="application", subtype="pdf", filename="Quote QT-2024-0318.pdf")

    doubt = new_message(
        NORA,
        DANIEL,
        "Re: Board shear: can you quote?",
        datetime(2024, 3, 7, 20, 55, tzinfo=LONDON),
        "20240307205500.4107@tworiversbindery.example",
        """
        Thank you, Daniel. I read it sitting down, which was wise. More than four and a half thousand pounds is beyond
        what Harrow Mutual will pay for a machine that was nine years old, and seven weeks would sink the albums.

        Is there anything second-hand that you would trust? We do not mind scratches. We do mind a blade that wanders.

        Nora

        On Wed, 6 Mar 2024 at 14:40, Daniel Osei <d.osei@fenwickbindery.example> wrote:
        > The price holds for thirty days. I am afraid the factory is slow at the moment: allow seven weeks from order.
        """,
        signature=_NORA_SIGNATURE,
        parent=quote,
    )

    options = new_message(
        DANIEL,
        NORA,
        "Re: Board shear: can you quote?",
        datetime(2024, 3, 11, 11, 5, tzinfo=LONDON),
        "CAF-88307@fenwickbindery.example",
        """
        Dear Nora, dear Samir,

        Good news from the back of our warehouse. A college in Castleton has closed its print department and we have
        taken its board shear: 1,100 mm, cast iron, built in 1968 and better made than anything sold today. Our fitter
        has reground the blade and replaced the clamp springs.

        We can let you have it for £2,950 including VAT and carriage. Fenwick gives a guarantee of twelve months on the
        blade and the clamp.

        I have put the three options side by side in the attached sheet.

        Daniel
        """,
        signature=_DANIEL_SIGNATURE,
        parent=doubt,
    )
    options["Cc"] = SAMIR
    options.add_alternative(
        "<html><body><p>Dear Nora, dear Samir,</p><p>Good news from the back of our warehouse. A college in Castleton "
        "has closed its print department and we have taken its board shear: <b>1,100 mm, cast iron, built in 1968</b> "
        "and better made than anything sold today. Our fitter has reground the blade and replaced the clamp "
        "springs.</p><p>We can let you have it for <b>£2,950</b> including VAT and carriage. Fenwick gives a "
        "guarantee of twelve months on the blade and the clamp.</p><p>I have put the three options side by side in "
        "the attached sheet.</p><p>Daniel</p></body></html>",
        subtype="html",
    )
    options.add_attachment(
        shear_comparison(),
        maintype="application",
        subtype="vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        filename="Board shear options.xlsx",
    )

    accepted = new_message(
        SAMIR,
        DANIEL,
        "Re: Board shear: can you quote?",
        datetime(2024, 3, 14, 8, 31, tzinfo=LONDON),
        "20240314083100.4112@tworiversbindery.example",
        """
        Good morning Daniel,

        We take the college machine. I have just sent the deposit of 30 per cent, £885.00; please let me know when it
        lands. The rest follows within a fortnight of your invoice.

        One request: please do not send the van on a Tuesday. Malt Lane is shut for the market all day and the wardens
        show no mercy.

        Samir
        Two Rivers Bindery
        """,
        parent=options,
    )
    accepted["Cc"] = NORA

    confirmed = new_message(
        DANIEL,
        SAMIR,
        "Re: Board shear: can you quote?",
        datetime(2024, 3, 15, 16, 22, tzinfo=LONDON),
        "CAF-88391@fenwickbindery.example",
        """
        Dear Samir,

        Deposit received, thank you. Our driver Marek will deliver the board shear on Thursday 11 April 2024, between 8
        and 10 in the morning. If you need him on the road, his mobile is 07700 900418.

        Please have two strong people at the door: the bed alone weighs 160 kg. Marek brings a stair trolley and will
        level the stand with you, which takes about an hour.

        Best to Nora, and may the albums be patient,
        Daniel

        On Thu, 14 Mar 2024 at 08:31, Samir Haddad <samir@tworiversbindery.example> wrote:
        > We take the college machine. I have just sent the deposit of 30 per cent, £885.00; please let me know when it
        > lands. The rest follows within a fortnight of your invoice.
        >
        > One request: please do not send the van on a Tuesday. Malt Lane is shut for the market all day and the wardens
        > show no mercy.
        """,
        signature=_DANIEL_SIGNATURE,
        parent=accepted,
    )
    confirmed["Cc"] = NORA

    return [
        ("2024-03-04 Board shear - can you quote", first),
        ("2024-03-06 Re Board shear - quote attached", quote),
        ("2024-03-07 Re Board shear - too dear", doubt),
        ("2024-03-11 Re Board shear - second-hand", options),
        ("2024-03-14 Re Board shear - accepted", accepted),
        ("2024-03-15 Re Board shear - delivery", confirmed),
    ]
