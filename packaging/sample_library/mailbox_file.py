"""The family's mail archive: one mbox of thirteen messages from landlord, school, insurer, accountant and travels."""

from __future__ import annotations

import mailbox
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from textwrap import dedent

from sample_library import mail
from sample_library.mail import LONDON, NORA, SAMIR

_MARSH = "Helen Marsh <h.marsh@millbrookprimary.example>"
_CASTELLANO = "Helen Castellano <helen.castellano@harrowmutual.example>"
_PRYCE = "Daniel Pryce <daniel@pryce-lettings.example>"
_PRIYA = "Priya Raman <priya@ramanaccounts.example>"
_ABELL = "Rev. Thomas Abell <vicar@staldhelm.example>"


def write(path: Path) -> None:
    """Write the mailbox."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    box = mailbox.mbox(path)
    for message in [*_school_and_trip(), *_tax(), *_claim(), *_spring(), *_rent(), *_porto()]:
        entry = mailbox.mboxMessage(message)
        sender = str(message["From"]).rpartition("<")[2].rstrip(">")
        entry.set_from(sender, parsedate_to_datetime(str(message["Date"])).timetuple())
        box.add(entry)
    box.close()


def _at(year: int, month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


def _message(
    sender: str, to: str, subject: str, when: datetime, message_id: str, body: str, parent: EmailMessage | None = None
) -> EmailMessage:
    return mail.new_message(sender, to, subject, when, message_id, body, parent=parent, width=74)


def _school_and_trip() -> list[EmailMessage]:
    hotel = _message(
        "Huis ter Linde <reception@huisterlinde.example>",
        NORA,
        "Your stay in Bruges, 8-12 April",
        _at(2023, 3, 28, 10, 3),
        "res-2290@huisterlinde.example",
        """
        Dear Mrs Whitlock,

        We confirm the room under the roof for two adults and one child from 8 to 12 April 2023, four nights at 118
        euros, breakfast included. Reservation number 2290.

        The front door is locked at 23:00. After that, please use the side entrance in the Lindestraat; you find the key
        in the small safe, its code is on your arrival card.

        Kind regards,
        Annelies, Huis ter Linde
        """,
    )
    museum = _message(
        _MARSH,
        "Year 3 parents <year3@millbrookprimary.example>",
        "Museum visit on 12 October",
        _at(2023, 10, 5, 15, 47),
        "20231005.y3@millbrookprimary.example",
        """
        Dear parents of Year 3,

        Next Thursday, 12 October 2023, we visit the Castleton Museum of Rural Life. The coach leaves at 9:00 sharp and
        is back by half past three.

        Please bring: a packed lunch without nuts, a raincoat, and £6.00 in a named envelope for the butter-making. No
        telephones, please; the museum shop takes only coins.

        Helen Marsh
        Class teacher, Millbrook Primary School
        """,
    )
    return [hotel, museum]


def _tax() -> list[EmailMessage]:
    return_ready = _message(
        _PRIYA,
        SAMIR,
        "Your tax return 2022/23",
        _at(2024, 1, 15, 9, 30),
        "2023-sa-haddad@ramanaccounts.example",
        """
        Dear Samir,

        Your return for 2022/23 is filed. The balance to pay is £2,316.40, due by 31 January 2024. Please use your
        taxpayer reference followed by the letter K as the payment reference.

        Two things for this year. Keep the receipts of the open day, down to the lemonade; they count as advertising.
        And please stop paying for leather in cash.

        There is nothing to pay on account in July, because the last year was so quiet.

        Best wishes,
        Priya Raman
        """,
    )
    reply = _message(
        SAMIR,
        _PRIYA,
        "Re: Your tax return 2022/23",
        _at(2024, 1, 16, 21, 14),
        "20240116211400.3990@tworiversbindery.example",
        """
        Thank you, Priya. I will pay on the 29th, when the wedding albums have been settled.

        The leather man does not own a card machine, but I shall ask him for receipts. He writes them on offcuts of
        goat.

        Samir

        On Mon, 15 Jan 2024 at 09:30, Priya Raman <priya@ramanaccounts.example> wrote:
        > Your return for 2022/23 is filed. The balance to pay is £2,316.40, due by 31 January 2024. Please use your
        > taxpayer reference followed by the letter K as the payment reference.
        """,
        parent=return_ready,
    )
    return [return_ready, reply]


def _claim() -> list[EmailMessage]:
    opened = _message(
        _CASTELLANO,
        NORA,
        "Claim HM-2024-007731: escape of water, Malt Lane",
        _at(2024, 2, 22, 11, 8),
        "claim-007731-1@harrowmutual.example",
        """
        Dear Ms Whitlock,

        Thank you for your letter and the photographs. Your claim has the number HM-2024-007731; please quote it always.

        Our loss adjuster, Mr Gareth Lowe, will visit the workshop on Tuesday 27 February 2024 at 14:30. Please keep the
        damaged items until he has seen them, including the wet leather. Your policy carries an excess of £250.

        Kind regards,
        Helen Castellano
        Claims, Harrow Mutual
        """,
    )
    settled = _message(
        _CASTELLANO,
        NORA,
        "Re: Claim HM-2024-007731: escape of water, Malt Lane",
        _at(2024, 4, 2, 16, 52),
        "claim-007731-4@harrowmutual.example",
        """
        Dear Ms Whitlock,

        I am pleased to say that the claim is accepted. We allow £2,950.00 for the board shear, £546.00 for the calf
        skins and £124.00 for the paper, together £3,620.00. After the excess, £3,370.00 will reach your account within
        five working days.

        Kind regards,
        Helen Castellano
        """,
        parent=opened,
    )
    forgotten = _message(
        NORA,
        _CASTELLANO,
        "Re: Claim HM-2024-007731: escape of water, Malt Lane",
        _at(2024, 4, 3, 8, 20),
        "20240403082000.4130@tworiversbindery.example",
        """
        Dear Helen,

        That is a relief, thank you. One thing seems to have slipped through: the laying press. It stands in my letter
        with £180, and Mr Lowe put his finger in the crack. Could you look again?

        With kind regards,
        Nora Whitlock

        On Tue, 2 Apr 2024 at 16:52, Helen Castellano <helen.castellano@harrowmutual.example> wrote:
        > We allow £2,950.00 for the board shear, £546.00 for the calf
        > skins and £124.00 for the paper, together £3,620.00.
        """,
        parent=settled,
    )
    return [opened, settled, forgotten]


def _spring() -> list[EmailMessage]:
    vicar = _message(
        _ABELL,
        NORA,
        "The registers",
        _at(2024, 5, 6, 17, 35),
        "abell.20240506@staldhelm.example",
        """
        Dear Nora,

        I opened the parcel in the vestry and had to sit down on the font steps. You cannot see that they were ever wet.
        The vestry book fell open at the primrose, and I am so glad that you let it stay.

        The churchwardens meet on the 20th and your invoice will be paid that week. May I bring you the great Bible in
        the autumn? Its boards are off and the mice have been at Leviticus.

        Yours ever,
        Thomas
        """,
    )
    farm = _message(
        _MARSH,
        "Year 3 parents <year3@millbrookprimary.example>",
        "Larkfield Farm, 22-24 May",
        _at(2024, 5, 8, 16, 1),
        "20240508.y3@millbrookprimary.example",
        """
        Dear parents of Year 3,

        In two weeks we go to Larkfield Farm for two nights, Wednesday 22 to Friday 24 May 2024.

        Please bring: wellingtons, a sleeping bag, a torch and clothes that may never be clean again. The remaining
        £48.00 is due by the 15th. Medicines go to Mr Okoro at the coach, with a note.

        The children will collect eggs and help with the lambs. In an emergency the farm office answers day and night on
        01632 960451.

        Helen Marsh
        Class teacher, Millbrook Primary School
        """,
    )
    return [vicar, farm]


def _rent() -> list[EmailMessage]:
    increase = _message(
        _PRYCE,
        f"{NORA}, {SAMIR}",
        "Flat 3: rent from September, and the boiler",
        _at(2024, 6, 28, 12, 15),
        "flat3-2024-06@pryce-lettings.example",
        """
        Dear Nora and Samir,

        This is the yearly letter nobody likes. From 1 September 2024 the rent of Flat 3 will be £1,195 a month. It is
        the first change since you moved in.

        On a warmer note, the new boiler will be fitted on Tuesday 9 July. The maker gives a guarantee of ten years on
        it, and the engineer, Mrs Novak, needs the airing cupboard empty by eight.

        Regards,
        Daniel Pryce
        """,
    )
    answer = _message(
        SAMIR,
        _PRYCE,
        "Re: Flat 3: rent from September, and the boiler",
        _at(2024, 6, 30, 19, 44),
        "20240630194400.4190@tworiversbindery.example",
        """
        Dear Daniel,

        Understood, and thank you for giving us two full months. The cupboard will be empty; the cat will be at my
        mother's.

        While Mrs Novak is here: could she look at the kitchen tap? It drips every four seconds, Ella has timed it.

        Samir

        On Fri, 28 Jun 2024 at 12:15, Daniel Pryce <daniel@pryce-lettings.example> wrote:
        > From 1 September 2024 the rent of Flat 3 will be £1,195 a month.
        """,
        parent=increase,
    )
    return [increase, answer]


def _porto() -> list[EmailMessage]:
    guesthouse = _message(
        "Graça Teixeira <ola@pensaoamarela.example>",
        NORA,
        "Confirmação da reserva nº 4471 na Pensão Amarela",
        _at(2024, 8, 12, 18, 26),
        "reserva-4471@pensaoamarela.example",
        """
        Querida Nora,

        Confirmo o quarto 7, com vista para o rio, de 19 a 26 de outubro de 2024: sete noites a 74 euros, com
        pequeno-almoço servido até às dez horas. A taxa turística paga-se à chegada, em dinheiro.

        O código da porta da rua é 1908, o ano em que a casa foi pintada de amarelo.

        And in English, for Samir: room 7, the one above the river. There are 61 steps and no lift, so pack lightly.

        Um abraço,
        Graça
        """,
    )
    rail = EmailMessage()
    rail["From"] = "Northline Rail <bookings@northline.example>"
    rail["To"] = NORA
    rail["Subject"] = "Booking K7QX2M: Alderbridge to Castleton Airport"
    rail["Date"] = "Mon, 30 Sep 2024 07:58:00 +0100"
    rail["Message-ID"] = "<k7qx2m@northline.example>"
    rail.set_content(
        dedent("""\
            <html><head><style>td { padding: 4px } .small { color: #888 }</style></head><body>
            <table width="600"><tr><td><img src="cid:logo" alt="Northline"></td></tr>
            <tr><td><h2>Thank you, Nora. You are booked.</h2></td></tr>
            <tr><td>Your booking reference is <b>K7QX2M</b>.</td></tr>
            <tr><td>On Saturday 19 October 2024 your train leaves Alderbridge at <b>06:42</b> from platform 2 and
            reaches Castleton Airport at <b>08:17</b>.</td></tr>
            <tr><td>Coach C, seats 21, 22 and 23, two adults and one child, £57.30.</td></tr>
            <tr><td>Tickets can be changed free of charge until the evening before you travel.</td></tr>
            <tr><td class="small">You receive this mail because you booked at Northline. <a
            href="https://northline.example/unsubscribe">Unsubscribe</a></td></tr></table></body></html>
            """),
        subtype="html",
    )
    return [guesthouse, rail]
