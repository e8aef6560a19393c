"""Windows of rate limits."""

from django.db import models


class RateWindow(models.Model):
    """The requests that all processes have reserved for one key in one window. `taken` may exceed the limit.

    There is no foreign key, because a reservation would lock the row of the key, and would fail if the key is deleted
    at that time. Rows of deleted keys are deleted after their window has expired. Rotating a key keeps its id and its
    windows.
    """

    key_id = models.CharField(max_length=50, editable=False)
    seconds = models.PositiveIntegerField()
    # Unix time. Windows start at multiples of their length, so they are the same in every process.
    ends = models.BigIntegerField(db_index=True)
    taken = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_id", "seconds", "ends"], name="one_row_for_each_rate_window")
        ]

    def __str__(self) -> str:
        return f"{self.taken} requests in {self.seconds} seconds until {self.ends}"
