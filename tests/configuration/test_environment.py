"""Each reader: what it takes, and what it says of the rest."""

from pathlib import Path

import pytest

from k8sportal.environment import Environment, PublicUrl


def ids(environment: Environment) -> list[str]:
    return [error.id for error in environment.errors]


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("yes", True), ("off", False), ("FALSE", False), ("", None)]
)
def test_booleans(word: str, value: bool | None) -> None:
    environment = Environment({"X": word})
    assert environment.boolean("X", "E1") is value
    assert environment.errors == []


def test_a_word_that_is_neither_yes_nor_no_is_not_taken_for_no() -> None:
    environment = Environment({"X": "treu"})
    assert environment.boolean("X", "E1") is None
    assert ids(environment) == ["portal.E1"]


@pytest.mark.parametrize("word", ["0", "-1", "101", "1.5", "ten", "1e2"])
def test_numbers_out_of_range_are_named_and_the_default_stays(word: str) -> None:
    environment = Environment({"X": word})
    assert environment.number("X", 7, "E1", high=100) == 7
    assert ids(environment) == ["portal.E1"]
    assert word in environment.errors[0].message


@pytest.mark.parametrize("word", ["-1", "nan", "inf", "1h"])
def test_durations_are_finite_seconds(word: str) -> None:
    environment = Environment({"X": word, "Y": "0.5"})
    assert environment.seconds("X", 5.0, "E1") == 5.0
    assert environment.seconds("Y", 5.0, "E2") == 0.5
    assert ids(environment) == ["portal.E1"]


def test_a_secret_is_read_from_the_variable_or_the_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("$HOME is no variable here\n")
    assert Environment({"X": "$a"}).secret("X", "E1") == "$a"
    assert Environment({"X_FILE": str(tmp_path / "secret")}).secret("X", "E1") == "$HOME is no variable here"


def test_a_secret_file_that_is_missing_empty_or_superfluous_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    for variables in (
        {"X_FILE": str(tmp_path / "none")},
        {"X_FILE": str(tmp_path / "empty")},
        {"X_FILE": str(tmp_path)},
        {"X_FILE": str(tmp_path / "empty"), "X": "pa55word"},
    ):
        environment = Environment(variables)
        environment.secret("X", "E1")
        assert ids(environment) == ["portal.E1"], variables
        assert "pa55word" not in environment.errors[0].message


@pytest.mark.parametrize(
    ("url", "parts", "origin"),
    [
        ("https://portal.example", PublicUrl("https", "portal.example", None, ""), "https://portal.example"),
        (
            "https://portal.example:443/k8s/",
            PublicUrl("https", "portal.example", 443, "/k8s"),
            "https://portal.example",
        ),
        ("http://[::1]:8000/a/b", PublicUrl("http", "::1", 8000, "/a/b"), "http://[::1]:8000"),
    ],
)
def test_the_public_url(url: str, parts: PublicUrl, origin: str) -> None:
    found = Environment({"X": url}).public_url("X", "E1")
    assert found == parts
    assert found.origin == origin


@pytest.mark.parametrize(
    "url",
    ["portal.example", "ftp://portal.example", "https://", "https://a:b", "https://u:p@a", "https://a/?q=1"],
)
def test_a_wrong_public_url_is_named(url: str) -> None:
    environment = Environment({"X": url})
    assert environment.public_url("X", "E1") is None
    assert ids(environment) == ["portal.E1"]


def test_networks_and_origins() -> None:
    environment = Environment({"N": "10.0.0.0/8, ::1,10.0.0.1/8", "O": "https://a.example, b.example"})
    assert [str(network) for network in environment.networks("N", "E1")] == ["10.0.0.0/8", "::1/128"]
    assert environment.origins("O", "E2") == ["https://a.example"]
    assert ids(environment) == ["portal.E1", "portal.E2"]


def test_databases() -> None:
    options = Environment({}).database("postgres://portal:p%40ss@db:5433/k8s", "E1")
    assert options is not None
    assert (options["HOST"], options["PORT"], options["PASSWORD"], options["NAME"]) == (
        "db",
        5433,
        "p@ss",
        "k8s",
    )
    for url in ("mysql://root:secret@db/x", "postgres://u:secret@db:port/x", "nonsense"):
        environment = Environment({})
        assert environment.database(url, "E1") is None
        assert ids(environment) == ["portal.E1"]
        assert "secret" not in str(environment.errors)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1"),
        ("valkey://:p%40ss@[::1]:6380/1", "redis://:p%40ss@[::1]:6380/1"),
        ("valkeys://redis.example", "rediss://redis.example"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("unix://", None),
        ("redis://:6379", None),
        ("redis://host:port", None),
        ("redis://[::1", None),
        ("127.0.0.1:6379", None),
        ("http://127.0.0.1", None),
    ],
)
def test_the_address_of_a_redis(value: str, read: str | None) -> None:
    environment = Environment({"REDIS_URL": value})
    assert environment.redis_url("REDIS_URL", "E032", "E034") == (read or "")
    assert [error.id for error in environment.errors] == ([] if read else ["portal.E034"])
