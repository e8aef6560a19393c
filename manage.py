#!/usr/bin/env python
"""The command line: `python manage.py serve`, `create_api_key`, `migrate` and other commands."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
    from dashboards_api.command_line import run

    run(sys.argv)


if __name__ == "__main__":
    main()
