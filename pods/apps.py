"""The Django application of the portal."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PodsConfig(AppConfig):
    """Registers the checks and the signals that keep the access version true; compiles the translations."""

    name = "pods"
    verbose_name = _("Clusters and rights")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from k8sportal.close_codes import allow_all
        from k8sportal.translations import compile_all
        from pods import checks, signals
        from pods.first_admin import create_after_migrating

        allow_all()
        for folder in settings.LOCALE_PATHS:
            compile_all(Path(folder))
        checks.register_checks()
        signals.connect()
        post_migrate.connect(create_after_migrating, sender=self)
