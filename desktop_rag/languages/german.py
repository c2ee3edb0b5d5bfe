"""German."""

from __future__ import annotations

from desktop_rag.languages.grammar import AnswerWords, DateWords, DialogueWords, FactWords, FilterWords, Language

_DATES = DateWords(
    months=(
        "jan januar jänner", "feb februar", "mar mär märz maerz", "apr april", "mai", "jun juni", "jul juli",
        "aug august", "sep sept september", "okt oktober", "nov november", "dez dezember",
    ),
    weekdays="montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag",
    ordinals="",
    numbers="eine[mr]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf",
    units="tag(?:en?)?|wochen?|monat(?:en?)?|jahr(?:en?)?",
    last="(?:letzte|vergangene|vorige)[nmrs]?",
    this="diese[nmrs]?",
    last_forms=("letzte", "letzten", "letztes"),
    this_forms=("diese", "diesen", "dieses"),
    days="vorgestern|gestern|heute",
    times="",
    ago_before="vor",
    ago_after="",
    articles="dem|der|den|das",
    parts="jahre?|monat|anfang|mitte|ende",
    of="",
    between="zwischen|von|vom|aus|in|im|am",
    to=r"und|oder|bis(?:\s+zum)?",
    since=("seit", "ab"),
    after=("nach",),
    before=("vor",),
    until=("bis",),
    within=("in", "im", "am", "aus", "vom", "von", "während", "datiert auf"),
    named_after=("von",),
    not_free=r"\b(?:heute|jahren?)\b",
    not_free_before=r"der|die|das|des|dem|den|sein\w*|ihr\w*",
    not_free_after="des|der|vor",
    days_first=True,
    example="seit letztem März",
)  # fmt: skip

_FILTERS = FilterWords(
    typed=(
        ("e-?mails?|mails", ("mail",)),
        ("nachricht(?:en)?", ("mail",)),
        ("fotos?|bild(?:er)?", ("image",)),
        ("sprachnachricht(?:en)?|tonaufnahmen?", ("audio",)),
        ("präsentation(?:en)?|folien", ("slides",)),
        ("word-?(?:dokumente?|datei(?:en)?)", (".docx", ".doc", ".docm")),
        ("notiz(?:en)?", ("note", "text", "document")),
    ),
    type_names={
        "bild": ("image",),
        "brief": ("document",),
        "dokument": ("document",),
        "foto": ("image",),
        "nachricht": ("mail",),
        "notiz": ("note",),
    },
    any_file="datei(?:en)?|dokumente?|anh[aä]nge?",
    paper=(
        r"\w*rechnung(?:en)?|quittung(?:en)?|\w*vertrag|\w*verträge|briefe?|\w*berichte?|kontoausz[uü]ge?|protokolle?"
        "|unterlagen|angebote?|belege?|bescheide?"
    ),
    suffixed="tabellen?|datei(?:en)?",
    mail="e-?mails?|mails|mail|nachricht(?:en)?",
    sure_mail="e-?mails?|mails",
    done=(
        "geschickte?n?|gesendete?n?|erhaltene?n?|bekommen|geschriebene?n?|erstellte?n?|geänderte?n?|gespeicherte?n?"
        "|aufgenommene?n?|datiert"
    ),
    do="",
    people=r"ich|wir|mir|uns|mein\w*|unser\w*",
    speaker="ich|wir",
    glue="die|der|das|ich|wir|habe|haben|wurden?",
    lead=(
        r"bitte|zeige?|finde?|suche?|gib|öffne|liste|mir|uns|alle?|die|das|der|den|meine?[nrs]?|unsere?[nrs]?|einige"
        r"|neue(?:ste)?[nrs]?|wo\s+(?:ist|sind)"
    ),
    asks=r"welche[nrsm]?|wie\s+viele|gibt\s+es|habe\s+ich|haben\s+wir",
    follows=("hat|über|von|vom|aus|an|am|in|zu|zum|zur|mit|ohne|im|für|wegen|seit|vor|nach|zwischen"),
    titles="Herrn|Herr|Frau",
    no_names=r"Der|Die|Das|Den|Dem|Ein|Eine|Einem|Einer|Mein\w*|Unser\w*|Ihm|Ihr|Ihnen|Mir|Uns|Allen",
    sent_from=("von",),
    sent_to=("an",),
    sent="geschickt|gesendet|geschrieben",
    and_or="und|oder",
    told=(
        r"\b(?i:(?P<ask>was\s+)?hat)\s+(?P<names>%(name)s)\s+(?P<me>(?i:mir|uns)\b)?"
        r"(?=.*?(?P<verb>(?i:ge(?:schrieben|schickt|sendet|mailt))\b))"
    ),
    told_words="hat",
    told_mail="gemailt",
    determiners="die|das|der|dem|den|meine?[mnr]?|im|in",
    about="über|von|vom|zu|zum|zur|mit",
    what_done=r"was\s+(?:habe|haben)\s+(?:ich|wir)",
    joiners="aus|über|zum|zur|zu|vom|von|mit|bezüglich|wegen|und",
    joiners_last="und|von|vom|aus",
)

