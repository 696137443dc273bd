"""The Django application of the portal."""

from django.apps import AppConfig


class PodsConfig(AppConfig):
    """Registers the checks and the signals that keep the access version true."""

    name = "pods"
    verbose_name = "Clusters and rights"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pods import checks, signals

        checks.register_checks()
        signals.connect()
