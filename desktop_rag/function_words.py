"""Function words of English and German, which say nothing about what a text is about.

Closed classes only (articles, pronouns, prepositions, conjunctions, auxiliaries, question words): published lists drop
nouns such as "bill" or "computer" too. One list a language, because "war" is a verb in German only.
"""

from __future__ import annotations

import re
from functools import cache

ENGLISH = """
    a an the this that these those there here
    i me my mine myself we our ours us you your yours he him his she her hers it its they them their theirs
    who whom whose which what when where why how
    am is are was were be been being do does did done doing have has had having will would shall should can could may
    might must
    and or but nor if then than so as because while though although
    of in on at by for from to into onto with about between against during before after above below over under through
    out up down off upon within without via per
    not no any some all both each every either neither other another such only also too very just more most much many
    please tell show find s t d ll re ve m don doesn didn isn aren wasn weren
"""
GERMAN = """
    der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem
    ich mich mir mein meine meinen meinem meiner meines wir uns unser unsere unseren unserem du dich dir dein deine
    er ihn ihm sein seine seinen seinem seiner seines sie ihr ihre ihren ihrem ihrer ihres es euch man sich
    wer wen wem wessen was welche welcher welches welchen welchem wann wo woher wohin warum weshalb wieso wie viel viele
    bin bist ist sind seid war waren wurde wurden werden wird geworden worden habe hat haben hatte hatten
    kann können konnte konnten muss müssen musste soll sollen sollte will wollen wollte darf dürfen durfte
    und oder aber denn sondern wenn dann dass daß ob weil als
    von vom in im ins an am auf aus bei beim mit nach seit zu zum zur für gegen durch über unter um vor hinter zwischen
    während bis ohne
    nicht kein keine keinen keinem keiner auch nur noch schon sehr so da dort hier etwa bitte zeige finde
"""


@cache
def function_words(language: str) -> frozenset[str]:
    """Those of "en" or "de", or of both for any other language."""
    lists = {"en": (ENGLISH,), "de": (GERMAN,)}.get(language, (ENGLISH, GERMAN))
    return frozenset(word for words in lists for word in words.split())


def guess_language(text: str) -> str:
    """The language, "en" or "de", by whose function words there are more of in ``text``; "" when neither's are."""
    found = re.findall(r"[^\W\d_]+", text.lower())
    english, german = (sum(word in function_words(language) for word in found) for language in ("en", "de"))
    return "" if english == german else "en" if english > german else "de"
