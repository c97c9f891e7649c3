#!/bin/bash
# Run once, when PostgreSQL makes its cluster: a database for each service that keeps something, with an
# owner who can reach that one and nothing else.
(
    set -eu
    for name in auth chat; do
        psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
            --set=name="$name" <<'SQL'
\set password `cat /passwords/:name/password`
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
    done
)
