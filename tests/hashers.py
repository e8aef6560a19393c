"""The password hasher of the test suite, which is fast and fails each test that uses it inside a transaction."""

from typing import ClassVar

from django.contrib.auth.hashers import MD5PasswordHasher

from dashboards_api.db.transactions import is_in_transaction


class OutsideTransactions(MD5PasswordHasher):
    """A fast hasher that refuses to run inside a transaction, whose locks would be held while a password is hashed."""

    calls: ClassVar[int] = 0

    def encode(self, password: str, salt: str) -> str:
        assert not is_in_transaction(), "a password was hashed inside a transaction"
        OutsideTransactions.calls += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        assert not is_in_transaction(), "a password was verified inside a transaction"
        return super().verify(password, encoded)
