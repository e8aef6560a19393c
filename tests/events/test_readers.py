"""The data of a project on which queries depend: types of properties, imported tables, and the data version."""

from events import models
from events.models import DataVersion, PropertyDefinition, PropertyOwner
from events.readers import ImportedTable, read_data_version, read_property_types, read_tables
from queries.hogql.tables import build_user_table
from users.models import Project


def test_property_types_are_those_of_the_project(home: Project, away: Project) -> None:
    for project, owner, name, kind in (
        (home, PropertyOwner.EVENT, "amount", "Numeric"),
        (home, PropertyOwner.EVENT, "Amount", "String"),
        (home, PropertyOwner.PERSON, "amount", "Boolean"),
        (away, PropertyOwner.EVENT, "amount", "DateTime"),
    ):
        PropertyDefinition.objects.create(project=project, owner=owner, name=name, property_type=kind)
    types = read_property_types(home.pk)
    assert types.event == {"Amount": "String", "amount": "Numeric"}
    assert types.person == {"amount": "Boolean"}


def test_type_of_a_property_is_that_of_most_values() -> None:
    definition = PropertyDefinition(string_count=2, numeric_count=3, datetime_count=1)
    definition.infer_property_type()
    assert definition.property_type == "Numeric"
    definition.string_count = 3
    definition.infer_property_type()
    assert definition.property_type == "String"


def test_imported_tables_are_those_of_the_project(home: Project, away: Project) -> None:
    columns = {"id": "Int64", "paid": "Nullable(Bool)"}
    for project, name in ((home, "orders"), (home, "Orders"), (away, "orders")):
        models.ImportedTable.objects.create(
            project=project, name=name, physical_name=f"table_{project.pk}_{len(name)}{name[0] == 'O':d}",
            columns=columns, row_count=3,
        )  # fmt: skip
    tables = read_tables(home.pk)
    assert tables == [
        ImportedTable("Orders", f"table_{home.pk}_61", columns),
        ImportedTable("orders", f"table_{home.pk}_60", columns),
    ]
    assert set(build_user_table(*tables[0]).columns) == {"id", "paid"}


def test_data_version_is_that_of_the_project(home: Project, away: Project) -> None:
    assert read_data_version(home.pk) == 0
    DataVersion.objects.create(project=home, number=7)
    assert (read_data_version(home.pk), read_data_version(away.pk)) == (7, 0)
