"""Pages behind an unguessable link: not stored, not listed, not passed on."""

from functools import wraps


def private_link(view):
    """`same-origin` is as strict as it gets: a browser told `no-referrer` sends forms
    without the origin that the check against forged requests wants to see."""

    @wraps(view)
    def view_of_private_link(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"
        return response

    return view_of_private_link
