"""The demo's accounts: some to sign in with, and a crowd that bought, liked, wrote."""

import random

from django.contrib.auth.models import Group

from marketplace.accounts.models import Address, User
from marketplace.accounts.registration import register
from marketplace.demo.credentials import MODERATOR, OPERATOR, PASSWORD, SHOPPER

FIRST_NAMES = [
    "Ada",
    "Aiko",
    "Amir",
    "Anouk",
    "Ben",
    "Carla",
    "Chidi",
    "Dario",
    "Elif",
    "Emil",
    "Fatou",
    "Femke",
    "Greta",
    "Hana",
    "Hugo",
    "Ines",
    "Ivo",
    "Jana",
    "Jonas",
    "Kofi",
    "Lea",
    "Linh",
    "Luca",
    "Maja",
    "Malik",
    "Mateo",
    "Mila",
    "Nadia",
    "Noor",
    "Oskar",
    "Paula",
    "Priya",
    "Rafael",
    "Rosa",
    "Samir",
    "Sofia",
    "Tariq",
    "Thea",
    "Yara",
    "Zoe",
]
LAST_NAMES = [
    "Almeida",
    "Bakker",
    "Costa",
    "Dubois",
    "Eriksen",
    "Ferrari",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Keller",
    "Laine",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quist",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ueda",
    "Varga",
    "Weber",
    "Ziegler",
]
CROWD = 64


def account(email, name, **fields):
    """The account with that address; made with the demo's password if need be."""
    user = User.objects.filter(email=email).first()
    return user or register(email, PASSWORD, name=name, **fields)


def staff():
    """The moderator and the operator."""
    moderator = account(MODERATOR, "Mo Adeyemi", is_staff=True)
    moderator.groups.add(Group.objects.get_or_create(name=User.Role.MODERATOR)[0])
    operator = account(OPERATOR, "Olive Tran", is_staff=True, is_superuser=True)
    operator.groups.add(Group.objects.get_or_create(name=User.Role.OPERATOR)[0])
    return moderator, operator


def shopper():
    """The shopper to sign in as, with an address in the book."""
    user = account(SHOPPER, "Noa Lindqvist")
    if not user.addresses.exists():
        Address.objects.create(user=user, is_default=True, **postal_address(user.name))
    return user


def crowd():
    """People who cannot sign in."""
    dice = random.Random("crowd")
    wanted = {}
    while len(wanted) < CROWD:
        first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
        wanted[f"{first}.{last}@people.demo.example".lower()] = f"{first} {last}"
    known = set(User.objects.filter(email__in=wanted).values_list("email", flat=True))
    for email, name in wanted.items():
        if email not in known:
            user = User(email=email, name=name)
            user.set_unusable_password()
            user.save()
    return list(User.objects.filter(email__in=wanted).order_by("email"))


STREETS = [
    ("Lindenstraße 14", "10969", "Berlin", "DE"),
    ("Rue des Martyrs 31", "75009", "Paris", "FR"),
    ("Prinsengracht 402", "1016 JB", "Amsterdam", "NL"),
    ("Calle de Alcalá 77", "28009", "Madrid", "ES"),
    ("Nørrebrogade 9", "2200", "København N", "DK"),
    ("Via Savona 18", "20144", "Milano", "IT"),
]


def postal_address(name, nth=0):
    line1, postal_code, city, country = STREETS[nth % len(STREETS)]
    return {
        "name": name,
        "line1": line1,
        "postal_code": postal_code,
        "city": city,
        "country": country,
    }
