"""Spreadsheets, the bank's CSV, the calendar and the address book."""

from __future__ import annotations

import csv
import io
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]
from icalendar import Calendar, Event

from sample_library.common import write_text

_LONDON = ZoneInfo("Europe/London")
_MADE = datetime(2024, 3, 10, 9, 0)
_Cell = str | float
_Row = tuple[_Cell, ...]

_HOUSEHOLD: list[_Row] = [
    ("Item", "Category", "Per month 2023", "Per month 2024", "Remark"),
    ("Rent of the flat", "Home", 1150.00, 1165.00, "2024 is the average over the year"),
    ("Electricity", "Home", 118.00, 96.50, "cheaper tariff since February 2024"),
    ("Gas", "Home", 74.00, 71.00, ""),
    ("Council tax", "Home", 139.20, 146.80, "ten instalments, spread over twelve"),
    ("Contents insurance", "Home", 13.10, 14.20, "Harrow Mutual"),
    ("Groceries", "Food", 505.00, 540.00, ""),
    ("Cello lessons for Ella", "School", 80.00, 88.00, "Mrs Adeyemi, four lessons; cello hire is extra"),
    ("Cello hire", "School", 16.50, 16.50, "half size"),
    ("School lunches", "School", 42.00, 45.60, ""),
    ("Cat food and vet", "Home", 31.00, 34.00, "Folio is on the kidney diet"),
    ("Trains and buses", "Travel", 92.00, 97.00, ""),
    ("Holiday savings", "Travel", 120.00, 145.00, "Bruges in 2023, Porto in 2024"),
]

_WORKSHOP: list[_Row] = [
    ("Item", "Category", "Per month 2023", "Per month 2024", "Remark"),
    ("Rent of Unit 2, The Old Brewery", "Premises", 410.00, 425.00, "includes water, ironically"),
    ("Business insurance", "Premises", 38.75, 44.90, "Harrow Mutual, dearer after the claim"),
    ("Electricity", "Premises", 63.00, 58.00, ""),
    ("Leather", "Materials", 235.00, 262.00, "calf and goat"),
    ("Paper and board", "Materials", 148.00, 155.00, ""),
    ("Gold leaf", "Materials", 41.00, 52.00, "23.5 carat, books of 25"),
    ("Thread, tapes, starch", "Materials", 18.00, 18.00, ""),
    ("Accountant", "Office", 45.00, 45.00, "Priya Raman"),
    ("Telephone and website", "Office", 27.00, 29.00, ""),
    ("Guild membership", "Office", 9.50, 9.50, "paid once a year in March"),
]

_SHEARS: list[_Row] = [
    ("Option", "Cutting length mm", "Age", "Price incl. VAT", "Delivery", "Guarantee", "Weight kg"),
    ("Kestrel 110, new", 1100, "new", 4524.00, "7 weeks", "24 months", 210),
    ("College machine of 1968, refurbished", 1100, "56 years", 2950.00, "4 weeks", "12 months", 345),
    ("Table model Wren 70, new", 700, "new", 1390.00, "2 weeks", "24 months", 48),
]


def shear_comparison() -> bytes:
    """The XLSX attached to the supplier's third mail."""
    return _workbook({"Options": _SHEARS})


