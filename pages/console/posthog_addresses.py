"""Redirects from URLs of PostHog's pages, which PostHog's tools and scripts print, to pages of the console."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.models import Dashboard, Insight, Tile
from dashboards_api.errors import NotFound
from dashboards_api.parsing import parse_int
from pages.console.base import ConsoleView
from users.auth.credentials import CURRENT_PROJECT, BrowserSession, get_current_membership
from users.models import Membership

DASHBOARDS = ("dashboard", "dashboards")
INSIGHTS = ("insights", "insight")
# Other pages of a project, which redirect to the list of dashboards.
HOME = ("home", "homepage", "")


class PostHogProjectAddressView(ConsoleView):
    """Redirects from paths such as `/project/1/dashboard/7`. The target page checks access."""

    prefix = ""

    def get(self, request: HttpRequest, project_id: str, rest: str = "") -> HttpResponse:
        kind, _, reference = f"{self.prefix}{rest}".strip("/").partition("/")
        reference = reference.partition("/")[0]
        number = self.enter(CURRENT_PROJECT).project_id if project_id == CURRENT_PROJECT else parse_int(project_id)
        if number is None or kind not in (*DASHBOARDS, *INSIGHTS, *HOME):
            raise NotFound("There is no page at this URL.")
        if reference and kind in INSIGHTS:
            return redirect_to_insight(self.enter(str(number)), reference)
        dashboard = parse_int(reference)
        return redirect_to_project(number, None if dashboard is None else f"/{dashboard}")


class PostHogAddressView(ConsoleView):
    """Redirects from PostHog's paths without a project, such as `/dashboard/7`, to one of the user's projects."""

    kind = ""

    def get(self, request: HttpRequest, reference: str = "") -> HttpResponse:
        reference = reference.partition("/")[0]
        if not reference:
            return redirect_to_project(get_current_membership(self.user, BrowserSession()).project_id)
        memberships = Membership.objects.for_user(self.user.pk).with_project()
        if self.kind in INSIGHTS:
            found = Insight.objects.not_deleted().by_reference(reference.replace("\0", ""))
            owner = found.filter(project__in=memberships.values("project")).order_by("pk").first()
            membership = memberships.filter(project=owner.project_id).first() if owner else None
            if membership is None:
                raise NotFound("There is no such insight in your projects.")
            return redirect_to_insight(membership, reference)
        dashboards = Dashboard.objects.not_deleted().filter(pk=parse_int(reference) or 0)
        dashboard = dashboards.filter(project__in=memberships.values("project")).first()
        if dashboard is None:
            raise NotFound("There is no such dashboard in your projects.")
        return redirect_to_project(dashboard.project_id, f"/{dashboard.pk}")


def redirect_to_project(project_id: int, rest: str | None = None) -> HttpResponse:
    return HttpResponseRedirect(f"/projects/{project_id}/dashboards{rest or ''}")


def redirect_to_insight(membership: Membership, reference: str) -> HttpResponse:
    """Return a redirect to a dashboard that shows an insight. Raises NotFound."""
    insight = (
        Insight.objects.in_project(membership.project).not_deleted().by_reference(reference.replace("\0", "")).first()
    )
    if insight is None:
        raise NotFound("There is no such insight in this project.")
    tiles = Tile.objects.filter(insight=insight, deleted=False, dashboard__deleted=False)
    tile = tiles.order_by("dashboard_id", "pk").first()
    if tile is None:
        name = insight.name or insight.derived_name or "This insight"
        raise NotFound(f"{name} is not on any dashboard. Insights are shown only on dashboards.")
    return redirect_to_project(membership.project_id, f"/{tile.dashboard_id}#tile-{tile.pk}")
