"""Threads of mail, rebuilt one mail at a time in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.storage.threads import Relative, Subject, assign, identifiers, relative, split_subject
from desktop_rag.types import Mail, Person

START = datetime(2024, 5, 1, tzinfo=UTC)
Letter = tuple[Mail, datetime]


def mail(
    name: str, parents: Sequence[str] = (), replies_to: str = "", subject: str = "", people: Sequence[str] = ("a", "b")
) -> Mail:
    sender, *others = (Person(address=f"{person}@x.example") for person in people)
    return Mail(name, (replies_to,) if replies_to else (), tuple(parents), sender, tuple(others), subject)


def threads(letters: Sequence[Letter]) -> set[frozenset[str]]:
    """The threads, as sets of message identifiers, that a catalog ends with when the mails arrive in this order."""
    known: dict[str, int] = {}
    seen: dict[str, list[Relative]] = {}
    thread_of: dict[str, int] = {}
    for fresh, (letter, date) in enumerate(letters, 1):
        base = split_subject(letter.subject).base
        found = assign(letter, known, fresh, date=date, same_subject=seen.get(base, ()))
        for table in (known, thread_of):
            table.update({name: found.thread_id for name, thread in table.items() if thread in found.merged})
        for others in seen.values():
            others[:] = [
                Relative(found.thread_id, other.date, other.people, other.orphan)
                if other.thread_id in found.merged
                else other
                for other in others
            ]
        known.update(dict.fromkeys(found.ids, found.thread_id))
        seen.setdefault(base, []).append(relative(letter, date, found.thread_id))
        thread_of[letter.message_id] = found.thread_id
    groups: dict[int, set[str]] = {}
    for name, thread in thread_of.items():
        groups.setdefault(thread, set()).add(name)
    return {frozenset(group) for group in groups.values()}


def dated(*mails: Mail) -> list[Letter]:
    return [(letter, START + timedelta(hours=number)) for number, letter in enumerate(mails)]


def test_a_new_mail_opens_a_thread() -> None:
    found = assign(mail("m1"), {}, 7)
    assert (found.thread_id, found.merged, found.ids) == (7, frozenset(), ("m1",))


def test_a_reply_joins_and_leaves_its_identifiers() -> None:
    found = assign(mail("m3", ["m1", "m2"], "m2"), {"m1": 4}, 7)
    assert (found.thread_id, found.merged, found.ids) == (4, frozenset(), ("m3", "m2", "m1"))


def test_a_mail_that_joins_two_threads_merges_them() -> None:
    found = assign(mail("m9", ["m1", "m5"]), {"m1": 8, "m5": 3}, 10)
    assert (found.thread_id, found.merged) == (3, frozenset({8}))


def test_replies_meet_although_the_first_mail_is_missing() -> None:
    assert threads(dated(mail("m2", ["gone"]), mail("m3", ["gone"]))) == {frozenset({"m2", "m3"})}


def test_mails_without_identifiers_stay_apart() -> None:
    assert identifiers(Mail()) == ()
    assert assign(Mail(), {"": 1}, 5).thread_id == 5


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Trip", Subject("trip", False, "Trip")),
        ("Re: Trip", Subject("trip", True, "Trip")),
        ("RE[2]: AW:  Trip  plan", Subject("trip plan", True, "Trip plan")),
        ("[club] Re: [club] Trip", Subject("trip", True, "Trip")),
        ("Fwd: Trip", Subject("trip", False, "Trip")),
        ("Trip (fwd)", Subject("trip", False, "Trip")),
        ("WG: Antwort: Trip", Subject("trip", True, "Trip")),
        ("回复\N{FULLWIDTH COLON}Trip", Subject("trip", True, "Trip")),
        ("Reform of the club", Subject("reform of the club", False, "Reform of the club")),
        ("[club]", Subject("[club]", False, "[club]")),
        ("Re:", Subject("", True, "")),
    ],
)
def test_subjects(subject: str, expected: Subject) -> None:
    assert split_subject(subject) == expected


def test_an_orphan_reply_joins_by_subject() -> None:
    first, answer = mail("m1", subject="Trip"), mail("m2", subject="Re: Trip", people=("b", "a"))
    assert threads(dated(first, answer)) == {frozenset({"m1", "m2"})}


@pytest.mark.parametrize(
    "answer",
    [
        mail("m2", subject="Trip"),  # no reply
        mail("m2", subject="Re: Other"),
        mail("m2", subject="Re: Trip", people=("c", "d")),  # nobody in common
        mail("m2", ["elsewhere"], subject="Re: Trip"),  # says itself what it answers
    ],
)
def test_same_subject_is_not_enough(answer: Mail) -> None:
    assert threads(dated(mail("m1", subject="Trip"), answer)) == {frozenset({"m1"}), frozenset({"m2"})}


def test_subjects_link_only_for_a_while() -> None:
    late = (mail("m2", subject="Re: Trip"), START + timedelta(days=400))
    assert len(threads([*dated(mail("m1", subject="Trip")), late])) == 2


def test_empty_subjects_do_not_link() -> None:
    assert len(threads(dated(mail("m1", subject=""), mail("m2", subject="Re:")))) == 2


@st.composite
def mailboxes(draw: st.DrawFn) -> list[Letter]:
    """Mails that answer earlier ones, by references, by In-Reply-To alone, or only by subject."""
    letters: list[Letter] = []
    for number in range(draw(st.integers(1, 14))):
        people = draw(st.permutations("abcd"))[: draw(st.integers(1, 3))]
        subject = draw(st.sampled_from(["Trip", "Invoice", "Re: Trip", "AW: Invoice", ""]))
        style = draw(st.sampled_from(["new", "references", "reply", "missing"]))
        earlier = draw(st.sampled_from(letters))[0] if letters else None
        name = f"m{number}"
        if style == "references" and earlier:
            letter = mail(name, [*earlier.references, earlier.message_id], earlier.message_id, subject, people)
        elif style == "reply" and earlier:
            letter = mail(name, (), earlier.message_id, subject, people)
        elif style == "missing":
            letter = mail(name, [f"gone{draw(st.integers(0, 2))}"], "", subject, people)
        else:
            letter = mail(name, (), "", subject, people)
        letters.append((letter, START + timedelta(days=draw(st.integers(0, 90)))))
    return letters


@given(mailboxes(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(letters: list[Letter], chance: random.Random) -> None:
    shuffled = letters.copy()
    chance.shuffle(shuffled)
    assert threads(shuffled) == threads(letters)


@given(mailboxes())
def test_every_mail_is_in_one_thread_and_with_its_parent(letters: list[Letter]) -> None:
    found = threads(letters)
    assert sorted(name for group in found for name in group) == sorted(letter.message_id for letter, _ in letters)
    for letter, _ in letters:
        group = next(group for group in found if letter.message_id in group)
        parents = {name for name in (*letter.references, *letter.in_reply_to) if name.startswith("m")}
        assert parents <= group
