import redis
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def healthz(request):
    """For load balancers: 200 while both PostgreSQL and Redis answer, else 5xx."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as server:
        server.ping()
    return HttpResponse("ok", content_type="text/plain")