def write_budget(path: Path) -> None:
    """Write the budget, a sheet for the household and one for the workshop."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_workbook({"Household": _HOUSEHOLD, "Workshop": _WORKSHOP}, totals=True))


def _workbook(sheets: dict[str, list[_Row]], totals: bool = False) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    book.set_properties({"author": "Two Rivers Bindery", "created": _MADE})
    bold = book.add_format({"bold": True, "bottom": 1})
    money = book.add_format({"num_format": "#,##0.00"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(rows[0]):
            sheet.set_column(column, column, max(len(str(row[column])) for row in rows) + 2)
            sheet.write(0, column, title, bold)
        for number, row in enumerate(rows[1:], start=1):
            for column, value in enumerate(row):
                sheet.write(number, column, value, money if isinstance(value, float) else None)
        if totals:
            last = len(rows)
            sheet.write(last, 0, "Total", bold)
            for column, letter in ((2, "C"), (3, "D")):
                total = sum(float(row[column]) for row in rows[1:])
                sheet.write_formula(last, column, f"=SUM({letter}2:{letter}{last})", money, round(total, 2))
    book.close()
    return data.getvalue()


def write_bank(path: Path) -> None:
    """Write a year of the joint account: fixed payments, the events of the story, and groceries from a fixed seed."""
    chance = random.Random(1968)
    rows: list[tuple[date, str, str, float]] = []
    for month in range(1, 13):
        rent = 1150.00 if month < 9 else 1195.00
        rows.append((date(2024, month, 1), "STANDING ORDER D PRYCE FLAT 3", "Rent", -rent))
        rows.append((date(2024, month, 3), "STANDING ORDER OLD BREWERY UNIT 2", "Workshop", -425.00))
        rows.append((date(2024, month, 5), "MRS ADEYEMI CELLO", "School", -88.00))
        rows.append((date(2024, month, 25), "TRANSFER SMALL CUSTOMERS", "Income", round(chance.uniform(1700, 2300), 2)))
        for day in (6, 13, 20, 27):
            shop = chance.choice(("GREENGROCER CASTLE ST", "CO-OP ALDERBRIDGE", "MARKET MALT LANE"))
            rows.append((date(2024, month, day), shop, "Groceries", -round(chance.uniform(85, 165), 2)))
    rows += [
        (date(2024, 1, 26), "WHITE LILY WEDDINGS TR-2024-003", "Income", 2140.00),
        (date(2024, 1, 29), "HMRC SELF ASSESSMENT", "Tax", -2316.40),
        (date(2024, 3, 14), "FENWICK BINDERY SUPPLIES DEPOSIT", "Workshop", -885.00),
        (date(2024, 4, 8), "HARROW MUTUAL HM-2024-007731", "Insurance", 3370.00),
        (date(2024, 4, 22), "HARROW MUTUAL HM-2024-007731 PRESS", "Insurance", 180.00),
        (date(2024, 4, 24), "FENWICK BINDERY SUPPLIES FB-20551", "Workshop", -2065.00),
        (date(2024, 5, 14), "MILLBROOK PRIMARY FARM", "School", -48.00),
        (date(2024, 5, 16), "DR I SOLHEIM TR-2024-017", "Income", 428.00),
        (date(2024, 5, 23), "ST ALDHELM PCC TR-2024-018", "Income", 1284.00),
        (date(2024, 9, 30), "NORTHLINE RAIL K7QX2M", "Travel", -57.30),
        (date(2024, 10, 21), "AURELIO MARMOREADOS PORTO", "Workshop", -91.12),
    ]
    balance = 4184.27
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("Date", "Description", "Category", "Amount", "Balance"))
        for day_of, description, category, amount in sorted(rows):
            balance += amount
            writer.writerow((day_of.isoformat(), description, category, f"{amount:.2f}", f"{balance:.2f}"))


_EVENTS: list[tuple[str, datetime | date, timedelta, str, str, str]] = [
    ("Loss adjuster visits the workshop", datetime(2024, 2, 27, 14, 30), timedelta(hours=1), "Unit 2, Malt Lane",
     "Mr Lowe, Harrow Mutual. Keep the wet leather for him.", ""),
    ("Ella: spring concert, cello", datetime(2024, 3, 22, 18, 0), timedelta(hours=2), "Town Hall, Alderbridge",
     "Black shoes. She plays third, after the recorders.", ""),
    ("Board shear arrives", datetime(2024, 4, 11, 8, 0), timedelta(hours=2), "Unit 2, Malt Lane",
     "Clear the bench and ask the printmakers for a hand.", ""),
    ("Ella at Larkfield Farm", date(2024, 5, 22), timedelta(days=3), "Larkfield Farm",
     "Coach leaves from the school.", ""),
    ("Open day", datetime(2024, 6, 15, 11, 0), timedelta(hours=6), "The Old Brewery",
     "Show marbling at noon and at three. Buy lemons.", ""),
    ("New boiler", datetime(2024, 7, 9, 8, 0), timedelta(hours=6), "Flat 3", "Mrs Novak. Airing cupboard empty!", ""),
    ("Porto", date(2024, 10, 19), timedelta(days=8), "Pensão Amarela, Porto", "Folio goes to Salma.", ""),
    ("Cello lesson", datetime(2024, 1, 11, 16, 15), timedelta(minutes=45), "Mrs Adeyemi, 8 Quay Street", "", "WEEKLY"),
    ("Guild: annual meeting", datetime(2024, 11, 16, 10, 0), timedelta(hours=5), "Castleton, Guildhall",
     "Nora talks about drying the registers. Twenty minutes, twelve pictures.", ""),
]  # fmt: skip


def write_calendar(path: Path) -> None:
    """Write the family's calendar."""
    calendar = Calendar()
    calendar.add("prodid", "-//Two Rivers//Family calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Family")
    for number, (summary, start, length, place, description, repeated) in enumerate(_EVENTS, start=1):
        event = Event()
        event.add("uid", f"family-{number}@tworiversbindery.example")
        event.add("dtstamp", datetime(2024, 1, 2, 8, 0, tzinfo=ZoneInfo("UTC")))
        event.add("summary", summary)
        begin = start.replace(tzinfo=_LONDON) if isinstance(start, datetime) else start
        event.add("dtstart", begin)
        event.add("dtend", begin + length)
        event.add("location", place)
        if description:
            event.add("description", description)
        if repeated:
            event.add("rrule", {"freq": repeated, "until": datetime(2024, 12, 19, 17, 0, tzinfo=ZoneInfo("UTC"))})
        calendar.add_component(event)
    calendar.add_missing_timezones(date(2024, 1, 1), date(2025, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(calendar.to_ical())


_CONTACTS = [
    ("Daniel", "Osei", "Fenwick Bindery Supplies", "Sales", "01632 960377", "d.osei@fenwickbindery.example",
     "Bindery machines, leather, starch"),
    ("Daniel", "Pryce", "Pryce Lettings", "Landlord of Flat 3", "01632 960215", "daniel@pryce-lettings.example",
     "Rings back after six. Not to be confused with the other Daniel."),
    ("Helen", "Marsh", "Millbrook Primary School", "Class teacher", "01632 960330", "h.marsh@millbrookprimary.example",
     "Ella's teacher in Year 3"),
    ("Helen", "Castellano", "Harrow Mutual", "Claims handler", "01632 960900",
     "helen.castellano@harrowmutual.example", "extension 41"),
    ("Thomas", "Abell", "St Aldhelm", "Vicar", "01632 960164", "vicar@staldhelm.example", "Prefers letters."),
    ("Ingrid", "Solheim", "Alderbridge Herbarium", "Curator", "01632 960702", "i.solheim@herbarium.example",
     "Wants acid-free everything."),
    ("Priya", "Raman", "Raman Accounts", "Accountant", "01632 960555", "priya@ramanaccounts.example", ""),
    ("Abiola", "Adeyemi", "", "Cello teacher", "01632 960618", "adeyemi.cello@mail.example", "8 Quay Street"),
    ("Salma", "Haddad", "", "", "01632 960421", "", "Samir's mother. Feeds the cat and everybody else."),
]  # fmt: skip


def write_contacts(path: Path) -> None:
    """Write the address book (vCard 3.0)."""
    lines = []
    for first, last, company, title, phone, address, note in _CONTACTS:
        lines += ["BEGIN:VCARD", "VERSION:3.0", f"N:{last};{first};;;", f"FN:{first} {last}"]
        fields = (("ORG", company), ("TITLE", title), ("TEL;TYPE=VOICE", phone), ("EMAIL", address), ("NOTE", note))
        lines += [f"{key}:{value}".replace(",", "\\,") for key, value in fields if value]
        lines.append("END:VCARD")
    write_text(path, "\n".join(lines) + "\n", newline="\r\n")
