"""Which installation this is: an id drawn once, kept in the database that its replicas share."""

import secrets

from pods.models import Installation


def installation_id() -> str:
    """The id, drawn by whoever asks first. Raises DatabaseError."""
    row, _ = Installation.objects.get_or_create(pk=1, defaults={"name": f"k8sportal-{secrets.token_hex(6)}"})
    return row.name
