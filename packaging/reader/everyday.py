"""Invented notes and mails with questions about them: what people keep is not written like an encyclopedia.

Amounts, dates, times, numbers, names and places in short sentences, lists and letters, under the sender and the subject
of a mail or the heading of a note. Names and things are others than in the sample library.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from reader.examples import Asked, Data, Passage


def _several(text: str) -> list[str]:
    return text.split("|")


_FIRST = _several(
    "Amara|Bela|Carla|Dmitri|Edda|Farid|Gudrun|Hiro|Ines|Jonas|Kirsi|Lars|Mona|Nadia|Otto|Petra|Quentin|Rosa|"
    "Sven|Tilda|Umar|Vera|Wanda|Yusuf|Zoe"
)
_LAST = _several(
    "Abbott|Bianchi|Castell|Dorn|Ekberg|Fabre|Grohl|Hansen|Ibsen|Jansen|Kovacs|Lindqvist|Meyer|Novak|Okafor|"
    "Perrin|Quist|Rossi|Sato|Tanaka|Ulrich|Vogel|Weiss|Young|Zeller"
)
_FIRMS = [
    "Alder & Sons",
    "Blue Ridge Travel",
    "Corvin Optics",
    "Delta Gas",
    "Eastfield Dental",
    "Fennel Kitchens",
    "Gable Roofing",
    "Hollis Motors",
    "Inlet Energy",
    "Juniper Health",
    "Kestrel Bikes",
    "Lumen Electric",
    "Maple Insurance",
    "Northgate Bank",
    "Orchard Foods",
    "Pinter Glass",
    "Quarry Stone",
    "Redwood Removals",
    "Summit Sports",
    "Tidewater Boats",
]
_THINGS = [
    "washing machine",
    "laptop",
    "bicycle",
    "sofa",
    "dishwasher",
    "camera",
    "boiler",
    "tent",
    "printer",
    "guitar",
    "lawn mower",
    "freezer",
    "telescope",
    "sewing machine",
    "coffee grinder",
    "electric drill",
    "kayak",
    "standing desk",
    "wood stove",
    "hearing aid",
]
_TOWNS = [
    "Aarhus",
    "Bergamo",
    "Cardiff",
    "Dresden",
    "Esbjerg",
    "Ferrara",
    "Ghent",
    "Halle",
    "Innsbruck",
    "Jena",
    "Krakow",
    "Leiden",
    "Malmo",
    "Nantes",
    "Odense",
    "Porto",
    "Rouen",
    "Siena",
    "Tampere",
    "Utrecht",
]
_ROOMS = _several("kitchen|bathroom|hall|study|attic|cellar|bedroom|garage|porch|nursery")
_COLOURS = [
    "slate grey",
    "pale green",
    "off-white",
    "cobalt blue",
    "brick red",
    "mustard yellow",
    "ivory",
    "charcoal",
    "olive",
    "terracotta",
]
_DISHES = [
    "lentil soup",
    "apple crumble",
    "mushroom risotto",
    "rye bread",
    "fish stew",
    "plum cake",
    "potato gratin",
    "pumpkin curry",
]
_STREETS = [
    "Mill Lane",
    "Station Road",
    "Harbour Street",
    "Church Walk",
    "Park Avenue",
    "Linden Row",
    "Castle Hill",
    "Bridge Street",
]
_EVENTS = [
    "choir rehearsal",
    "parents' evening",
    "book club",
    "board meeting",
    "yoga class",
    "swimming lesson",
    "allotment day",
    "chess night",
    "first aid course",
    "garden party",
]
_MONTHS = _several("January|February|March|April|May|June|July|August|September|October|November|December")
_DAYS = _several("Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday")

Dice = random.Random
_SLOTS: dict[str, Callable[[Dice], str]] = {
    "person": lambda dice: f"{dice.choice(_FIRST)} {dice.choice(_LAST)}",
    "first": lambda dice: dice.choice(_FIRST),
    "firm": lambda dice: dice.choice(_FIRMS),
    "thing": lambda dice: dice.choice(_THINGS),
    "town": lambda dice: dice.choice(_TOWNS),
    "room": lambda dice: dice.choice(_ROOMS),
    "colour": lambda dice: dice.choice(_COLOURS),
    "dish": lambda dice: dice.choice(_DISHES),
    "event": lambda dice: dice.choice(_EVENTS),
    "address": lambda dice: f"{dice.randrange(1, 180)} {dice.choice(_STREETS)}",
    "amount": lambda dice: _amount(dice),
    "date": lambda dice: _date(dice),
    "time": lambda dice: _time(dice),
    "phone": lambda dice: f"0{dice.randrange(20, 99)} {dice.randrange(1000, 9999)} {dice.randrange(100, 9999)}",
    "code": lambda dice: (
        f"{dice.choice('ABCDEFGHKLMRST')}{dice.choice('ABCDEFGHKLMRST')}-{dice.randrange(1000, 99999)}"
    ),
    "number": lambda dice: str(dice.randrange(2, 60)),
    "minutes": lambda dice: f"{dice.choice([10, 12, 15, 20, 25, 35, 40, 45, 50, 90])} minutes",
    "degrees": lambda dice: f"{dice.choice([160, 170, 180, 190, 200, 220, 240])} degrees",
    "years": lambda dice: f"{dice.choice(['two', 'three', 'five', 'ten', '2', '3', '5'])} years",
    "weight": lambda dice: f"{dice.choice([120, 180, 200, 250, 300, 350, 450, 500])} g",
}


def _time(dice: Dice) -> str:
    exact = f"{dice.randrange(7, 22)}:{dice.choice(['00', '15', '30', '45'])}"
    return dice.choice([exact, f"{dice.randrange(1, 12)} pm", f"half past {dice.choice(['six', 'seven', 'eight'])}"])


def _amount(dice: Dice) -> str:
    whole, cents = dice.randrange(3, 4000), dice.choice(["00", "50", "99", f"{dice.randrange(100):02d}"])
    figure = f"{whole:,}.{cents}"
    return dice.choice([f"EUR {figure}", f"€{figure}", f"£{figure}", f"${figure}", f"{figure} EUR", f"{whole} euros"])


def _date(dice: Dice) -> str:
    day, month, year = dice.randrange(1, 29), dice.randrange(12), dice.randrange(2015, 2027)
    return dice.choice(
        [
            f"{day} {_MONTHS[month]} {year}",
            f"{day} {_MONTHS[month]}",
            f"{_MONTHS[month]} {day}, {year}",
            f"{year}-{month + 1:02d}-{day:02d}",
            f"{_DAYS[dice.randrange(7)]}, {day} {_MONTHS[month]}",
            f"{day}.{month + 1}.{year}",
        ]
    )


@dataclass(frozen=True)
class _Fact:
    """Ways of saying something, and of asking for each slot of it. Slots that a question names tell it apart."""

    said: tuple[str, ...]
    asked: tuple[tuple[str, str], ...]


def _fact(*said: str, **asked: str) -> _Fact:
    return _Fact(said, tuple((slot, question) for slot, many in asked.items() for question in many.split("|")))


_FACTS = (
    _fact(
        "The total of invoice {code} from {firm} is {amount}, due on {date}.",
        "Invoice {code}\n{firm}\nTotal: {amount}\nPayable by: {date}",
        "{firm} want {amount} for invoice {code}; it has to be paid by {date}.",
        amount="How much is invoice {code}?|What does {firm} charge?|How much do we owe {firm}?|What is the total of the invoice from {firm}?",  # noqa: E501
        date="When is the invoice from {firm} due?|By when must {code} be paid?",
        code="What is the number of the invoice from {firm}?",
        firm="Who sent invoice {code}?",
    ),
    _fact(
        "We bought the {thing} on {date} for {amount} at {firm}. The guarantee runs for {years}.",
        "{thing}: {amount}, {firm}, bought {date}, guarantee {years}",
        "Your order: 1 x {thing}, {amount}. Ordered on {date}. {firm} gives a warranty of {years}.",
        amount="What did the {thing} cost?|How much did we pay for the {thing}?|Price of the {thing}?",
        date="When did we buy the {thing}?|When was the {thing} bought?",
        firm="Where did we buy the {thing}?|Which shop sold us the {thing}?",
        years="How long is the guarantee of the {thing}?|How long does the warranty on the {thing} last?",
    ),
    _fact(
        "The {event} is on {date} at {time}, at {address}.",
        "{event}: {date}, {time}. Place: {address}",
        "Don't forget the {event} ({date}). We meet at {time} in front of {address}.",
        date="When is the {event}?|On what day is the {event}?",
        time="What time does the {event} begin?|At what time is the {event}?",
        address="Where is the {event}?|Where do we meet for the {event}?",
    ),
    _fact(
        "{person}'s telephone number is {phone}.",
        "{person}, {phone}, {address}",
        "You can reach {person} on {phone}, or at {address}.",
        phone="What is {person}'s number?|How can I reach {person} by phone?|{person} telephone",
        address="Where does {person} live?|What is {person}'s address?",
    ),
    _fact(
        "The {room} will be painted {colour}; {person} comes on {date} and takes {amount}.",
        "For the {room} we chose {colour}. {person} starts on {date} (quote: {amount}).",
        colour="What colour will the {room} be?|Which colour did we choose for the {room}?",
        person="Who paints the {room}?|Who is painting the {room}?",
        date="When will the {room} be painted?",
        amount="How much does painting the {room} cost?",
    ),
    _fact(
        "For the {dish}: {weight} of flour, bake for {minutes} at {degrees}. Serves {number}.",
        "{dish}\n- {weight} butter\n- oven: {degrees}\n- {minutes}\n(the recipe is from {first})",
        degrees="How hot must the oven be for the {dish}?|At what temperature do I bake the {dish}?",
        minutes="How long does the {dish} bake?|How long must the {dish} be in the oven?",
        first="Who gave us the recipe for the {dish}?",
        number="How many people does the {dish} serve?",
    ),
    _fact(
        "Our train to {town} leaves at {time} on {date}, seat {number}. The booking code is {code}.",
        "Trip to {town}: {date}, departure {time}. Booking reference {code}.",
        time="When does the train to {town} leave?|What time do we leave for {town}?",
        date="On which day do we go to {town}?|When are we travelling to {town}?",
        code="What is the booking code for {town}?|What is the reference of the {town} trip?",
        number="Which seat do I have on the train to {town}?",
    ),
    _fact(
        "The appointment with {person} at {firm} has been moved to {date}, {time}.",
        "{person} ({firm}) can see you on {date} at {time}.",
        date="When is the appointment with {person}?|To what day was the appointment at {firm} moved?",
        time="What time is the appointment with {person}?",
        firm="Where does {person} work?|Which firm is {person} with?",
    ),
    _fact(
        "Policy {code} with {firm} covers the {thing} up to {amount}. It ends on {date}.",
        "{firm}, policy number {code}: {thing} insured for {amount} until {date}.",
        code="What is the policy number of the {thing}?|Under which policy is the {thing} insured?",
        amount="For how much is the {thing} insured?|Up to what amount is the {thing} covered?",
        date="When does the insurance of the {thing} end?|Until when is the {thing} insured?",
        firm="Who insures the {thing}?",
    ),
    _fact(
        "{first} wants a {thing} for the birthday on {date}.",
        "Birthday {first}: {date}. Idea: {thing}.",
        thing="What does {first} want for the birthday?|What could we give {first}?",
        date="When is {first}'s birthday?",
    ),
    _fact(
        "The spare key of the {room} is with {person}, {address}.",
        "{person} at {address} keeps our spare key for the {room}.",
        person="Who has the spare key of the {room}?|Who keeps the key for the {room}?",
    ),
    _fact(
        "The meter in the {room} stood at {code} on {date}.",
        "Reading {date} ({room}): {code}",
        code="What did the meter in the {room} read?",
        date="When was the meter in the {room} read?",
    ),
    _fact(
        "{firm} repaired the {thing}: a new part for {amount} and {minutes} of work, paid on {date}.",
        "Repair of the {thing} by {firm}, {date}. Parts {amount}. Time: {minutes}.",
        amount="How much was the part for the {thing}?|What did the repair of the {thing} cost?",
        firm="Who repaired the {thing}?",
        date="When was the {thing} repaired?",
        minutes="How long did the repair of the {thing} take?",
    ),
    _fact(
        "Wifi in the flat in {town}: network {first}-home, password {code}.",
        "The flat in {town} is at {address}. The password of the wifi is {code}. Rent {amount} a week.",
        code="What is the wifi password in {town}?",
        address="What is the address of the flat in {town}?",
        amount="How much is the rent of the flat in {town}?",
    ),
    _fact(
        "{person} takes over the {event} from {first} as of {date}.",
        "From {date} on, the {event} is led by {person}, no longer by {first}.",
        person="Who leads the {event} now?|Who takes over the {event}?",
        first="Who led the {event} before?",
        date="From when on does {person} lead the {event}?",
    ),
    _fact(
        "In the end we decided against the {thing} from {firm} because it cost {amount}.",
        "The {thing} that {firm} offered is too dear: {amount}.",
        amount="How much was the {thing} that {firm} offered?",
        firm="Who offered us a {thing}?",
    ),
)
_FILLERS = (
    "Thanks again for everything.",
    "I hope you are well.",
    "Please let me know if this suits you.",
    "It rained all day and we stayed in.",
    "Sorry for the late answer.",
    "More about this next week.",
    "The children say hello.",
    "Could you have a look at it before the weekend?",
    "There is still a lot to do.",
    "As we said on the phone, nothing else changes.",
    "I have put the papers into the blue folder.",
    "We should talk about this again.",
    "See the attachment for the details.",
    "Remember to bring the receipt.",
)
_GREETINGS = ("Hello,", "Hi {first},", "Dear {person},", "Good morning,", "")
_ENDINGS = ("Best wishes, {first}", "Kind regards\n{person}\n{firm}", "{first}", "")
_HEADINGS = ("To do", "Notes", "House", "Family", "Money", "Plans", "Minutes", "Reminder", "List", "Diary")


def everyday(count: int, seed: int) -> Data:
    """``count`` notes and mails, each with two questions that it answers and one that it does not."""
    dice = random.Random(seed)
    passages: dict[str, Passage] = {}
    questions: list[Asked] = []
    for number in range(count):
        facts = dice.sample(_FACTS, dice.randrange(2, 6))
        filled = [(fact, {slot: make(dice) for slot, make in _SLOTS.items()}) for fact in facts]
        said = [dice.choice(fact.said) for fact, _ in filled]
        pieces = [_filled(text, slots) for text, (_, slots) in zip(said, filled, strict=True)]
        text, context = _letter(pieces, dice) if dice.random() < 0.5 else _note(pieces, dice)
        passage = Passage(f"everyday-{number}", context, text)
        passages[passage.id] = passage
        missing = dice.choice([fact for fact in _FACTS if fact not in facts])
        other = {slot: make(dice) for slot, make in _SLOTS.items()}
        questions.append(Asked(_filled(dice.choice(missing.asked)[1], other), passage.id, ()))
        for which in dice.sample(range(len(filled)), 2):
            fact, slots = filled[which]
            able = [(slot, asked) for slot, asked in fact.asked if f"{{{slot}}}" in said[which]]
            slot, asked = dice.choice(able)
            questions.append(Asked(_filled(asked, slots), passage.id, (slots[slot],)))
        if dice.random() < 0.3:  # the same question about another thing
            fact, slots = filled[0]
            slot, asked = dice.choice(fact.asked)
            changed = {name: value if name == slot else other[name] for name, value in slots.items()}
            if _filled(asked, changed) != _filled(asked, slots):
                questions.append(Asked(_filled(asked, changed), passage.id, ()))
    return Data(passages, tuple(questions))


def _filled(text: str, slots: dict[str, str]) -> str:
    filled = text.format(**slots)
    return filled[:1].upper() + filled[1:]


def _letter(pieces: list[str], dice: Dice) -> tuple[str, str]:
    slots = {slot: make(dice) for slot, make in _SLOTS.items()}
    body = [part for piece in pieces for part in (piece, *_chatter(dice))]
    text = "\n\n".join(part for part in (dice.choice(_GREETINGS), " ".join(body), dice.choice(_ENDINGS)) if part)
    context = f"{slots['person']}, {slots['date']}: {dice.choice(['Re: ', 'Fwd: ', ''])}{dice.choice(_HEADINGS)}"
    return text.format(**slots), context


def _note(pieces: list[str], dice: Dice) -> tuple[str, str]:
    lines = [part for piece in pieces for part in (piece, *_chatter(dice))]
    listed = dice.random() < 0.4
    text = "\n".join(f"- {line}" if listed else line for line in lines)
    return text, f"{dice.choice(_HEADINGS)} {dice.choice(_MONTHS)}"


def _chatter(dice: Dice) -> list[str]:
    return dice.sample(_FILLERS, dice.choice([0, 0, 1, 2]))
