"""The ledger's page, for operators. What it shows comes from pods.ledger_api, which it polls."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pods.access import may_act_on_ledger, may_see_ledger
from pods.ledger_texts import ledger_texts
from pods.visits import Visit


@never_cache
@require_safe
def ledger_page(request: HttpRequest) -> HttpResponse:
    """Every viewer's socket and every upstream watch of this process, live."""
    visit = Visit.of(request)
    if visit.person.user_id is None:
        return redirect_to_login(request.get_full_path(), reverse("login"))
    if not may_see_ledger(request.user):
        return visit.say(403, _("The live ledger is for operators of the portal."))
    context = visit.context()
    context["texts"] |= {"ledger": ledger_texts()}
    context["config"] = {
        "may_act": may_act_on_ledger(request.user),
        "urls": {
            "ledger": reverse("api-ledger"),
            "end": reverse("api-ledger-end-viewer"),
            "restart": reverse("api-ledger-restart-watch"),
        },
    }
    return render(request, "pods/ledger.html", context)
