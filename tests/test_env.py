import pytest
from django.core.exceptions import ImproperlyConfigured

from marketplace.env import (
    broker_url,
    database_settings,
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_secret,
    env_str,
    env_url,
    numbered,
)


@pytest.fixture
def variable(monkeypatch):
    def set_to(value):
        monkeypatch.setenv("VARIABLE", value)

    monkeypatch.delenv("VARIABLE", raising=False)
    return set_to


@pytest.mark.parametrize(
    "reader", [env_str, env_bool, env_int, env_list, env_secret, env_url]
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_without_default_must_be_set(variable, reader, value):
    if value is not None:
        variable(value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        reader("VARIABLE")

    assert str(refusal.value) == "Set the environment variable VARIABLE."


@pytest.mark.parametrize(
    ("reader", "value", "message"),
    [
        (env_bool, "maybe", "VARIABLE must be true or false, not 'maybe'."),
        (env_int, "1.5", "VARIABLE must be a whole number, not '1.5'."),
        (env_int, "-1", "VARIABLE must be at least 0, not -1."),
        (env_url, "shop.example", "VARIABLE must start with http:// or https://."),
        (env_secret, "hunter2", "VARIABLE must have at least 50 characters."),
    ],
)
def test_nonsense_is_refused_by_name(variable, reader, value, message):
    variable(value)

    with pytest.raises(ImproperlyConfigured) as refusal:
        reader("VARIABLE")

    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        (env_str, " word ", "word"),
        (env_bool, "Yes", True),
        (env_bool, "off", False),
        (env_int, "42", 42),
        (env_list, "one, two,,three", ["one", "two", "three"]),
        (env_url, "https://shop.example/", "https://shop.example"),
    ],
)
def test_sense_is_read(variable, reader, text, value):
    variable(text)

    assert reader("VARIABLE") == value


def test_a_default_is_used_as_it_is(variable):
    assert env_bool("VARIABLE", False) is False
    assert env_int("VARIABLE", 7) == 7
    assert env_list("VARIABLE", ["*"]) == ["*"]
    assert env_secret("VARIABLE", "short") == "short"


def test_a_database_address_keeps_its_options():
    address = "postgresql://shop:p%40ss@db:6543/goods?sslmode=require"

    found = database_settings(address, pool_size=5)

    assert found == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "goods",
        "USER": "shop",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": "6543",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "options": "-c lock_timeout=20s",
            "connect_timeout": 3,
            "prepare_threshold": 0,
            "pool": {
                "min_size": 0,
                "max_size": 5,
                "timeout": 3,
                "reconnect_timeout": 1,
                "max_idle": 20,
            },
            "sslmode": "require",
        },
    }


def test_a_broken_database_address_stays_out_of_the_message():
    with pytest.raises(ImproperlyConfigured) as refusal:
        database_settings("mysql://shop:secret@db/goods", pool_size=1)

    assert "DATABASE_URL must look like" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_the_embedded_redis_has_numbered_databases():
    assert numbered("unix:///var/redis.sock", 1) == "unix:///var/redis.sock?db=1"
    assert numbered("unix:///var/redis.sock?db=1", 2) == "unix:///var/redis.sock?db=2"
    assert numbered("redis://host:6379/0", 1) == "redis://host:6379/0"


def test_celery_spells_a_socket_in_its_own_way():
    spelled = "redis+socket:///var/redis.sock?virtual_host=2"

    assert broker_url("unix:///var/redis.sock?db=2") == spelled
    assert broker_url("redis://host:6379/0") == "redis://host:6379/0"


def test_a_choice_is_one_of_those_offered(variable):
    choices = ["public", "private"]
    assert env_choice("VARIABLE", "public", choices) == "public"
    variable("private")
    assert env_choice("VARIABLE", "public", choices) == "private"
    variable("secret")

    with pytest.raises(ImproperlyConfigured) as refusal:
        env_choice("VARIABLE", "public", choices)
    assert str(refusal.value) == "VARIABLE must be public or private, not 'secret'."
