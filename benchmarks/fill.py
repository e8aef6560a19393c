"""A script that fills the migrated database of DATABASE_URL: `python -m benchmarks.fill --dashboards N [--tiles 10]`.

The last line of the output is JSON: an API key of an admin, and the ids of the projects Big (N dashboards) and Small
(1,000 dashboards).
"""

import argparse
import json
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dashboards", type=int, required=True)
    parser.add_argument("--tiles", type=int, default=10, help="of each dashboard (default: %(default)s)")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
    django.setup()

    from benchmarks.bulk_insert import analyze_tables
    from benchmarks.content import fill

    filled = fill(options.dashboards, tiles=options.tiles)
    analyze_tables()
    print(json.dumps(filled._asdict()))


if __name__ == "__main__":
    main()
