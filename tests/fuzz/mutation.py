"""Damage to frames, by chance from a seed: what wires do, what broken firmware does, and what an attacker would."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

LONGEST: Final = 6_000
"""Bytes of one damaged frame at most; long runs are among the damages."""

_TOKENS: Final = (
    *(
        b"\0",
        b"\xff",
        b"\xaa",
        b"\r",
        b"\n",
        b"\r\n",
        b"\t",
        b" ",
        b",",
        b";",
        b":",
        b"{",
        b"}",
        b'"',
        b"\\",
        b"[",
        b"<",
    ),
    *(
        b"0",
        b"9",
        b"-1",
        b"99999999999999999999",
        b"00000000",
        b"ffffffff",
        b"NaN",
        b"1e999",
        b"null",
        b"\xe2\x82",
        b"%s",
    ),
    *(b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x04\x00", b"\x00\x0a"),
)

Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def _flip(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    for _turn in range(chance.choice((1, 1, 1, 2, 8))):
        frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)


def _change(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    frame[chance.randrange(len(frame))] = chance.randrange(256)


def _other_digit(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    """A character of the same kind, so that the frame stays well-formed and its values do not."""
    place = chance.randrange(len(frame))
    kind = frame[place]
    if 0x30 <= kind <= 0x39:
        frame[place] = 0x30 + chance.randrange(10)
    elif chr(kind).isalpha():
        frame[place] = ord(chance.choice("abcdefABCDEFxyzXYZ"))
    else:
        frame[place] = (kind + chance.choice((-1, 1))) & 0xFF


def _insert(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    place = chance.randrange(len(frame) + 1)
    frame[place:place] = chance.choice(_TOKENS)


def _overwrite(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    token, place = chance.choice(_TOKENS), chance.randrange(len(frame))
    frame[place : place + len(token)] = token


def _delete(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    place = chance.randrange(len(frame))
    del frame[place : place + chance.choice((1, 1, 2, 4, 20))]


def _truncate(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    del frame[chance.randrange(len(frame)) :]


def _behead(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    del frame[: chance.randrange(len(frame))]


def _repeat(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    place = chance.randrange(len(frame))
    piece = frame[place : place + chance.randrange(1, 24)]
    frame[place:place] = piece * min(chance.choice((1, 2, 3, 50)), LONGEST // max(len(piece), 1))


def _run(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    place = chance.randrange(len(frame) + 1)
    frame[place:place] = bytes([chance.choice((0, 0xFF, 0xAA, 0x20, 0x30, 0x61))]) * chance.choice(
        (3, 60, 1_100, 5_000)
    )


def _splice(frame: bytearray, chance: random.Random, samples: Sequence[bytes]) -> None:
    other = chance.choice(samples)
    cut = chance.randrange(len(frame) + 1)
    frame[cut:] = other[chance.randrange(len(other) + 1) :]


def _swap(frame: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    one, two = sorted((chance.randrange(len(frame)), chance.randrange(len(frame))))
    frame[one], frame[two] = frame[two], frame[one]


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *(_flip, _flip, _change, _change, _other_digit, _other_digit, _other_digit, _insert, _overwrite, _overwrite),
    *(_delete, _truncate, _behead, _repeat, _splice, _splice, _swap),
)


def damaged(chance: random.Random, samples: Sequence[bytes], repair: Callable[[bytes], bytes] | None = None) -> bytes:
    """One damaged frame, a chunk of random bytes, or now and then a good frame among them."""
    kind = chance.random()
    if not samples or kind < 0.06:
        return chance.randbytes(chance.choice((1, 2, 7, 30, 30, 200, 2_000 if kind < 0.002 else 60)))
    frame = bytearray(chance.choice(samples))
    if kind < 0.12:
        return bytes(frame)
    if kind < 0.13:
        _run(frame, chance, samples)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(MUTATIONS)(frame, chance, samples)
        if not frame:
            return b""
    made = bytes(frame[:LONGEST])
    return repair(made) if repair is not None and kind > 0.6 else made
