"""The table of mats: a line each, columns that are compared downwards; what is out of bounds, and what is drawn.

Owns bounds of looks and the figures of small drawings. What a line holds is `results.crew.mats`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from results.web.crew_models import Board, Model, Saying
from results.web.late import point_name
from timing.instants import HOUR, MINUTE, SECOND

SEEN_LOW: Final = 0.96
"""Where the scale of seen of expected begins; it ends at 1."""

SPARK: Final = (200, 34)
BATTERY_LOW: Final = 35
BATTERY_EMPTY: Final = 15
CLOCK_OFF_US: Final = SECOND // 2
"""From here on an offset is out of bounds, its error bar taken off."""

BothEnds = tuple[float, float]


def mats(s: Saying) -> Model:
    """Points in order, each with its mats; `number` counts mats from 1, as the keys Alt+1 to Alt+8 do."""
    points, number = [], 0
    for point in s.board["mats"]["points"]:
        lines = []
        for line in point["mats"]:
            number += 1
            lines.append(_line(s, line, number))
        points.append(_point(s, point, lines))
    return {"points": points}


def refused(board: Board, s: Saying, mat: str) -> Model:
    """The refused reads of one mat, by reason, with the runners behind them."""
    line = next((line for point in board["mats"]["points"] for line in point["mats"] if line["id"] == mat), None)
    if line is None:
        return {"mat": mat, "reasons": []}
    return {
        "mat": _mat_name(line),
        "reasons": [
            {
                "text": s.say(
                    "refused_reason",
                    reason=s.speech.words.get(f"reason_{each['reason']}", each["reason"]),
                    reads=s.count(each["reads"]),
                    tags=s.count(each["tags"]),
                ),
                "top": each["top"],
            }
            for each in line["refused"]
        ],
    }


def mat_title(s: Saying, mat: str) -> str:
    """`Arrivée, principal`: the point and the role; the id where the board has no such mat."""
    for point in s.board["mats"]["points"]:
        for line in point["mats"]:
            if line["id"] == mat:
                name = point_name({"kind": point["kind"], "name": point["name"]}, s.speech)
                return f"{name}, {s.speech.words.get(line['role'], line['role']).lower()}"
    return mat


def _point(s: Saying, point: Mapping[str, Any], lines: list[Model]) -> Model:
    both, main, backup = point["both"], point["main_only"], point["backup_only"]
    seen = both + main + backup
    missed = point["missed"]
    place = {"kind": point["kind"], "name": point["name"]}
    return {
        "id": point["id"],
        "name": point_name(place, s.speech),
        "km": f"km {point['distance_m'] / 1000:g}".replace(".", "," if s.speech.language.value == "fr" else "."),
        "passed": s.count(point["passed"]),
        "lines": lines,
        "paired": len(point["mats"]) > 1,
        "main_only": _share(s, main / seen) if seen else "–",
        "backup_only": _share(s, backup / seen) if seen else "–",
        "main_bar": round(min(70.0, 2000 * main / seen), 1) if seen else 0,
        "backup_bar": round(min(70.0, 2000 * backup / seen), 1) if seen else 0,
        "both_label": s.say("main_only", main=s.count(main), backup=s.count(backup), both=s.count(both)),
        "missed": ""
        if missed is None
        else s.say(
            "missed_by_all",
            n=s.count(round(missed["value"])),
            low=s.count(round(missed["low"])),
            high=s.count(round(missed["high"])),
        ),
    }


def _line(s: Saying, line: Mapping[str, Any], number: int) -> Model:
    reader: Mapping[str, Any] = line["reader"] or {}
    return {
        "id": line["id"],
        "number": number,
        "name": _mat_name(line),
        "role": s.speech.words.get(line["role"], line["role"]),
        "heard": _heard(s, line, reader),
        "down": reader.get("link") in ("down", "unintelligible") and bool(reader.get("error")),
        "lifted": "" if line["lifted_us"] is None else s.say("mat_lifted", hour=s.hour(line["lifted_us"])[:5]),
        "rate": s.count(line["per_minute"]),
        "mean": s.count(round(line["per_minute_mean"])) if line["per_minute_mean"] else s.speech.words["calm"],
        **_spark(line["received_hour"], line["expected_hour"]),
        **_seen(s, line),
        **_antennas(s, line["antennas"]),
        **_clock(s, reader),
        **_battery(s, reader),
        "queue": "–" if reader.get("queue") is None else s.count(reader["queue"]),
        "refused": s.count(line["refused_reads"]),
        "unknown": s.say("unknown_short", n=s.count(line["unknown_tags"])),
    }


def _mat_name(line: Mapping[str, Any]) -> str:
    return str(line["label"] or line["id"])


def _heard(s: Saying, line: Mapping[str, Any], reader: Mapping[str, Any]) -> str:
    heard_us = max((us for us in (reader.get("heard_us"), line["last_read_us"]) if us is not None), default=None)
    return s.speech.words["never_heard"] if heard_us is None else s.span(max(0, s.now_us - heard_us))


def _spark(received: Sequence[float], expected: Sequence[float] | None) -> Model:
    """Expected as a mass, received as a line over it, on one scale."""
    width, height = SPARK
    most = max([1.0, *received, *(expected or ())])

    def drawn(values: Sequence[float]) -> str:
        step = width / max(len(values) - 1, 1)
        return " ".join(f"{n * step:.0f},{height - 32 * value / most:.1f}" for n, value in enumerate(values))

    return {
        "got": drawn(received),
        "expected": "" if expected is None else f"0,{height} {drawn(expected)} {width},{height}",
    }


def _seen(s: Saying, line: Mapping[str, Any]) -> Model:
    share = line["share_seen"]
    if share is None:
        return {"share": "", "share_within": "", "share_label": s.speech.words["share_unknown"], "scale": None}
    low, high = share["low"], share["high"]
    return {
        "share": _share(s, share["value"]),
        "share_within": f"±\u202f{_figure(s, 50 * (high - low), 1)}",
        "share_label": s.say(
            "share_label",
            share=_share(s, share["value"]),
            low=_share(s, low),
            high=_share(s, high),
            n=s.count(line["share_of"]),
        ),
        "scale": {"low": _on_scale(low), "high": _on_scale(high), "at": _on_scale(share["value"])},
    }


def _on_scale(share: float) -> float:
    return round(200 * min(1.0, max(0.0, (share - SEEN_LOW) / (1 - SEEN_LOW))), 1)


def _antennas(s: Saying, antennas: Sequence[Mapping[str, Any]]) -> Model:
    most = max((antenna["share"] or 0 for antenna in antennas), default=0) or 1
    bars, said, silent = [], [], False
    for number, antenna in enumerate(antennas):
        share, silence = antenna["share"] or 0, antenna["silence"]
        name = "–" if antenna["antenna"] is None or antenna["antenna"] < 0 else str(antenna["antenna"])
        bars.append(
            {
                "x": number * 17,
                "height": round(max(2.0, 32 * share / most), 1),
                "silent": silence is not None,
                "weak": antenna["weak"],
                "name": name,
            }
        )
        silent = silent or silence is not None
        said.append(f"{name}\u00a0{_share(s, share)}")
        if silence is not None:
            said.append(s.say("antenna_silent", n=name, hour=s.hour(silence["since_us"])))
        elif antenna["weak"]:
            said.append(s.say("antenna_weak", n=name))
    return {
        "antennas": bars,
        "antennas_width": max(17 * len(bars), 17),
        "antennas_label": s.say("antenna_label", shares=", ".join(said))
        if said
        else s.speech.words["antennas_unknown"],
        "antennas_bad": silent,
    }


def _clock(s: Saying, reader: Mapping[str, Any]) -> Model:
    ahead, within, drift = reader.get("ahead_us"), reader.get("ahead_within_us"), reader.get("drift")
    faults: Sequence[Mapping[str, Any]] = reader.get("clock_faults") or ()
    bad = "bad" if any(fault["holds"] for fault in faults) else ""
    off = ahead is not None and abs(ahead) - (within or 0) >= CLOCK_OFF_US
    warn = "warn" if faults or off else ""
    return {
        "ahead": "–" if ahead is None else _offset(s, ahead),
        "within": "" if within is None else f"±\u202f{_figure(s, within / SECOND, 2)}",
        "drift": _drift(s, drift),
        "clock_state": bad or warn,
    }


def _offset(s: Saying, ahead_us: int) -> str:
    sign = "+" if ahead_us >= 0 else "−"
    amount = abs(ahead_us)
    if amount >= HOUR:
        return f"{sign}\u202f{amount // HOUR}\u00a0h\u00a0{amount % HOUR // MINUTE:02d}'{amount % MINUTE // SECOND:02d}"
    if amount >= MINUTE:
        return f"{sign}\u202f{amount // MINUTE}'{amount % MINUTE // SECOND:02d}"
    return f"{sign}\u202f{_figure(s, amount / SECOND, 2)}\u00a0s"


def _drift(s: Saying, drift: Mapping[str, Any] | None) -> str:
    """Milliseconds gained an hour; a drift that may as well be none is not told."""
    if drift is None or abs(drift["gains_us"]) <= drift["uncertain_us"]:
        return ""
    ms = drift["gains_us"] / 1_000
    return s.say("drift", ms=f"{'+' if ms > 0 else '−'}\u202f{_figure(s, abs(ms), 0)}")


def _battery(s: Saying, reader: Mapping[str, Any]) -> Model:
    percent, heat, minutes = (reader.get(key) for key in ("battery_percent", "temperature_c", "battery_minutes"))
    mains = bool(reader.get("mains"))
    state = ""
    if percent is not None and not mains:
        state = "bad" if percent < BATTERY_EMPTY else "warn" if percent < BATTERY_LOW else ""
    left = "" if minutes is None or mains else s.say("battery_left", time=s.span(int(minutes) * MINUTE))
    known = s.speech.words["mains"] if mains else s.speech.words["no_battery"]
    return {
        "battery": known
        if percent is None
        else f"{round(percent)}\u00a0%"
        if s.speech.language.value == "fr"
        else f"{round(percent)}%",
        "heat": "" if heat is None else f"{round(heat)}\u00a0°C",
        "battery_left": left,
        "battery_state": state,
    }


def _share(s: Saying, share: float) -> str:
    """`99,4 %`; what is less than all never reads as all."""
    figure = _figure(s, min(100 * share, 99.9) if share < 1 else 100.0, 1)
    return f"{figure}\u00a0%" if s.speech.language.value == "fr" else f"{figure}%"


def _figure(s: Saying, value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if s.speech.language.value == "fr" else text
