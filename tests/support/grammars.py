"""Small parsers of the files that hosts get, by the grammar of whatever reads them there: what does not fit is an error."""

import re
from dataclasses import dataclass, field

_WG_KEYS = {
    "Interface": ("PrivateKey", "Address", "ListenPort", "MTU", "DNS"),
    "Peer": ("PublicKey", "PresharedKey", "AllowedIPs", "Endpoint", "PersistentKeepalive"),
}
"""No PostUp and its like, no Table, no SaveConfig: wg-quick would act on them."""
_ADDRESS = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
_KEY = r"[A-Za-z0-9+/]{43}="
_WG_VALUES = {
    "PrivateKey": _KEY,
    "PublicKey": _KEY,
    "PresharedKey": _KEY,
    "Address": rf"{_ADDRESS}/[0-9]{{1,2}}",
    "AllowedIPs": rf"{_ADDRESS}/[0-9]{{1,2}}(, {_ADDRESS}/[0-9]{{1,2}})*",
    "Endpoint": rf"({_ADDRESS}|\[[0-9a-f:]+\]|[a-z0-9.-]+):[0-9]{{1,5}}",
    "DNS": r"[0-9a-z.:-]+(, [0-9a-z.:-]+)*",
    "ListenPort": "[0-9]{1,5}",
    "MTU": "[0-9]{4}",
    "PersistentKeepalive": "[0-9]{1,5}",
}
_GLOBAL = re.compile(r"(global|defaults|listen [a-z0-9.-]+)")
_NFT_WORD = re.compile(r'[A-Za-z0-9_@.,:;/*!=<>+{}"|-]+')


@dataclass
class Section:
    """One section of a configuration for wg-quick(8)."""

    kind: str
    comments: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def wg_quick(text: str) -> list[Section]:
    """Return the sections; ValueError for anything but comments, known keys and empty lines."""
    sections: list[Section] = []
    for line in _lines(text):
        header = re.fullmatch(r"\[(Interface|Peer)\]", line)
        key, separator, value = line.partition(" = ")
        if header:
            sections.append(Section(header[1]))
        elif line.startswith("# "):
            sections[-1].comments.append(line[2:])
        elif line:
            _hold(bool(separator) and key in _WG_KEYS[sections[-1].kind] and key not in sections[-1].values, line)
            _hold(re.fullmatch(_WG_VALUES[key], value), line)
            sections[-1].values[key] = value
    return sections


@dataclass
class Listen:
    """One section `listen` of haproxy.cfg: words of its lines after the first."""

    name: str
    binds: list[list[str]] = field(default_factory=list)
    servers: list[list[str]] = field(default_factory=list)


def haproxy(text: str) -> list[Listen]:
    """Return the listeners of haproxy.cfg; ValueError for other lines in them."""
    found: list[Listen] = []
    section = ""
    for line in _lines(text):
        if not line or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            _hold(_GLOBAL.fullmatch(line), line)
            section = line
            found += [Listen(line.split()[1])] if line.startswith("listen ") else []
        elif section.startswith("listen "):
            keyword, *words = line.split()
            _hold(keyword in ("bind", "server"), line)
            (found[-1].binds if keyword == "bind" else found[-1].servers).append(words)
    return found


def nft(text: str) -> dict[str, list[list[str]]]:
    """Return the words of the rules of each chain; ValueError where braces or words do not fit."""
    chains: dict[str, list[list[str]]] = {}
    chain, depth = "", 0
    for line in _lines(text):
        words = line.split()
        if not words or words[0] == "#":
            continue
        _hold(all(_NFT_WORD.fullmatch(word) for word in words), line)
        opened = re.fullmatch(r" {4}chain ([a-z0-9_-]+) \{", line)
        if opened:
            chain = opened[1]
            _hold(chain not in chains, line)
            chains[chain] = []
        elif chain and line.startswith("        ") and words[0] != "type":
            chains[chain].append(words)
        depth += line.count("{") - line.count("}")
        chain = chain if depth > 1 else ""
    _hold(depth == 0, text)
    return chains


def words_of(text: str, *forms: str) -> list[list[str]]:
    """Return the words of each line; ValueError for a line that fits none of the forms, regular expressions."""
    found = []
    for line in _lines(text):
        _hold(any(re.fullmatch(form, line) for form in forms), line)
        found.append(line.split())
    return found


def _lines(text: str) -> list[str]:
    """Return the lines as C programs see them; ValueError for other control characters than line feeds."""
    _hold(all(one.isprintable() for one in text if one != "\n") and (not text or text.endswith("\n")), text)
    return text.split("\n")[:-1]


def _hold(true: object, line: str) -> None:
    if not true:
        msg = f"not of the grammar: {line!r}"
        raise ValueError(msg)
