"""What the panes of the crew's console say, out of the newest board: texts and figures for their templates.

Owns which words and figures stand where. A pane is a pure function of the board and the language.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from results.web.late import point_name
from results.web.massif import Ridge
from results.web.speech import Speech
from timing.instants import MILLISECOND, SECOND, Instant

Board = Mapping[str, Any]
Model = dict[str, Any]

LOG_SHOWN: Final = 12
RANKS: Final = {"alarm": "a3", "warning": "a2", "note": "a1"}


class Saying:
    """A board said in one language: hours of its race, and texts that it holds in both."""

    def __init__(self, board: Board, speech: Speech) -> None:
        self.board = board
        self.speech = speech
        self._offset_s = board["clock"]["utc_offset_s"]

    def hour(self, instant: Instant | None) -> str:
        return "–" if instant is None else self.speech.hour(instant, self._offset_s)

    def exact_hour(self, instant: Instant | None) -> str:
        """`09:00:00,04`: to the hundredth that has begun."""
        if instant is None:
            return "–"
        mark = "," if self.speech.language.value == "fr" else "."
        return f"{self.hour(instant)}{mark}{instant % SECOND // (10 * MILLISECOND):02d}"

    def point(self, id_: str) -> str:
        """The name of a point of the course."""
        return point_name(next(place for place in self.board["race"]["points"] if place["id"] == id_), self.speech)

    def text(self, both: Mapping[str, str] | str) -> str:
        return both if isinstance(both, str) else both[self.speech.language.value]

    def say(self, key: str, **values: str | int) -> str:
        return self.speech.say(key, **values)

    def count(self, number: int) -> str:
        return self.speech.count(number)

    @property
    def now_us(self) -> Instant:
        """The race clock when the board was made."""
        return int(self.board["clock"]["race_now_us"])

    def span(self, duration_us: int) -> str:
        """`55 min`, `2 h 10 min`, `12 s`: for orientation, without a sign."""
        seconds = abs(duration_us) // SECOND
        if seconds < 100:
            return f"{seconds}\u00a0s"
        minutes = seconds // 60
        return f"{minutes}\u00a0min" if minutes < 100 else f"{minutes // 60}\u00a0h\u00a0{minutes % 60:02d}"


def head(s: Saying) -> Model:
    """The course with the field on it, and its points along the sea."""
    board = s.board
    race, field = board["race"], board["field"]
    ridge = Ridge.of(race["massif"] and race["massif"]["ridge"])
    head_m = field["head_m"]
    worst = _worst_by_point(board)
    return {
        "massif": race["massif"],
        "ridge": ridge.line,
        "pines": ridge.pines(field["counts"]),
        "sun": None if head_m is None else ridge.sun(head_m / race["distance_m"]),
        "points": [
            {
                "id": place["id"],
                "name": point_name(place, s.speech),
                "at": round(100 * place["distance_m"] / race["distance_m"]),
                "rank": worst.get(place["id"], ""),
                "seen": s.count(point["seen"]) if point["seen"] else "–",
            }
            for place, point in zip(race["points"], board["points"], strict=True)
        ],
    }


def _worst_by_point(board: Board) -> dict[str, str]:
    """The rank of the worst alarm at each point."""
    worst: dict[str, str] = {}
    for alarm in reversed(board["alarms"]["rows"]):
        if alarm["point"] and alarm["rank"] != "note":
            worst[alarm["point"]] = alarm["rank"]
    return worst


def totals(s: Saying) -> Model:
    found, journal = s.board["totals"], s.board["journal"]
    shown = ("entered", "started", "running", "finished", "dnf", "reported")
    failing_s = journal["failing_s"]
    return {
        "totals": [{"key": key, "name": s.speech.words[key], "n": s.count(found[key])} for key in shown],
        "queue": s.count(journal["waiting"]),
        "stopped": "" if failing_s is None else s.say("journal_stopped", age=s.span(failing_s * SECOND)),
        "gone": _gone(s),
        "behind": s.say("behind", what=s.board["behind"]) if s.board["behind"] else "",
    }


def _gone(s: Saying) -> str:
    waves = s.board["guns_heard"]["waves"]
    return s.say("waves_gone", n=sum(wave["gun_us"] is not None for wave in waves), all=len(waves))


def alarms(s: Saying) -> Model:
    rows = [
        {
            "key": row["key"],
            "rank": RANKS[row["rank"]],
            "word": s.speech.words[row["rank"]],
            "text": s.text(row["text"]),
            "cost": s.text(row["cost"]),
            "taken": "" if row["taken"] is None else f"{row['taken']['author']}, {s.hour(row['taken']['at_us'])[:5]}",
        }
        for row in s.board["alarms"]["rows"]
    ]
    return {"rows": rows, "more": max(0, len(rows) - 3), "open": sum(not row["taken"] for row in rows)}


def decisions(s: Saying) -> Model:
    found = s.board["decisions"]
    return {
        "open": s.count(found["open"]),
        "more": found["more"],
        "rows": [
            {
                "key": row["key"],
                "stake": s.text(row["stake"]),
                "title": s.text(row["title"]),
                "fact": s.text(row["fact"]),
                "weight": row["weight"],
                "age": "" if row["since_us"] is None else s.span(s.now_us - row["since_us"]),
            }
            for row in found["rows"]
        ],
        "groups": [
            {"kind": group["kind"], "title": s.text(group["title"]), "count": s.count(group["count"])}
            for group in found["groups"]
        ],
    }


def guns(s: Saying) -> Model:
    found, phase = s.board["guns_heard"], s.board["phase"]
    names = {wave["id"]: wave["name"] for wave in found["waves"]}
    ahead = [wave for wave in found["waves"] if wave["gun_us"] is None]
    return {
        "waves": [_wave(s, wave) for wave in found["waves"]],
        "next": min(ahead, key=lambda wave: int(wave["planned_us"]), default=None),
        "signals": [_signal(s, signal, names) for signal in found["signals"]],
        "waiting": sum(signal["state"] == "waiting" for signal in found["signals"]),
        "start_closed": phase["start_closed_us"] and s.say("start_closed", hour=s.hour(phase["start_closed_us"])),
        "finish_closed": phase["finish_closed_us"] and s.say("finish_closed", hour=s.hour(phase["finish_closed_us"])),
    }


def _wave(s: Saying, wave: Mapping[str, Any]) -> Model:
    known = wave["gun_us"] is not None
    return {
        **wave,
        "hour": s.exact_hour(wave["gun_us"]) if known else "",
        "planned": s.hour(wave["planned_us"]),
        "from": _origin(s, wave) if known else "",
        "state_word": _gun_state(s, wave),
    }


def _signal(s: Saying, signal: Mapping[str, Any], names: Mapping[str, str]) -> Model:
    return {
        **signal,
        "hour": s.exact_hour(signal["at_us"]),
        "from": _origin(s, signal),
        "state_word": _gun_state(s, signal),
        "wave_name": names.get(signal["wave"] or "", "–"),
        "can_withdraw": signal["origin"] != "wire" and signal["state"] in ("waiting", "entered", "trial"),
        "can_use": signal["at_us"] is not None and signal["wave"] is not None and signal["state"] != "confirmed",
    }


def _origin(s: Saying, gun: Mapping[str, Any]) -> str:
    return s.say(f"origin_{gun['origin']}", author=gun["author"] or s.speech.words["engine"], source=gun["source"])


def _gun_state(s: Saying, gun: Mapping[str, Any]) -> str:
    words = {
        "waiting": "gun_to_confirm", "refused": "gun_withdrawn", "trial": "gun_trial", "held": "gun_held",
    }  # fmt: skip
    if gun["state"] == "confirmed":
        return s.say("gun_confirmed", author=gun["confirmed_by"])
    key = words.get(gun["state"])
    return "" if key is None else s.speech.words[key]


def lists(s: Saying) -> Model:
    publication = s.board["publication"]
    rows = [_list_row(s, row) for row in s.board["posting"]]
    return {
        "first": [row for row in rows if row["main"] or row["prize"] or row["state"] != "provisional"],
        "others": [row for row in rows if not (row["main"] or row["prize"] or row["state"] != "provisional")],
        "publication": s.speech.words["no_publication"]
        if publication is None
        else s.say("publication", n=publication["number"], hour=s.hour(publication["at_us"])),
    }


def _list_row(s: Saying, row: Mapping[str, Any]) -> Model:
    protests = ""
    if row["protest_until_us"] is not None and row["state"] == "posted":
        protests = s.say("protests_until", hour=s.hour(row["protest_until_us"]))
    return {
        **row,
        "title": s.text(row["title"]),
        "placed_said": s.say("places_n", n=s.count(row["placed"])),
        "state_word": s.speech.words[f"state_{row['state']}"],
        "protests": protests,
    }


def log(s: Saying, shown: int = LOG_SHOWN) -> Model:
    rows: Sequence[Mapping[str, Any]] = s.board["shift_log"]["rows"][:shown]
    return {"rows": [log_row(s, row) for row in rows]}


def log_row(s: Saying, row: Mapping[str, Any]) -> Model:
    return {
        "number": row["number"],
        "hour": s.hour(row["at_us"]),
        "author": row["author"] or s.speech.words["engine"],
        "text": s.text(row["text"]),
        "withdrawn": row["withdrawn"],
    }


def arming(s: Saying) -> Model:
    found, armed = s.board["arming"], s.board["armed"]
    open_checks = [check for check in found["checks"] if check["state"] != "ok"]
    gone = any(wave["gun_us"] is not None for wave in s.board["guns_heard"]["waves"])
    return {
        "checks": [
            {
                "id": check["id"],
                "text": s.text(check["text"]),
                "state": check["state"],
                "word": s.speech.words[f"check_{check['state']}"],
            }
            for check in found["checks"]
        ],
        "armed": armed["armed"],
        "said": s.say("armed", hour=s.hour(armed["at_us"]), author=armed["author"])
        if armed["armed"]
        else s.speech.words["not_armed"],
        "open": len(open_checks),
        "open_ids": " ".join(check["id"] for check in open_checks),
        "show": not gone,
    }


def course(s: Saying) -> Model:
    found = s.board["on_course"]
    return {
        "count": s.count(found["count"]),
        "more": found["more"],
        "rows": [course_row(s, row) for row in found["rows"]],
        "abandons": [
            {
                **row,
                "said": s.say(
                    "abandoned_at", hour=s.hour(row["at_us"])[:5], place=_place(s, row), author=row["author"]
                ),
            }
            for row in found["abandons"]
        ],
    }


def _place(s: Saying, row: Mapping[str, Any]) -> str:
    metres = row["metres"]
    km = "" if metres is None else f"km {metres / 1000:g}".replace(".", "," if s.speech.language.value == "fr" else ".")
    return ", ".join(part for part in (row["place"], km) if part) or "–"


def course_row(s: Saying, row: Mapping[str, Any]) -> Model:
    late, due = row["overdue_us"], row["expected_us"]
    within = "" if late else f" ±\u202f{s.span(row['plus_minus_us'] or 0)}"  # of who is overdue, how late says more
    return {
        **row,
        "point": s.point(row["point_id"]),
        "hour": s.hour(row["at_us"]),
        "overdue": "" if not late else s.say("overdue_by", time=s.span(late)),
        "expected": "" if due is None else f"≈\u202f{s.hour(due)[:5]}{within}",
    }


PANES: Final[Mapping[str, tuple[Callable[[Saying], Model], frozenset[str]]]] = {
    "head": (head, frozenset({"race", "field", "points", "alarms"})),
    "totals": (totals, frozenset({"totals", "journal", "guns_heard", "behind"})),
    "alarms": (alarms, frozenset({"alarms"})),
    "decisions": (decisions, frozenset({"decisions"})),
    "guns": (guns, frozenset({"guns_heard", "phase"})),
    "lists": (lists, frozenset({"posting", "publication"})),
    "log": (log, frozenset({"shift_log"})),
    "arming": (arming, frozenset({"arming", "armed", "guns_heard"})),
    "course": (course, frozenset({"on_course"})),
}
"""Each pane: what makes its model, and the sections it hangs on."""
