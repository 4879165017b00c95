"""Terms, privacy and imprint, which an operator writes."""

import pytest

from marketplace import legal

OWN = '{% extends "base_legal.html" %}{% block text %}Our own words{% endblock %}'


@pytest.fixture
def written(db, settings, tmp_path):
    """Only terms, by an operator; the examples of development are gone."""
    (tmp_path / "legal").mkdir()
    (tmp_path / "legal" / "terms.html").write_text(OWN)
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, settings.BASE_DIR / "templates"]}
    ]
    legal.is_written.cache_clear()
    yield tmp_path
    legal.is_written.cache_clear()


@pytest.mark.parametrize("name", ["terms", "privacy", "imprint"])
def test_the_demo_has_examples_that_say_what_they_are(client, db, name):
    page = client.get(f"/{name}/").content.decode()

    assert "This is an example that comes with the demo" in page
    assert f'href="/{name}/"' in client.get("/shop/").content.decode()


def test_an_operator_s_own_page_is_served_and_linked(client, written):
    page = client.get("/terms/").content.decode()

    assert "Our own words" in page
    assert 'href="/terms/"' in page


@pytest.mark.parametrize("name", ["privacy", "imprint"])
def test_what_nobody_wrote_is_neither_served_nor_linked(client, written, name):
    assert client.get(f"/{name}/").status_code == 404
    assert f'href="/{name}/"' not in client.get("/terms/").content.decode()


def test_who_makes_an_account_is_told_of_the_terms(client, written):
    page = client.get("/accounts/signup/").content.decode()

    assert "you agree to our" in page
    assert "How we use your data" not in page


def test_nobody_agrees_to_terms_that_are_not_there(client, written):
    (written / "legal" / "terms.html").unlink()
    legal.is_written.cache_clear()

    assert "you agree to" not in client.get("/accounts/signup/").content.decode()
