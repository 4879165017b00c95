from django.core.management.base import BaseCommand, CommandError

from checkout import ledger
from marketplace.money import format_minor


class Command(BaseCommand):
    help = "Check that the books balance and agree with the payments; show the balances"

    def handle(self, **options):
        faults = ledger.unbalanced_entries() + ledger.unposted_events()
        sums = {}
        for account, amount in ledger.balances().items():
            sums[account.currency] = sums.get(account.currency, 0) + amount
            self.stdout.write(
                f"{account!s:<44} {format_minor(amount, account.currency)}"
            )
        for currency, amount in sums.items():
            self.stdout.write(f"Sum {currency}: {format_minor(amount, currency)}")
            if amount:
                faults.append(f"the {currency} accounts add up to {amount}")
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write("The ledger is in balance.")
