"""RandomPassword: characters from the system's generator. The id is "none", so only outputs hold the secret."""

from __future__ import annotations

import secrets
import string

from lab.plugins.random.bridged import Bridged, arguments_of, too_short
from lab.plugins.resource import Created, Failure, OperationError
from lab.plugins.values import Properties, Secret, Unknown, Value

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
MINIMA = ("minLower", "minNumeric", "minSpecial", "minUpper")
BCRYPT_BYTES = 72
"""Number of bytes of a password that bcrypt uses."""


class RandomPassword(Bridged):
    """``random:index/randomPassword:RandomPassword``; result and bcryptHash are secret."""

    arguments = {  # noqa: RUF012 - a table, never changed
        "keepers": dict,
        "length": float,
        "lower": bool,
        "minLower": float,
        "minNumeric": float,
        "minSpecial": float,
        "minUpper": float,
        "number": bool,
        "numeric": bool,
        "overrideSpecial": str,
        "special": bool,
        "upper": bool,
    }
    length_description = (
        "The length of the string desired. The minimum value for length is 1 and, length must also be >= "
        "(`min_upper` + `min_lower` + `min_numeric` + `min_special`)."
    )

    def shortest(self, inputs: Properties) -> Failure | None:
        """Return a failure also when the minima exceed the length."""
        length, minima = inputs["length"], [inputs.get(name, 0.0) for name in MINIMA]
        needed = [minimum for minimum in minima if isinstance(minimum, float)]
        if isinstance(length, float) and len(needed) == len(MINIMA) and length < sum(needed):
            return too_short("sum of min_upper + min_lower + min_numeric + min_special", length)
        return super().shortest(inputs)

    def planned(self, inputs: Properties) -> Properties:
        """Return the state with its defaults.

        All classes of characters are enabled by default; ``number`` is the old name of ``numeric``.
        """
        given = arguments_of(inputs, self.arguments)
        if {"number", "numeric"} <= given.keys() and given["number"] != given["numeric"]:
            raise OperationError(
                "Number and numeric are both configured with different values - "
                "Number is deprecated, use numeric instead"
            )
        numeric = given.get("numeric", given.get("number", True))
        defaults: Properties = {"lower": True, "special": True, "upper": True}
        return defaults | dict.fromkeys(MINIMA, 0.0) | given | {"number": numeric, "numeric": numeric}

    def unknowns(self) -> Properties:
        """Return the secret, its hash and the id."""
        return {"bcryptHash": Unknown(), "id": Unknown(), "result": Unknown()}

    def generate(self, planned: Properties) -> Created:
        """Generate the password and its hash."""
        import bcrypt  # noqa: PLC0415 - only a create needs it, and every preview starts the plug-in

        result = draw(planned)
        salt = bcrypt.gensalt(rounds=10, prefix=b"2a")
        secret: Properties = {
            "bcryptHash": Secret(bcrypt.hashpw(result.encode()[:BCRYPT_BYTES], salt).decode()),
            "result": Secret(result),
        }
        return Created("none", planned | secret | {"__meta": '{"schema_version":"3"}', "id": "none"})


def draw(planned: Properties) -> str:
    """Return a password: the minimum of each class, the rest from all enabled classes, shuffled."""
    special = str(planned.get("overrideSpecial") or SPECIAL)
    classes = {
        "upper": (string.ascii_uppercase, "minUpper"),
        "lower": (string.ascii_lowercase, "minLower"),
        "numeric": (string.digits, "minNumeric"),
        "special": (special, "minSpecial"),
    }
    drawn = [
        secrets.choice(characters) for characters, minimum in classes.values() for _ in range(_number(planned[minimum]))
    ]
    allowed = "".join(characters for name, (characters, _) in classes.items() if planned[name])
    missing = _number(planned["length"]) - len(drawn)
    if missing > 0 and not allowed:
        raise OperationError("no class of characters is left to draw a password from")
    drawn += [secrets.choice(allowed) for _ in range(missing)]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _number(value: Value) -> int:
    assert isinstance(value, float)  # noqa: S101 - checked before
    return int(value)
