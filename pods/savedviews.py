"""Saved views: who has which, and who is offered those of others. Synchronous ORM."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.urls import reverse

from pods.access import AccessTable, Person
from pods.clock import rfc3339
from pods.domain.rights import NamespaceRule
from pods.domain.scope import ALL_NAMESPACES
from pods.models import SavedView

MAX_VIEWS = 100
# Of others' views the latest are offered, so many of them.
MAX_SHARED = 200
# So many are looked at to find them: which namespaces a person may see no query of the database knows.
SHARED_LOOKED_AT = 1000


class NameTaken(Exception):
    """This person has a view of this name already."""


class TooMany(Exception):
    """This person has MAX_VIEWS views."""


@dataclass(frozen=True)
class Offered:
    """A view as its reader is offered it: `owner` is None where it is their own."""

    id: int
    name: str
    query: str
    shared: bool
    owner: str | None
    updated: str

    @classmethod
    def of(cls, row: SavedView, reader: Person) -> "Offered":
        """`row` as `reader` sees it."""
        mine = row.owner_id == reader.user_id
        owner = None if mine else row.owner.get_username()
        return cls(row.pk, row.name, row.query, row.shared, owner, rfc3339(row.updated))

    @property
    def href(self) -> str:
        """Its address: that of the page of pods."""
        return f"{reverse('pods')}?{self.query}"


def offered_to(person: Person, access: AccessTable) -> list[Offered]:
    """A person's own views by name, then those that others share with them. Two queries; none for nobody."""
    if person.user_id is None:
        return []
    own = SavedView.objects.filter(owner_id=person.user_id).order_by("name")
    rules = {info.url_name: access.rule(person, "pods", info.name) for info in access.clusters(person)}
    others = (
        SavedView.objects.filter(shared=True, cluster__in=rules, owner__is_active=True)
        .exclude(owner_id=person.user_id)
        .select_related("owner")
        .order_by("-updated")[:SHARED_LOOKED_AT]
    )
    seen = [row for row in others if _admits_all_of(rules[row.cluster], row)][:MAX_SHARED]
    seen.sort(key=lambda row: (row.owner.get_username(), row.name))
    return [Offered.of(row, person) for row in (*own, *seen)]


def create(owner_id: int, name: str, query: str, shared: bool) -> SavedView:
    """A new view of somebody's. Raises NameTaken, TooMany."""
    with transaction.atomic():
        # Nobody gets more than they may have by asking twice at once.
        get_user_model().objects.select_for_update().filter(pk=owner_id).first()
        if SavedView.objects.filter(owner_id=owner_id).count() >= MAX_VIEWS:
            raise TooMany
        return _written(SavedView(owner_id=owner_id, name=name, query=query, shared=shared))


def change(owner_id: int, view_id: int, **fields: Any) -> SavedView | None:
    """Somebody's view with other values; None where they have none of this id. Raises NameTaken."""
    with transaction.atomic():
        row = SavedView.objects.select_for_update().filter(pk=view_id, owner_id=owner_id).first()
        if row is None:
            return None
        for field, value in fields.items():
            setattr(row, field, value)
        return _written(row)


def delete(owner_id: int, view_id: int) -> bool:
    """Deletes somebody's view; False where they have none of this id."""
    deleted, _ = SavedView.objects.filter(pk=view_id, owner_id=owner_id).delete()
    return deleted > 0


def _written(row: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise NameTaken from error
    return row


def _admits_all_of(rule: NamespaceRule, row: SavedView) -> bool:
    """A view's name and query tell of its namespaces, so it is for those who may see each of them.

    One of all namespaces may tell of any.
    """
    namespaces = QueryDict(row.query).getlist("namespace")
    return all(rule.unbounded if name == ALL_NAMESPACES else rule.admits(name) for name in namespaces)
