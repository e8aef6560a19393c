"""URLs of sign-in, API keys and discovery: all routes below /api/ that are outside of a project."""

from typing import Any

from django.urls import path

from users.views.api_keys import CurrentKeyViewSet, PersonalAPIKeyViewSet
from users.views.discovery import MeViewSet, OrganizationViewSet
from users.views.projects import OrganizationProjectViewSet, ProjectListViewSet
from users.views.sign_in import SignInViewSet, SignOutViewSet

COLLECTION: dict[str, Any] = {"get": "list", "post": "create"}
KEY_ACTIONS: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
PROJECT_ACTIONS: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update"}

urlpatterns = [
    path("login/", SignInViewSet.as_view({"post": "create"})),
    path("logout/", SignOutViewSet.as_view({"post": "create"})),
    path("users/@me/", MeViewSet.as_view({"get": "retrieve"})),
    path("personal_api_keys/", PersonalAPIKeyViewSet.as_view(COLLECTION)),
    path("personal_api_keys/@current/", CurrentKeyViewSet.as_view({"get": "retrieve"})),
    path("personal_api_keys/<str:id>/", PersonalAPIKeyViewSet.as_view(KEY_ACTIONS)),
    path("personal_api_keys/<str:id>/roll/", PersonalAPIKeyViewSet.as_view({"post": "roll"})),
    path("organizations/", OrganizationViewSet.as_view({"get": "list"})),
    path("organizations/<str:organization_id>/", OrganizationViewSet.as_view({"get": "retrieve"})),
    path("organizations/<str:organization_id>/projects/", OrganizationProjectViewSet.as_view(COLLECTION)),
    path(
        "organizations/<str:organization_id>/projects/<str:project_id>/",
        OrganizationProjectViewSet.as_view(PROJECT_ACTIONS),
    ),
    path("projects/", ProjectListViewSet.as_view({"get": "list"})),
]
