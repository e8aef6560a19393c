from typing import Any

from django.core.management.base import BaseCommand

from dashboards.changelog.versions import recount_dashboards
from users.models import Project


class Command(BaseCommand):
    help = "Count the dashboards of each project anew, and say where the kept count was wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for project_id in Project.objects.order_by("pk").values_list("pk", flat=True):
            kept, counted = recount_dashboards(project_id)
            if kept != counted:
                wrong += 1
                self.stdout.write(f"Project {project_id}: {kept} was kept, {counted} are there.")
        self.stdout.write(f"{wrong} counts were wrong." if wrong else "Every count was right.")
