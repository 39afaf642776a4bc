"""Folds written words into the plain tokens that phrases are compared with: one spelling for what sounds the same.

Whisper writes "I'm gonna", a script says "I am going to", a small model "im going to": all become the same tokens,
each remembering the word it came from, so that a match always leads back to what stands in the transcript.
"""

import re
import unicodedata
from functools import lru_cache

from analysis.spoken import FILLERS, word_set

_SAME = {
    "im": "i am", "ive": "i have", "id": "i would", "ill": "i will", "youre": "you are", "youve": "you have",
    "youll": "you will", "youd": "you would", "weve": "we have", "theyre": "they are", "theyve": "they have",
    "theyd": "they would", "theyll": "they will", "thats": "that is", "whats": "what is", "hows": "how is",
    "wheres": "where is", "whos": "who is", "theres": "there is", "heres": "here is", "lets": "let us",
    "gonna": "going to", "wanna": "want to", "gotta": "got to", "gimme": "give me", "lemme": "let me",
    "kinda": "kind of", "sorta": "sort of", "outta": "out of", "lotta": "lot of", "dunno": "do not know",
    "yall": "you", "yalls": "your", "youse": "you", "ya": "you", "yous": "you", "yer": "your", "em": "them",
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "wont": "will not", "cant": "can not",
    "cannot": "can not", "couldnt": "could not", "wouldnt": "would not", "shouldnt": "should not", "isnt": "is not",
    "arent": "are not", "wasnt": "was not", "werent": "were not", "havent": "have not", "hasnt": "has not",
    "hadnt": "had not", "aint": "is not", "wouldve": "would have", "couldve": "could have", "ok": "okay",
    "voicemail": "voice mail", "voicemails": "voice mails", "emails": "emails", "mum": "mom", "cuz": "because",
    "cause": "because", "til": "till", "thru": "through", "mister": "mr", "missus": "mrs", "doctor": "dr",
}  # fmt: skip

_WITH_APOSTROPHE = {"we're": "we are", "we'll": "we will", "we'd": "we would", "it's": "it is", "she'll": "she will",
                    "he'll": "he will", "she'd": "she would", "he'd": "he would", "he's": "he is", "she's": "she is",
                    "y'all'd": "you would", "y'all've": "you have", "y'all're": "you are"}  # fmt: skip

_DROPPED_G = word_set(
    """
    bein botherin callin checkin circlin comin doin followin gettin givin goin hopin huntin leavin lettin lookin
    makin needin nothin payin reachin ringin runnin savin sayin seein sellin sendin somethin spendin stalkin stoppin
    swingin takin talkin tellin textin thinkin touchin tryin usin waitin wastin wonderin workin
    """
)

_EDGE = re.compile(r"^[^\w$£€#&]+|[^\w%]+$")
_SPLIT = re.compile(r"[-/\u2010-\u2015_]+|(?<=[a-z])\.(?=[a-z])|\.{2,}|\u2026")
_MONEY = {"$": "dollars", "£": "pounds", "€": "euros"}


@lru_cache(maxsize=20_000)
def fold(word: str) -> tuple[str, ...]:
    """The tokens one written word stands for; none for a dash or an "um"."""
    plain = unicodedata.normalize("NFKC", word).lower().replace("\u2019", "'").replace("\u2018", "'")
    plain = _EDGE.sub("", plain)
    if not plain:
        return ()
    tokens: list[str] = []
    for part in _SPLIT.split(plain):
        tokens.extend(_fold_part(part))
    return tuple(token for token in tokens if token and token not in FILLERS)


def _fold_part(part: str) -> list[str]:
    if part in _WITH_APOSTROPHE:
        return _WITH_APOSTROPHE[part].split()
    if part and part[0] in _MONEY:
        return [re.sub(r"[^\w.]", "", part), _MONEY[part[0]]]
    if part.endswith("%"):
        return [part.rstrip("%"), "percent"]
    if part.endswith("in'"):
        return [part[:-1] + "g"]
    bare = part.replace("'", "")
    if bare in _DROPPED_G:
        return [bare + "g"]
    return _SAME.get(bare, bare).split()
