# Read once by the entry point of the image of PostgreSQL, on an empty volume: a role that owns one database, and a
# superuser without a password, whom only the socket inside of the container lets in.
psql --username postgres --no-password --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE dashboards LOGIN PASSWORD :'password';
CREATE DATABASE dashboards OWNER dashboards ENCODING 'UTF8' TEMPLATE template0;
ALTER ROLE postgres PASSWORD NULL;
SQL
