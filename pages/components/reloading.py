"""A limited number of automatic reloads of pages while results are being computed, without JavaScript."""

from typing import NamedTuple

from django.http import HttpRequest

from dashboards_api.parsing import parse_int

PARAMETER = "reload"
# The seconds before each automatic reload. After the last reload, the page has only a link.
DELAYS = (2, 3, 5, 10)


class Reload(NamedTuple):
    """The link that reloads a page, and the next automatic reload, if there is one."""

    link: str
    seconds: int = 0
    path: str = ""


def plan_reload(request: HttpRequest, *, is_automatic: bool) -> Reload:
    """Return the reload of a page with queued results. Only the response to a GET request reloads automatically."""
    query = request.GET.copy()
    done = parse_int(query.pop(PARAMETER, ["0"])[0]) or 0
    link = f"{request.path}?{query.urlencode()}" if query else request.path
    if request.method != "GET" or not is_automatic or not done < len(DELAYS):
        return Reload(link)
    query[PARAMETER] = str(done + 1)
    return Reload(link, DELAYS[done], f"{request.path}?{query.urlencode()}")
