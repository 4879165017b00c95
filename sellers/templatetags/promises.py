from django import template

from sellers.promises import note_on

register = template.Library()
register.filter(note_on)
