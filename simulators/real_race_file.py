"""The race file of the Cherry Blossom Ten Mile 2010, with the readers where the caller wants them.

Owns a text; what is in it was published or, where it says so, assumed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

SOURCES: Final = ("start", "mile5", "finish")

_CONNECT: Final[Mapping[str, str]] = {
    "start": "serial:/dev/ttyUSB0?baud=115200",
    "mile5": "collector",
    "finish": "serial:/dev/ttyUSB1?baud=115200",
}

_HEAD: Final = """\
# Cherry Blossom Ten Mile Run, Washington DC, 11 April 2010, run again from its published results.

[event]
id = "cherry_blossom_2010"
name = "Cherry Blossom Ten Mile"
date = 2010-04-11
zone = "America/New_York"
languages = ["en"]

[course]
version = "2010"

[start]
gun_origin = "race"
window_minutes = 40
net_without_start = "gun"

[[waves]]
id = "1"
gun = 07:40:00
fired = 07:40:00

[[points]]
id = "START"
kind = "start"
km = 0

[[points]]
id = "MILE5"
name = "5 miles"
kind = "split"
km = 8.047
minimum_minutes = 12

[[points]]
id = "FINISH"
kind = "finish"
km = 16.093
minimum_minutes = 40
"""

_LISTS: Final = """\
[categories]
from = "roster"
order = [{order}]

# Places are by net time; the list knows no place over both sexes, `scratch` is for the page.

[[lists]]
id = "scratch"
title = "Overall"
clock = "net"
main = "overall"

[[lists]]
id = "sex"
title = "By sex"
clock = "net"
per = "sex"
main = "sex"

[[lists]]
id = "category"
title = "By age group"
clock = "net"
per = "category"
main = "category"

[assumed]
"waves.gun" = "the hour of the gun was not published with the results"
"mats" = "one line at start, 5 miles and finish is certain; backup mats were not published"
"points.minimum_minutes" = "set below the fastest published times"
"""


def real_race_file(categories: Sequence[str], connect: Mapping[str, str] | None = None) -> str:
    """The text of the race file.

    Args:
        categories: codes of the roster's categories, in their order.
        connect: how to reach a source of `SOURCES`, in the words of a race file; the others stay as in life.
    """
    reached = {**_CONNECT, **(connect or {})}
    parts = [_HEAD]
    for source in SOURCES:
        point = source.upper()
        parts.append(
            f'[[mats]]\nid = "{point}-MAIN"\npoint = "{point}"\nsource = "{source}"\nlabel = "01"\n\n'
            f'[[mats]]\nid = "{point}-BACKUP"\npoint = "{point}"\nrole = "backup"\nsource = "{source}"\n'
            'label = "02"\nto_line_m = 3\n'
        )
    parts += [f'[[sources]]\nid = "{id_}"\nprotocol = "ipico"\nconnect = "{reached[id_]}"\n' for id_ in SOURCES]
    parts.append(_LISTS.format(order=", ".join(f'"{code}"' for code in categories)))
    return "\n".join(parts)
