"""Commands that a POSIX shell script runs, as far as its text names them."""

import re

_AFTER = {"then", "do", "else", "elif", "if", "while", "until", "!", "{", "exec"}
"""Words after which another command begins."""
_CASE = re.compile(r"\bcase\b(?!.*\besac\b).* in$")
_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z_0-9]*=")
_TOKEN = re.compile(r"""(?P<comment>(?<![^\s;(&|])\#[^\n]*) | (?P<end>;;|\|\||&&|[;\n|&(]) | (?P<close>\)) | (?P<space>[ \t]+|\\\n)
    | (?P<word>(?:[^\s;|&()"'`\\$]|\\.|\$(?!\())+)""", re.VERBOSE)  # fmt: skip
_HERE = re.compile(r"<<-?\s*'?(\w+)'?")


def commands(script: str) -> set[str]:
    """Return the first words of all commands in a script; functions, builtins and keywords are among them.

    Quoted text counts only for its command substitutions. Words with an expansion in them are left out.
    """
    reader = _Reader(_without_here_documents(script))
    reader.read(closing="")
    return reader.found


def _without_here_documents(script: str) -> str:
    kept, until = [], ""
    for line in script.splitlines():
        if until:
            until = "" if line.strip() == until else until
            continue
        here = _HERE.search(line)
        until = here[1] if here else ""
        kept.append(_HERE.sub("", line))
    return "\n".join(kept) + "\n"


class _Reader:
    """Reads a script once, from its beginning."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.found: set[str] = set()

    def read(self, closing: str) -> None:
        """Read commands, and `closing` after them; empty: to the end."""
        place = _Place()
        while self._at < len(self._text):
            if closing and self._text.startswith(closing, self._at) and not place.cases:
                self._at += len(closing)
                return
            if self._quoted_or_expanded():
                place.first = place.assigning
            elif (token := _TOKEN.match(self._text, self._at)) is None:
                self._at += 1
                place.first = False
            else:
                self._at = token.end()
                if token["word"]:
                    line = self._text[self._text.rfind("\n", 0, self._at) + 1 : self._at]
                    self.found |= place.take(token["word"], line)
                else:
                    place.end(token["end"] or "", token["close"] or "", token["space"] or "")

    def _quoted_or_expanded(self) -> bool:
        """Read one text in quotes, or one expansion, if there is one here."""
        text = self._text
        if text[self._at] == "'":
            self._at = text.index("'", self._at + 1) + 1
        elif text[self._at] == '"':
            self._at += 1
            while text[self._at] != '"':
                if text[self._at] == "\\":
                    self._at += 2
                elif not self._expanded():
                    self._at += 1
            self._at += 1
        else:
            return self._expanded()
        return True

    def _expanded(self) -> bool:
        if self._text.startswith("$((", self._at):
            self._at = self._text.index("))", self._at) + 2
        elif self._text.startswith("$(", self._at):
            self._at += 2
            self.read(closing=")")
        else:
            return False
        return True


class _Place:
    """Where in a command the reader is."""

    def __init__(self) -> None:
        self.first = True
        self.assigning = False
        self.cases = 0
        self._pattern = False
        self._arguments = 0

    def take(self, word: str, line: str) -> set[str]:
        """Take a word, at the end of this part of its line; return the command that it is."""
        if word == "esac" and self.cases:
            self.cases, self._pattern, self.first = self.cases - 1, False, False
        elif self._pattern:
            pass
        elif word == "in" and _CASE.search(line):
            self.cases, self._pattern = self.cases + 1, True
        elif self._arguments:  # of timeout
            self._arguments -= 1
            self.first = self._arguments == 0
        elif self.first and _ASSIGNMENT.match(word):
            self.assigning = True
        elif self.first:
            self._arguments = 1 if word == "timeout" else 0
            self.first = word in _AFTER
            return {word} if _NAME.fullmatch(word) else set()
        return set()

    def end(self, end: str, close: str, space: str) -> None:
        """Take what is between words."""
        if space:
            self.assigning = False
        elif close:
            self.first, self._pattern = True, False
        elif end:
            self.first, self.assigning, self._arguments = True, False, 0
            self._pattern = self._pattern or (end == ";;" and self.cases > 0)
