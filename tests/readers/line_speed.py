"""What a serial port makes of bytes that were sent at another speed: bit by bit, as its electronics see the wire."""

from __future__ import annotations


def heard(data: bytes, sent_baud: int, port_baud: int) -> bytes:
    """The bytes a port set to one speed gives of what was sent at another, without pauses: 8 bits, no parity, 1 stop.

    A byte whose stop bit is not there is given as NUL, as ports do unless told otherwise.
    """
    wire = "".join("0" + format(octet, "08b")[::-1] + "1" for octet in data) + "1" * 20
    step = sent_baud / port_baud

    def level(place: float) -> str:
        return wire[int(place)] if place < len(wire) else "1"

    got = bytearray()
    place = 0.0
    while place < len(wire):
        if level(place) == "1":
            place += step / 16
            continue
        bits = [level(place + (number + 0.5) * step) for number in range(1, 10)]
        got.append(int("".join(reversed(bits[:8])), 2) if bits[8] == "1" else 0)
        place += 9.5 * step
    return bytes(got)
