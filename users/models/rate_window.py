"""How many requests of an API key were granted in a stretch of time."""

from django.db import models


class RateWindow(models.Model):
    """What processes took for one key out of one window; where they asked for too much, more than there was.

    The key is named and not referred to: taking would lock its row, and fail where it is deleted at the same time. What
    is left of a deleted key goes when its window is over, as every row does. A key that is rolled keeps its id, and
    with it what it has used.
    """

    key_id = models.CharField(max_length=50, editable=False)
    seconds = models.PositiveIntegerField()
    # In seconds since 1970: windows begin at whole multiples of their length, in every process.
    ends = models.BigIntegerField(db_index=True)
    taken = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_id", "seconds", "ends"], name="one_row_for_each_rate_window")
        ]

    def __str__(self) -> str:
        return f"{self.taken} requests in {self.seconds} seconds until {self.ends}"
