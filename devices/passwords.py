"""What does a device show the broker? An MQTT password of 160 random bits, told once and kept as hashes only.

As bcrypt, which the NATS server and EMQX read, and as PBKDF2-SHA512 in the words of `mosquitto_passwd`, which Mosquitto reads.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import bcrypt

PASSWORD_BITS = 160
BCRYPT_COST = 4
"""The lowest: brokers check it at every connection, and nobody guesses 160 random bits."""
PBKDF2_ROUNDS = 1
"""The lowest, for the same reason: Mosquitto checks every connected device again whenever it reads its users."""
PASSWORD_BYTES_LIMIT = 72
_SALT_BYTES = 12
"""What Mosquitto insists on."""
HASHED_AT_ONCE = 1000


def random_password() -> str:
    """Return a new password, as 32 letters and digits."""
    return base64.b32encode(secrets.token_bytes(PASSWORD_BITS // 8)).decode().lower()


def hash_of(password: str) -> str:
    """Return what is stored of a password, as brokers read it."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_COST)).decode()


def hashes_of(passwords: Sequence[str], progress: Callable[[int], None] = lambda done: None) -> list[str]:
    """Return what is stored of many passwords, on all processors; `progress` hears how many are done."""
    hashes: list[str] = []
    if len(passwords) == 1:
        return [hash_of(passwords[0])]
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="bcrypt") as threads:
        for start in range(0, len(passwords), HASHED_AT_ONCE):
            hashes += threads.map(hash_of, passwords[start : start + HASHED_AT_ONCE])
            progress(len(hashes))
    return hashes


def mosquitto_hash_of(password: str) -> str:
    """Return what Mosquitto keeps of a password: `$7$rounds$salt$hash`."""
    salt = secrets.token_bytes(_SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, PBKDF2_ROUNDS)
    return f"$7${PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def matches(password: str, bcrypt_hash: str, mosquitto_hash: str | None) -> bool:
    """Say whether that is the password, by the cheaper hash where there is one; takes as long for a wrong one."""
    if mosquitto_hash is not None:
        _, _, rounds, salt, wanted = mosquitto_hash.split("$")
        derived = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(rounds))
        return hmac.compare_digest(derived, base64.b64decode(wanted))
    # what is longer, bcrypt refuses or cuts off; none of ours is
    return len(password.encode()) <= PASSWORD_BYTES_LIMIT and bcrypt.checkpw(password.encode(), bcrypt_hash.encode())
