"""What every page's frame needs, the sign-in and the admin included."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from k8sportal import __version__
from pods.modules import modules_of

register = template.Library()


@register.simple_tag
def demo_mode() -> bool:
    """Whether this portal shows the embedded demo cluster, which every page then says."""
    return bool(settings.PORTAL_DEMO)


@register.simple_tag
def preload_modules(script: str) -> SafeString:
    """Links that ask for `script` and all that it imports at once."""
    names = (script, *modules_of(script))
    return format_html_join("", '<link rel="modulepreload" href="{}">', ((static(name),) for name in names))


@register.simple_tag
def portal_version() -> str:
    """The version that runs."""
    return __version__


@register.simple_tag
def most_namespaces() -> int:
    """So many can be shown at once."""
    return int(settings.PORTAL_MAX_NAMESPACES)
