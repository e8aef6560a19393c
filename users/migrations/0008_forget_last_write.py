from django.db import migrations


class Migration(migrations.Migration):
    """The column stays: the earlier release, which reads it, may run beside this one during a rolling upgrade."""

    dependencies = [
        ("users", "0007_invitations"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("user", "wrote_at")]),
    ]
