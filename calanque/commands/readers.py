"""`calanque readers`: what readers can be listened to, from the table that the program itself works with."""

from calanque.exit_codes import OK
from calanque.reader_words import facts, kind_called
from calanque.terminal import say
from timing.reader_kinds import READER_KINDS, ReaderKind


def readers_command(name: str | None) -> int:
    if name is not None:
        _tell(kind_called(name))
        return OK
    longest = max(len(kind.name) for kind in READER_KINDS)
    for kind in READER_KINDS:
        say(f"  {kind.name.ljust(longest)}  {kind.title}")
        say(f"  {' ' * longest}  {', '.join(kind.transports)}; past reads: {kind.rewind or 'none'}")
    say('`calanque readers NAME` tells more of one; in a race file it is called `protocol = "NAME"`')
    return OK


def _tell(kind: ReaderKind) -> None:
    say(f'{kind.title}: `protocol = "{kind.name}"` in the race file')
    rows = facts(kind)
    widest = max(len(asked) for asked, _ in rows)
    for asked, answer in rows:
        say(f"  {asked.ljust(widest)}  {answer.replace('`', '')}")
