"""English."""

from __future__ import annotations

from desktop_rag.languages.grammar import AnswerWords, DateWords, DialogueWords, FactWords, FilterWords, Language

_DATES = DateWords(
    months=(
        "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
        "sep sept september", "oct october", "nov november", "dec december",
    ),
    weekdays="(?:mon|tues|wednes|thurs|fri|satur|sun)day",
    ordinals="st|nd|rd|th",
    numbers="an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
    units="days?|weeks?|months?|years?",
    last="last|past|previous",
    this="this",
    days=r"(?:the\s+)?day\s+before\s+yesterday|yesterday|today",
    times="night|morning",
    ago_before="",
    ago_after="ago",
    articles="the",
    parts=r"year|(?:month|start|beginning|middle|end)\s+of|early|mid|late",
    of="of",
    between="between|from|in|on",
    to="and|or|to|until|till|through",
    since=("since",),
    after=("after",),
    before=("before", "prior to"),
    until=("until", "till", "up to"),
    within=("in", "on", "during", "from", "of", "dated", "at"),
    named_after=("from", "of"),
    not_free=r"\b(?:today|years?)\b(?<!last year)|\bthe\b(?!.*\d)",
    not_free_before="the|an?|his|her|their|its|of|than",
    not_free_after=r"of|before|when|in\s+which",
    days_first=False,
    example="since last March",
)  # fmt: skip

_FILTERS = FilterWords(
    typed=(
        ("e-?mails?|mails", ("mail",)),
        ("messages?|mail", ("mail",)),
        ("photos?|photographs?|pictures?|images?|screenshots?", ("image",)),
        (r"videos?|movie\s+files?", ("video",)),
        (r"voice\s+(?:memo|note|message)s?|recordings?", ("audio",)),
        ("spreadsheets?", ("spreadsheet",)),
        (r"slides|slide\s+decks?|presentations?|powerpoints?", ("slides",)),
        (r"word\s+(?:doc(?:ument)?s?|files?)", (".docx", ".doc", ".docm")),
        ("notes?", ("note", "text", "document")),
    ),
    type_names={
        "archive": (".zip", ".tar", ".gz", ".7z", ".rar"),
        "calendar": ("event",),
        "doc": (".doc", ".docx", ".odt"),
        "e-mail": ("mail",),
        "ebook": ("book",),
        "email": ("mail",),
        "excel": (".xlsx", ".xls", ".xlsm", ".xlsb"),
        "html": ("web",),
        "jpeg": (".jpg", ".jpeg"),
        "jpg": (".jpg", ".jpeg"),
        "markdown": (".md", ".markdown"),
        "message": ("mail",),
        "movie": ("video",),
        "music": ("audio",),
        "photo": ("image",),
        "picture": ("image",),
        "powerpoint": (".pptx", ".ppt", ".pptm"),
        "presentation": ("slides",),
        "recording": ("audio",),
        "sheet": ("spreadsheet",),
        "sound": ("audio",),
        "table": ("spreadsheet", "data"),
        "word": (".docx", ".doc", ".docm"),
    },
    any_file="files?|documents?|docs?|attachments?",
    paper=(
        "invoices?|receipts?|bills?|contracts?|letters?|reports?|statements?|payslips?|minutes|agendas?|forms?|offers?"
        "|quotes?|certificates?"
    ),
    suffixed="files?|documents?|sheets?",
    mail="e-?mails?|mails|messages?|mail",
    sure_mail="e-?mails?|mails",
    done=(
        "sent|received|written|wrote|dated|created|modified|edited|changed|updated|saved|scanned|downloaded|taken|made"
        "|got"
    ),
    do="send|receive|write|get|save|scan|download|take",
    people="i|we|you|me|us|my|our|mine|ours",
    speaker="i|we",
    glue="that|which|who|was|were|is|are|have|had|been",
    lead=(
        r"please|can\s+you|could\s+you|show|find|list|get|give|search(?:\s+for)?|look\s+for|open|display|me|us|all|any"
        r"|every|each|some|the|my|our|latest|newest|recent|what\s+are|where\s+(?:is|are)"
    ),
    asks=r"which|what|how\s+many|are\s+there|is\s+there|do\s+(?:i|we)\s+have",
    follows=(
        "about|regarding|concerning|of|on|in|from|by|to|for|with|without|at|since|before|after|between|during|until"
        "|showing|containing|mentioning|mention|mentions|where|did|do|i|we"
    ),
    titles="Mrs|Mr|Ms|Dr|Prof",
    no_names=(
        "I|The|This|That|These|Those|My|Our|Your|His|Her|Their|A|An|All|Any|It|Who|What|When|Where|Us|Me|Him|You|Them"
        "|Everyone|Someone|People|Work|About|Regarding|In|On|With|Last|Since|Before|After|Today|Yesterday"
    ),
    sent_from=("from", "by"),
    sent_to=("to",),
    sent="sent|written|received",
    and_or="and|or",
    told=(
        r"\b(?i:(?P<ask>what\s+)?did)\s+(?P<names>%(name)s)\s+(?i:(?P<verb>e-?mail|mail|send|write|tell|text|forward))\b"
        r"(?P<me>\s+(?i:(?:to\s+)?(?:me|us))\b)?"
    ),
    told_words="did",
    told_mail="e-?mail|mail",
    determiners="the|my|our|an?|any|this|that|in",
    about="about|on|from|with|by",
    what_done=r"what\s+did\s+(?:i|we)",
    joiners="about|regarding|concerning|with|containing|mentioning|from|by|on|of|and",
    joiners_last="and|from|in|on",
)