_DIALOGUE = DialogueWords(
    continues=(
        r"und|aber|oder|auch|dann|sonst|was ist mit|wie (?:ist|sieht) es (?:mit|bei)|was noch|warum(?: nicht)?\W*$"
    ),
    # "sie", "es", "ihr", "sein" point back as a rule; "das" as the last word or before a verb, else it is an article.
    points_back=r"""
    \b(?:er|ihn|ihm|sie|ihr|ihre[mnrs]?|seine?[mnrs]?|dessen|deren|denen|jene[mnrs]?|beide[nrs]?)\b
    | (?<!gibt\ )\bes\b(?!\s+gibt)
    | \b(?:dorthin|dort|(?:die|der|das)selbe[nr]?)\b
    | \bda(?:von|mit|für|ran|rin|rauf|raus|rüber|runter|zu|bei|durch|gegen|nach|vor)\b
    | \bdiese[mnrs]?\b(?!\s+(?:tag|woche|monat|jahr|morgen|frühling|sommer|herbst|winter))
    | \bdas\W*$ | ^\W*das\s+(?-i:[a-zäöü])
    | \b(?:ist|war|hat|kostet|gilt|bedeutet|geschah|passierte)\s+das\b(?!\s+(?-i:[A-ZÄÖÜ]))
    """,
    question_words="wer|wen|wem|wann|wo|was|wie|warum|welche[mnrs]?",
    labels="frage|umformuliert",
)

_ANSWERS = AnswerWords(
    articles="der die das",
    yes_or_no=(
        "ist|sind|war|waren|hat|haben|hatte|hatten|kann|können|konnte|wird|werden|wurde|wurden|soll|sollen|muss"
        "|müssen|darf|dürfen|gibt|gab|bin|bist|habe|habt|seid"
    ),
    several=(
        r"nenne|welche\s+\w+\s+(?:sind|waren|haben)|von wann bis wann|von wo (?:bis|nach) wo"
        r"|alle\b|fasse|beschreibe|erkläre|vergleiche"
    ),
    pleasantries="gerne|natürlich|hier (?:ist|sind)|ich hoffe",
    ignorance=(
        r"(?:passagen?|quellen?|dateien|dokumente?|texte?)\b.{0,60}\b(?:nicht|nichts|keine[nr]?)\b"
        r"|\b(?:weiß ich nicht|geht .{0,60}nicht hervor|keine (?:angaben?|informationen?|antwort))\b"
    ),
    not_said="Ihre Dateien sagen dazu nichts.",
    reminder=(
        "Antworte auf Deutsch, nur aus den Passagen, mit der Nummer der Passage hinter jeder Aussage. "
        "Wenn sie die Frage nicht beantworten, sage nur:"
    ),
)

_FACTS = FactWords(
    numbers={
        "null": 0, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9,
        "zehn": 10, "elf": 11, "zwölf": 12,
    },
    scales={
        "tausend": 3, "million": 6, "millionen": 6, "mio": 6, "milliarde": 9, "milliarden": 9, "mrd": 9,
        "billionen": 12,
    },
    hours="uhr",
    no_names="""
        montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
        dr prof herr herrn frau firma familie anfang mitte ende jahr monat tag uhr eur chf euro euros dollar
    """,
    capital_nouns=True,
)  # fmt: skip

GERMAN = Language(
    code="de",
    # "war" is a verb in German only, so each language has a list of its own.
    function_words="""
        der die das den dem des ein eine einen einem einer eines dieser diese dieses diesen diesem
        ich mich mir mein meine meinen meinem meiner meines wir uns unser unsere unseren unserem du dich dir dein deine
        er ihn ihm sein seine seinen seinem seiner seines sie ihr ihre ihren ihrem ihrer ihres es euch man sich
        wer wen wem wessen was welche welcher welches welchen welchem wann wo woher wohin warum weshalb wieso wie viel
        viele
        bin bist ist sind seid war waren wurde wurden werden wird geworden worden habe hat haben hatte hatten
        kann können konnte konnten muss müssen musste soll sollen sollte will wollen wollte darf dürfen durfte
        und oder aber denn sondern wenn dann dass daß ob weil als
        von vom in im ins an am auf aus bei beim mit nach seit zu zum zur für gegen durch über unter um vor hinter
        zwischen während bis ohne
        nicht kein keine keinen keinem keiner auch nur noch schon sehr so da dort hier etwa bitte zeige finde
    """,
    can_be_read=False,
    dates=_DATES,
    filters=_FILTERS,
    dialogue=_DIALOGUE,
    answers=_ANSWERS,
    facts=_FACTS,
)
