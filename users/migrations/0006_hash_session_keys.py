"""Sessions of earlier releases are stored under their cookies: from now on under hashes of these, see session_store.py.

Their browsers stay signed in. The way back changes nothing: it cannot be found out what was hashed, so people sign in
again with the earlier release.
"""

import hashlib

from django.db import migrations

COOKIE_LENGTH = 32
ROW_KEY_LENGTH = 40


def hash_session_keys(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == 'sqlite':
        # Without it the old values would stay in the file, and in its backups, until something is written over them.
        with connection.cursor() as cursor:
            cursor.execute('PRAGMA secure_delete = ON')
    sessions = apps.get_model('sessions', 'Session').objects.using(connection.alias)
    for key in list(sessions.values_list('session_key', flat=True)):
        if len(key) == COOKIE_LENGTH:
            row_key = hashlib.sha256(key.encode()).hexdigest()[:ROW_KEY_LENGTH]
            sessions.filter(session_key=key).update(session_key=row_key)


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0005_last_write'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(hash_session_keys, migrations.RunPython.noop, elidable=False),
    ]
