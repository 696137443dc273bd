"""What every page's frame needs, the sign-in and the admin included."""

from django import template
from django.conf import settings

from k8sportal import __version__

register = template.Library()


@register.simple_tag
def demo_mode() -> bool:
    """Whether this portal shows the embedded demo cluster, which every page then says."""
    return bool(settings.PORTAL_DEMO)


@register.simple_tag
def portal_version() -> str:
    """The version that runs."""
    return __version__


@register.simple_tag
def most_namespaces() -> int:
    """So many can be shown at once."""
    return int(settings.PORTAL_MAX_NAMESPACES)
