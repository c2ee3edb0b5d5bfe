"""Words, stems and sentences, cut the way the catalog's full-text index cuts them."""

from __future__ import annotations

import re
import unicodedata

from desktop_rag.tokenizer import index_tokenizer


def composed(text: str) -> str:
    """``text`` in Unicode's composed form (NFC), which is how texts are indexed and questions asked."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """The words of ``text`` as written, in order, in Unicode's composed form."""
    return index_tokenizer().words(text)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each word of ``text``, in characters."""
    return index_tokenizer().word_spans(text)


def stems(text: str) -> list[str]:
    """The words of ``text`` as the index knows them: lower case, most accents dropped, Porter's stem."""
    tokenizer = index_tokenizer()
    return tokenizer.stems(tokenizer.words(text))


def folded(text: str) -> list[str]:
    """The words of ``text`` as the index knows them but for stemming: lower case, most accents dropped."""
    tokenizer = index_tokenizer()
    return tokenizer.folded(tokenizer.words(text))


def stem_spans(text: str) -> list[tuple[int, int, str]]:
    """Start, end and stem of each word of ``text``."""
    spans = word_spans(text)
    found = index_tokenizer().stems([text[begin:end] for begin, end in spans])
    return [(begin, end, stem) for (begin, end), stem in zip(spans, found, strict=True)]


def stem(word: str) -> str:
    """One word as the index knows it."""
    return index_tokenizer().stems((word,))[0]


def line_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each line of ``text`` that is not blank."""
    return [match.span() for match in re.finditer(r"[^\s](?:.*[^\s])?", text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of ``text``, in characters, without the blanks around it; line breaks that end a
    paragraph, a list item or a row end a sentence too."""
    import sentencex

    spans: list[tuple[int, int]] = []
    begin = 0
    for line in re.split(r"(\n\s*\n|\n(?=\s*[-*•\d]))", text):
        position = begin
        for sentence in sentencex.segment("en", line) if line.strip() else ():
            found = text.find(sentence, position)
            if found < 0:  # the splitter normalised something: keep the rest of the line whole
                break
            position = found + len(sentence)
            stripped = sentence.strip()
            if stripped:
                start = found + sentence.index(stripped)
                spans.append((start, start + len(stripped)))
        else:
            begin += len(line)
            continue
        rest = text[position : begin + len(line)].strip()
        if rest:
            start = text.index(rest, position)
            spans.append((start, start + len(rest)))
        begin += len(line)
    return spans
