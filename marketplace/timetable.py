"""What the clock asks for, and every how many seconds."""

from celery.schedules import crontab

PERIODIC_TASKS = {
    "videos.periodic.sweep_videos": 30,
    "videos.periodic.sweep_uploads": 60,
    "videos.periodic.sweep_files": 3600,
    "videos.periodic.publish_scheduled": 15,
    "videos.periodic.purge_videos": 3600,
    "videos.periodic.write_events": 5,
    "videos.periodic.keep_partitions": 3600,
    "videos.periodic.count_events": 120,
    "videos.periodic.fold_views": 60,
    "videos.periodic.count_outcomes": 600,
    "videos.periodic.note_trending": 120,
    "videos.periodic.purge_rankings": 3600,
    "videos.periodic.train_feed": 6 * 3600,
    "videos.periodic.settle_experiments": 3600,
    "marketplace.moderation.periodic.screen_videos": 30,
    "marketplace.accounts.periodic.send_due_mails": 60,
    "sellers.periodic.resume_imports": 60,
    "sellers.periodic.purge_pictures": 3600,
    "checkout.periodic.hear_from_stripe": 60,
    "checkout.periodic.reconcile": 60,
    "checkout.periodic.sweep_events": 30,
    "checkout.periodic.purge_events": 3600,
    "checkout.periodic.forget_customers": 3600,
    "checkout.periodic.look_at_disputes": 3600,
    "checkout.periodic.look_at_payouts": 3600,
    "checkout.periodic.issue_invoices": 3600,
    "checkout.periodic.tell_taxes": 3600,
    "checkout.periodic.release_overdue": 30,
    "checkout.periodic.watch_parcels": 300,
    "checkout.periodic.sweep_carts": 3600,
    "marketplace.accounts.periodic.clear_sessions": 3600,
    "checkout.periodic.pay_sellers": 300,
}


# At this hour and minute, in the site's time zone.
NIGHTLY_TASKS = {
    "checkout.periodic.check_books": (3, 20),
    "checkout.periodic.compare_balances": (3, 50),
    "checkout.periodic.count_pairs": (4, 10),
}
DAY_SECONDS = 24 * 3600


def beat_schedule():
    """A message that nobody took before the next one is due is dropped."""
    every = {task: (seconds, seconds) for task, seconds in PERIODIC_TASKS.items()}
    nightly = {
        task: (crontab(hour=hour, minute=minute), DAY_SECONDS)
        for task, (hour, minute) in NIGHTLY_TASKS.items()
    }
    return {
        task: {"task": task, "schedule": schedule, "options": {"expires": seconds}}
        for task, (schedule, seconds) in (every | nightly).items()
    }
