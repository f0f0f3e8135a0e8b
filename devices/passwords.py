"""What does a device show the broker? An MQTT password of 160 random bits, told once and kept as bcrypt only."""

import base64
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import bcrypt

PASSWORD_BITS = 160
BCRYPT_COST = 4
"""The lowest: brokers check it at every connection, and nobody guesses 160 random bits."""
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