_DIALOGUE = DialogueWords(
    continues=r"and|but|or|also|then|so|(?:what|how) about|what else|why(?: not)?\W*$",
    points_back=r"""
    \b(?<!time\ is\ )(?:it|its|they|them|their|theirs|he|him|his|she|hers?)\b
    | \b(?<!is\ )(?<!are\ )(?<!was\ )(?<!were\ )there\b(?!\s+(?:is|are|was|were)\b)
    | \b(?:this|these|those)\b(?!\s+(?:day|week|month|year|morning|spring|summer|autumn|winter))
    | \bthe\s+(?:same|former|latter|others?|(?:first|second|last)\s+one)\b
    | \bthat\W*$ | \b(?:is|was|does|did|of|about|for|with|after|before)\s+that\b(?!\s+\w+\s+(?:was|is|were|are)\b)
    """,
    question_words="who|whom|whose|when|where|what|which|how|why",
    labels="rewritten question|standalone question|question",
)

_ANSWERS = AnswerWords(
    articles="a an the",
    yes_or_no=(
        "is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|shall|should|may|might|must|isn|aren|wasn"
        "|weren|don|doesn|didn|hasn|haven|won"
    ),
    several=(
        r"list|name all|all (?:the|of)|which\s+\w+s\s+(?:are|were|do|did|have|had)|what are (?:the|all|my|our)"
        r"|what were (?:the|all)|everything|summari[sz]e|describe|explain|compare"
        r"|from (?:when|where|which|what)\b.*\bto (?:when|where|which|what)"
    ),
    pleasantries=(
        "sure|certainly|of course|here (?:is|are)|let me know|i hope|hope this|please let"
        "|based on the (?:provided )?(?:passages|sources)[^,]*:"
    ),
    ignorance=(
        r"(?:passages?|sources?|files?|documents?|texts?|context)\b.{0,40}\b(?:do|does|did|is|are)"
        r"(?: not|n['\u2019]t)\b.{0,60}\b(?:say|mention|contain|provide|specif|state|answer|include|give|tell|indicat)"
        r"|\b(?:no|not enough|insufficient) (?:information|answer|mention|details?)\b"
        r"|\bnot (?:mentioned|specified|stated|found|contained|provided|given|answered) (?:in|by)\b"
        r"|\bi (?:do not|don['\u2019]t|cannot|can['\u2019]t) (?:know|answer|find|say|determine)\b"
    ),
    not_said="Your files do not say.",
    reminder=(
        "Answer in English, from the passages alone, with the number of the passage behind each statement. "
        "If they do not answer the question, say only:"
    ),
)

_FACTS = FactWords(
    numbers={
        "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
        "eleven": 11, "twelve": 12,
    },
    scales={"thousand": 3, "million": 6, "millions": 6, "billion": 9, "billions": 9, "trillion": 12},
    hours="",
    no_names="""
        monday tuesday wednesday thursday friday saturday sunday
        mr mrs ms dr prof eur usd gbp chf euro euros dollar dollars
    """,
    capital_nouns=False,
)  # fmt: skip

ENGLISH = Language(
    code="en",
    function_words="""
        a an the this that these those there here
        i me my mine myself we our ours us you your yours he him his she her hers it its they them their theirs
        who whom whose which what when where why how
        am is are was were be been being do does did done doing have has had having will would shall should can could
        may might must
        and or but nor if then than so as because while though although
        of in on at by for from to into onto with about between against during before after above below over under
        through out up down off upon within without via per
        not no any some all both each every either neither other another such only also too very just more most much
        many
        please tell show find s t d ll re ve m don doesn didn isn aren wasn weren
    """,
    can_be_read=True,
    dates=_DATES,
    filters=_FILTERS,
    dialogue=_DIALOGUE,
    answers=_ANSWERS,
    facts=_FACTS,
)
