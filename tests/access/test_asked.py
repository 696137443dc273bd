"""What a refusal says, and what it must not tell."""

import pytest
from django.contrib.auth.models import Group, User

from pods.access import Person, load_access, person_of
from pods.asked import Refusal, read, refusals
from pods.models import Cluster
from pods.viewparams import ViewParams

pytestmark = pytest.mark.django_db


def refusal(person: Person, cluster: str) -> Refusal:
    access = load_access()
    return refusals(access, person, read(ViewParams(cluster, ("shop",)), access))["shop"]


def test_a_cluster_that_exists_and_one_that_does_not_are_refused_in_the_same_words(
    ana: User, prod: Cluster
) -> None:
    person = person_of(ana, None)
    there, not_there = refusal(person, "arn-aws-eks-prod"), refusal(person, "arn-aws-eks-test")
    assert (there.code, there.params) == ("forbidden", {"namespace": "shop", "cluster": "arn-aws-eks-prod"})
    assert {**there.params, "cluster": ""} == {**not_there.params, "cluster": ""}
    assert (there.code, there.close_code, there.status) == (
        not_there.code,
        not_there.close_code,
        not_there.status,
    )


def test_who_may_see_all_is_told_what_does_not_exist(root: User, prod: Cluster, teams: Group) -> None:
    assert refusal(person_of(root, None), "arn-aws-eks-test").status == 404
