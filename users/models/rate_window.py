"""Windows of rate limits."""

from django.db import models


class RateWindow(models.Model):
    """The requests that all processes have reserved for one key in one window. `taken` may exceed the limit.

    There is no foreign key: a reservation would lock the row of the key, and fail if the key is deleted at that moment.
    Rows of deleted keys are deleted when their window has expired. Rolling a key keeps its id and its windows.
    """

    key_id = models.CharField(max_length=50, editable=False)
    seconds = models.PositiveIntegerField()
    # In seconds since 1970. Windows start at multiples of their length, which is the same in every process.
    ends = models.BigIntegerField(db_index=True)
    taken = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_id", "seconds", "ends"], name="one_row_for_each_rate_window")
        ]

    def __str__(self) -> str:
        return f"{self.taken} requests in {self.seconds} seconds until {self.ends}"
