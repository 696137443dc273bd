"""All addresses of the portal's pages, API and probes. The WebSocket's is in pods.routing as well."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import path
from django.views.i18n import set_language

from pods import api, arrival, health_views, ledger_api, ledger_views, plain, pod_api, views, views_api

urlpatterns = [
    path("", views.home, name="home"),
    path("pods/", views.pods_page, name="pods"),
    path("pods/plain/", plain.plain_page, name="pods-plain"),
    path("pods/<str:cluster>/<str:namespace>/<str:pod>/", views.pod_page, name="pod"),
    path("api/v1/pods", api.pods_list, name="api-pods"),
    path("api/v1/pods/<str:cluster>/<str:namespace>/<str:pod>", pod_api.pod_detail, name="api-pod"),
    path("ws/pods/", arrival.arrived, name="socket"),
    path("ws/logs/", arrival.arrived, name="log-socket"),
    path("api/v1/overview", api.overview, name="api-overview"),
    path("api/v1/views", views_api.views, name="api-views"),
    path("api/v1/views/<int:view_id>", views_api.view, name="api-view"),
    path("ledger/", ledger_views.ledger_page, name="ledger"),
    path("api/v1/ledger", ledger_api.ledger, name="api-ledger"),
    path("api/v1/ledger/end-viewer", ledger_api.viewer_end, name="api-ledger-end-viewer"),
    path("api/v1/ledger/restart-watch", ledger_api.watch_restart, name="api-ledger-restart-watch"),
    path("login/", LoginView.as_view(redirect_authenticated_user=False), name="login"),
    path("logout/", views.sign_out, name="logout"),
    path("language/", set_language, name="language"),
    path("admin/", admin.site.urls),
    path("livez", health_views.livez, name="livez"),
    path("readyz", health_views.readyz, name="readyz"),
    path("metrics", health_views.metrics, name="metrics"),
]
