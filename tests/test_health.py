import pytest


@pytest.mark.django_db
def test_it_is_well_while_both_servers_answer(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.content == b"ok"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_it_is_not_well_without_redis(client, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    client.raise_request_exception = False

    assert client.get("/healthz").status_code == 500
