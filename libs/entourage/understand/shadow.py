"""Rewrite a post's text into words that rules and models can count.

text ▶ shadow: lower-case ASCII words, one space between, with marker words (``zurl``, ``zask``, …) for what is no word.

Every mark, accent and emoji is gone from the shadow: Spark NLP's EntityRuler throws on any character outside its
alphabet. Native expressions throughout: Spark NLP's Tokenizer and Normalizer took 5 to 10 times as long for the same
words (docs/usefulness.md).
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

MAX_CHARACTERS = 2_000  # a post's reasons stand near its start; a 100,000-character paste must not cost a minute
MAX_PHRASE_WORDS = 5
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789 <"

_ACCENTED = "àáâãäåāăąçćčďèéêëēėęěìíîïīįñńňòóôõöøōőùúûüūůűýÿžźżšśťřłğ"
_PLAIN = "aaaaaaaaacccdeeeeeeeeiiiiiinnnoooooooouuuuuuuyyzzzsstrlg"

# Emoji by what they say; all others are dropped. A marker is a word that no language has.
_EMOJI = (
    ("zlol", "[😂🤣💀😹😆😅]"),
    ("zlove", "[😍🥰❤💕💖💗💙💚💛💜🖤💘💞😘🤩]"),
    ("zsad", "[😭😢😞😔💔🥺😩😫😿]"),
    ("zangry", "[😡🤬😠👿👎🖕🙄😤]"),
    ("zjoy", "[🎉🥳🎊🙌👏🎂🍾🥂✨😁😊😃😀👍🔥💪]"),
    ("zlife", "[💍👰🤵👶🍼🤰🎓🏡🔑👼]"),
    ("zmoney", "[💰💸💵🤑]"),
)
_URL = r"(?i)\b(?:https?:?//\S+|www\.\S+|https?\b|[a-z0-9-]+\.(?:com|net|org|fr|ly|co|io|be)/\S*)"
_MONEY = (
    r"(?:[$£€]\s?\d[\d.,]*k?)|"
    r"(?:\b\d[\d.,]*\s?(?:€|euros?\b|eur\b|dollars?\b|bucks\b|quid\b|pounds?\b|usd\b|gbp\b|balles\b))"
)

# In order, after lower-casing: (pattern, replacement).
_REWRITES = (
    (_MONEY, " zmoney "),
    (r"n['’]t\b", "nt"),
    (r"[@＠]\s?", " zuser "),
    (r"[#＃]", " zhash "),
    (r"[?？]+", " zask "),
    (r"[!！]+", " zexc "),
    (r"[\"“”«»]", " zquote "),
    (r"[^a-z0-9]+", " "),
    (r"\b\d+\b", "znum"),
    (r"([a-z])\1{2,}", "$1"),
    (r"\bi(m|ve|ll)\b", "i $1"),
    (r"\bj(ai|suis|vais|veux|aimerais|adore|aime|cherche|pense|attends|espere)\b", "j $1"),
    (r"\bje\b", "j"),
    (r"\bc(est|etait)\b", "c $1"),
    (r"\bwanna\b", "want to"),
    (r"\bgonna\b|\bgunna\b", "going to"),
    (r"\b(?:qqn|qqun|qq1)\b", "quelqu un"),
    (r"\bu\b", "you"),
    (r"\b(?:pls|plz)\b", "please"),
)


def shadow(text: Column) -> Column:
    """Return the text's shadow: ASCII words, and marker words for the rest.

    Args:
        text: any text; NULL gives an empty shadow; what follows the first 2,000 characters is not read.

    Returns:
        Words of a-z and 0-9 separated by one space; accents folded, stretched letters shortened; URLs, mentions,
        hashtags, questions, exclamations, quotes, sums of money, numbers and emoji as marker words.
    """
    words = F.substring(F.coalesce(text, F.lit("")), 1, MAX_CHARACTERS)
    words = F.regexp_replace(words, r"&(?:amp|lt|gt|quot|nbsp|#39|#x27);", " ")
    words = F.regexp_replace(words, _URL, " zurl ")
    words = F.regexp_replace(words, r"(?<=\p{Ll}{2})(?=\p{Lu})", " ")
    for marker, emoji in _EMOJI:
        words = F.regexp_replace(words, emoji, f" {marker} ")
    words = F.regexp_replace(F.regexp_replace(F.lower(words), "œ", "oe"), "æ", "ae")
    words = F.translate(words, _ACCENTED, _PLAIN)
    for pattern, replacement in _REWRITES:
        words = F.regexp_replace(words, pattern, replacement)
    return F.trim(F.regexp_replace(words, " +", " "))


def windows(shadow_text: Column) -> Column:
    """Return one line per word: ``<`` and the words from it on, as the entity rules read them.

    Spark NLP's EntityRuler (an Aho–Corasick automaton) matches inside words, and reports a match only where its state
    falls back to the root: it loses a phrase whose ending begins another. A line per word, with a mark that no phrase
    has inside, makes the root the only way out (a line feed always leads there): each phrase is found once, whole.

    References:
        Aho, Corasick: Efficient string matching, CACM 18(6), 1975.
    """
    each_with_next = rf"(\S+ )(?=((?:\S+ ){{0,{MAX_PHRASE_WORDS - 1}}}))"
    return F.regexp_replace(F.concat(shadow_text, F.lit(" ")), each_with_next, "<$1$2\n")
