"""The Django application of the portal."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PodsConfig(AppConfig):
    """Registers the checks and the signals that keep the access version true."""

    name = "pods"
    verbose_name = "Clusters and rights"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from k8sportal.close_codes import allow_all
        from pods import checks, signals
        from pods.first_admin import create_after_migrating

        allow_all()
        checks.register_checks()
        signals.connect()
        post_migrate.connect(create_after_migrating, sender=self)
