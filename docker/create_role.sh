# The entry point of the PostgreSQL image runs this script once, on an empty volume. The script creates a role that owns
# one database. The superuser has no password, and can connect only through the socket inside the container.
psql --username postgres --no-password --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE dashboards LOGIN PASSWORD :'password';
CREATE DATABASE dashboards OWNER dashboards ENCODING 'UTF8' TEMPLATE template0;
ALTER ROLE postgres PASSWORD NULL;
SQL
