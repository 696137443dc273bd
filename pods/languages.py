"""Choosing the language of the pages."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Django's own view. A `next` that leads to another host leads home, under the path prefix as well."""
    host, secure = request.get_host(), request.is_secure()
    if not url_has_allowed_host_and_scheme(request.POST.get("next"), {host}, require_https=secure):
        posted = request.POST.copy()
        posted["next"] = reverse("home")
        request.POST = posted  # type: ignore[assignment]  # a QueryDict that can be changed is one
    return set_language(request)
