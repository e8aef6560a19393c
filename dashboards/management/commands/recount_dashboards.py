from typing import Any

from django.core.management.base import BaseCommand

from dashboards.changelog.versions import recount_dashboards
from users.models import Project


class Command(BaseCommand):
    help = "Count the dashboards of each project, and correct wrong stored counts."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for project_id in Project.objects.order_by("pk").values_list("pk", flat=True):
            kept, counted = recount_dashboards(project_id)
            if kept != counted:
                wrong += 1
                self.stdout.write(f"Project {project_id}: the stored count {kept} was corrected to {counted}.")
        self.stdout.write(f"{wrong} counts were corrected." if wrong else "All counts were correct.")
