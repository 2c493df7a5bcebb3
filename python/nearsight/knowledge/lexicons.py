"""The names of concepts in other languages, read from names.tsv one language at a time."""

from functools import cache, cached_property

from nearsight.errors import ArgumentError
from nearsight.knowledge.lexicon import Lexicon
from nearsight.knowledge.match import Match
from nearsight.knowledge.words import key, words

ENGLISH = "en"  # whose names are those of the concept table

# Tags that people and systems use for languages that the table calls otherwise.
_OTHER_TAGS = {
    "in": "id",
    "iw": "he",
    "nb": "no",
    "jp": "ja",
    "zh-cn": "zh",
    "zh-hans": "zh",
    "zh-hk": "zh-hant",
    "zh-mo": "zh-hant",
    "zh-tw": "zh-hant",
}

# What no other language's text has, or nearly so: where English names nothing, neither do others.
_SMALL_WORDS = "and near of picture show that the their these this those with"
_ENGLISH_ONLY = frozenset(_SMALL_WORDS.split())


class Lexicons:
    """All languages of a table (the comment at its head describes the columns)."""

    def __init__(self, table: str) -> None:
        """Find the languages in a table; their names are read when they are asked for."""
        _, *sections = ("\n" + table).split("\n[")
        self._sections = dict(section.split("]\n", 1) for section in sections)
        english = self._sections.pop(ENGLISH, "")
        self._english = frozenset(english.strip().split("|"))
        self._read: dict[str, Lexicon] = {}

    @staticmethod
    @cache
    def load() -> "Lexicons":
        """Return the languages that come with the package; every call returns the same."""
        from importlib.resources import files  # here, to keep `import nearsight` light

        return Lexicons((files(__package__) / "names.tsv").read_text(encoding="utf-8"))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages' tags (BCP 47), sorted: "af", "am"… "zh", "zh-Hant"."""
        return tuple(sorted(self._sections))

    def __getitem__(self, language: str) -> Lexicon:
        """Return the lexicon of a language that `languages` names."""
        if language not in self._read:
            rows = (line.split("\t") for line in self._sections[language].splitlines() if line)
            self._read[language] = Lexicon(
                language, {id: (name, *names.split("|")) for id, name, names in rows}
            )
        return self._read[language]

    def of(self, language: str | None) -> list[Lexicon]:
        """Return the lexicon of a language, or all of them, in the order of `languages`."""
        return [self[tag] for tag in (self.languages if language is None else (language,))]

    def meanings(self, name: str, language: str | None = None) -> dict[str, tuple[str, ...]]:
        """Return by language the ids of the concepts that a name means there, if any.

        Without a language all are asked; a name that is an English word has no meaning, then.
        """
        if language is None and not self._is_foreign(name):
            return {}
        found = {lexicon.language: lexicon.meaning(name) for lexicon in self.of(language)}
        return {tag: ids for tag, ids in found.items() if ids}

    def matches(self, text: str, language: str | None = None) -> list[Match]:
        """Return the names in a text (NFKC), in their order.

        Without a language the text is read in all of them, and the one in which most letters are
        read counts, those of English words aside; of several what most of them say.
        """
        if language is not None:
            return list(self[language].matches(text))
        if any(word in _ENGLISH_ONLY for word, _, _ in words(text)):
            return []
        read = [list(lexicon.matches(text)) for lexicon in self.of(None)]
        letters = [sum(len(m.words) for m in found if self._is_foreign(m.words)) for found in read]
        most = max(letters, default=0)
        best = [found for found, count in zip(read, letters, strict=True) if count == most > 0]
        counts = [best.count(found) for found in best]
        return best[counts.index(max(counts))] if best else []

    def _is_foreign(self, name: str) -> bool:
        return key(name) not in self._english

    def resolve(self, language: str) -> str:
        """Return the table's tag for what somebody called a language: "pt_BR" is "pt".

        Raises `ArgumentError` for a language that the table does not have.
        """
        if isinstance(language, str):
            tags = {tag.lower(): tag for tag in (*self.languages, ENGLISH)}
            wanted = language.strip().replace("_", "-").lower()
            while wanted:
                if found := tags.get(_OTHER_TAGS.get(wanted, wanted)):
                    return found
                wanted = wanted.rpartition("-")[0]
        raise ArgumentError(
            f"language={language!r:.80}: concepts have names in {ENGLISH}, "
            f"{', '.join(self.languages)}"
        )
