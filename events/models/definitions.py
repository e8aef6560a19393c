"""The definitions of a project's data: names of events, properties with their types, and imported tables."""

from uuid import uuid4

from django.db import models
from django.utils.timezone import now

from dashboards_api.db.fields import CodePointField, JSONTextField
from users.models import Project

NAME_MAX_LENGTH = 400
TABLE_NAME_MAX_LENGTH = 63


class EventDefinition(models.Model):
    """The definition of an event that was imported into a project."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="event_definitions")
    name = CodePointField(max_length=NAME_MAX_LENGTH)
    created_at = models.DateTimeField(default=now, editable=False)
    # The time of the latest event.
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_definition_per_event")]

    def __str__(self) -> str:
        return str(self.name)


class PropertyOwner(models.TextChoices):
    EVENT = "event"
    PERSON = "person"


class PropertyType(models.TextChoices):
    STRING = "String"
    NUMERIC = "Numeric"
    BOOLEAN = "Boolean"
    DATETIME = "DateTime"


class PropertyDefinition(models.Model):
    """A property of events or persons, with the most frequent type of its values.

    The counts include all imports. A row that was imported twice is counted twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="property_definitions")
    owner = models.CharField(max_length=6, choices=PropertyOwner.choices)
    name = CodePointField(max_length=NAME_MAX_LENGTH)
    property_type = models.CharField(max_length=8, choices=PropertyType.choices, default=PropertyType.STRING)
    string_count = models.BigIntegerField(default=0)
    numeric_count = models.BigIntegerField(default=0)
    boolean_count = models.BigIntegerField(default=0)
    datetime_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=now, editable=False)
    # The time of the latest event with the property, or of the latest import of persons with the property.
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "owner", "name"], name="one_definition_per_property")]

    def __str__(self) -> str:
        return f"{self.owner}: {self.name} ({self.property_type})"

    def infer_property_type(self) -> None:
        """Set the most frequent type. In a tie, text takes precedence, because any value can be read as text."""
        counts = {
            PropertyType.STRING: self.string_count,
            PropertyType.NUMERIC: self.numeric_count,
            PropertyType.DATETIME: self.datetime_count,
            PropertyType.BOOLEAN: self.boolean_count,
        }
        self.property_type = max(counts, key=lambda kind: counts[kind])


class ImportedTable(models.Model):
    """An imported table, which HogQL queries reference by its name.

    Each import creates a new table in the store. A change to `physical_name` replaces all rows atomically.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imported_tables")
    name = CodePointField(max_length=TABLE_NAME_MAX_LENGTH)
    physical_name = models.CharField(max_length=TABLE_NAME_MAX_LENGTH, unique=True)
    # Maps the names of columns to their ClickHouse types, in the order of the source.
    columns = JSONTextField()
    row_count = models.BigIntegerField()
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_table_per_name")]

    def __str__(self) -> str:
        return str(self.name)
