"""Who may say and hear what on a race's broker (docs/collector_protocol.md, section Topics), and the passwords.

A user's name is its source; `engine` is the engine. Pure, except for the password file. The embedded broker asks this
module; a Mosquitto gets the same rights as files (`mosquitto_config`).
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from calanque.errors import FolderRefused
from readers.collector_topics import ROOT, is_name
from readers.mqtt_filters import matches

ENGINE: Final = "engine"
PASSWORDS: Final = "broker.passwords"
"""The file in the race folder: `user:password` lines, for the owner only."""

MAX_MESSAGE: Final = 1024 * 1024
"""Bytes of one message that a broker passes on. Four times what the protocol allows, so that the engine sees and tells
of a collector that sends too much; beyond it the broker lets go of the sender without reading on."""
TOPIC_MAX: Final = 65_543
"""Bytes of a packet of MQTT that are not its message, at most: the topic with its length, number and header."""

_SOURCE_SAYS: Final = ("reads", "status", "reply")
_ITERATIONS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rights:
    """The rights on one race's broker of `engine` and of the sources that have a password.

    `topics`: of readers that speak MQTT themselves, source -> the filter they publish under, and nothing else.
    """

    race: str
    passwords: Mapping[str, str]
    topics: Mapping[str, str] = field(default_factory=dict)

    def admits(self, user: str | None, password: str | None) -> bool:
        known = self.passwords.get(user or "")
        return known is not None and hmac.compare_digest(known.encode(), (password or "").encode())

    def may_publish(self, user: str | None, topic: str) -> bool:
        if user not in self.passwords:
            return False
        if user is not None and user in self.topics:
            return matches(self.topics[user], topic)
        levels = topic.split("/")
        if levels[:3] != [*ROOT.split("/"), self.race]:
            return False
        if user != ENGINE:
            return len(levels) == 5 and levels[3] == user and levels[4] in _SOURCE_SAYS
        match levels[3:]:
            case ["engine"]:
                return True
            case [source, "command"]:
                return is_name(source)
            case [source, "confirmed", store]:
                return is_name(source) and is_name(store)
        return False

    def may_subscribe(self, user: str | None, topic_filter: str) -> bool:
        """The engine hears all of the protocol; a source hears what is said to it, and nothing of others."""
        if user not in self.passwords:
            return False
        if user == ENGINE:
            # A broker asks with the topic of a message, too, before it hands it over.
            own_word = topic_filter.split("/")[0] == "calanque"
            return own_word or any(
                topic_filter == known or matches(known, topic_filter) for known in self.topics.values()
            )
        if user in self.topics:
            return False
        own = f"{ROOT}/{self.race}"
        return topic_filter == f"{own}/engine" or topic_filter.startswith(f"{own}/{user}/")


def ensure_passwords(folder: Path, sources: Iterable[str]) -> dict[str, str]:
    """The passwords of `engine` and of each source, made where they are missing; the file is the owner's only.

    Raises: FolderRefused when a source cannot be a user name, or the file cannot be read or written.
    """
    users = [ENGINE, *sources]
    for user in users:
        if not is_name(user):
            raise FolderRefused(
                f"{user!r} cannot be a source of a broker: 1 to 64 of a-z 0-9 . _ -, letter or digit first"
            )
    if len(users) != len(set(users)):
        raise FolderRefused(f"a source of a broker cannot be called {ENGINE!r}, nor can two have one name: {users[1:]}")
    file = folder / PASSWORDS
    try:
        known = read_passwords(folder) if file.exists() else {}
        missing = {user: secrets.token_urlsafe(18) for user in users if user not in known}
        if missing:
            known |= missing
            text = "# Made by Calanque: one user:password a line. Each collector is given its own line.\n"
            write_whole(file, text + "".join(f"{user}:{word}\n" for user, word in known.items()))
    except OSError as error:
        raise FolderRefused(f"the password file {file} cannot be used: {error.strerror}") from error
    return known


def read_passwords(folder: Path) -> dict[str, str]:
    """User -> password. Raises: OSError when there is no file or it cannot be read."""
    lines = (folder / PASSWORDS).read_text(encoding="utf-8").splitlines()
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
    return {user.strip(): word.strip() for user, word in pairs}


def write_whole(file: Path, text: str) -> None:
    """Write a file of the owner's at once or not at all.

    Raises: OSError.
    """
    new = file.with_name(f".{file.name}.{os.getpid()}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    new.replace(file)


def mosquitto_config(
    race: str,
    passwords: Mapping[str, str],
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 1883,
    run_as: str | None = None,
    keep: bool = True,
    topics: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The files of a Mosquitto with the protocol's rights: file name -> text, to lie in `folder`.

    `run_as`: the system user Mosquitto changes to when it is started by root. `keep`: retained messages, and what waits
    for the engine, outlive a restart of the broker. `topics`: as in `Rights`.
    """
    lines = [
        f"listener {port} {host}",
        "allow_anonymous false",
        f"password_file {folder / 'mosquitto.passwords'}",
        f"acl_file {folder / 'mosquitto.acl'}",
        "# No limit on what waits for a client: Mosquitto would drop the rest without a word.",
        "max_queued_messages 0",
        "max_inflight_messages 0",
        "# The first is looked at once a message is whole; beyond the second the connection ends, unread.",
        f"message_size_limit {MAX_MESSAGE}",
        f"max_packet_size {MAX_MESSAGE + TOPIC_MAX}",
    ]
    if keep:
        # With readers that have no memory the broker is theirs: what waits there must survive it, and soon.
        every_s = 1 if topics else 60
        lines += ["persistence true", f"persistence_location {folder}/", f"autosave_interval {every_s}"]
    if topics:
        lines.append("persistent_client_expiration 14d")  # the engine of a race that is over takes nothing any more
    if run_as:
        lines.append(f"user {run_as}")
    return {
        "mosquitto.conf": "\n".join(lines) + "\n",
        "mosquitto.passwords": "".join(f"{user}:{_mosquitto_hash(word)}\n" for user, word in passwords.items()),
        "mosquitto.acl": _mosquitto_acl(race, passwords, topics or {}),
    }


def _mosquitto_acl(race: str, users: Iterable[str], topics: Mapping[str, str]) -> str:
    own = f"{ROOT}/{race}"
    parts = []
    for user in users:
        if user == ENGINE:
            rights = ["read calanque/#", f"write {own}/engine", f"write {own}/+/confirmed/+", f"write {own}/+/command"]
            rights += [f"read {heard}" for heard in topics.values()]
        elif user in topics:
            rights = [f"write {topics[user]}"]
        else:
            rights = [f"read {own}/engine", f"read {own}/{user}/#"]
            rights += [f"write {own}/{user}/{channel}" for channel in _SOURCE_SAYS]
        parts.append("\n".join([f"user {user}", *(f"topic {right}" for right in rights)]))
    return "\n\n".join(parts) + "\n"


def _mosquitto_hash(password: str) -> str:
    """Mosquitto 2's own form: PBKDF2 with SHA-512."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"
