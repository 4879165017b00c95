import time

from django.core.management.base import BaseCommand, CommandError

from checkout import invariants, ledger
from marketplace.money import format_minor


class Command(BaseCommand):
    help = "Prove that payments, orders, stock and books agree; show the balances"

    def handle(self, **options):
        self.show_balances()
        faults = []
        for invariant in invariants.INVARIANTS:
            began = time.perf_counter()
            found = invariants.faults_of(invariant)
            took = time.perf_counter() - began
            state = f"{len(found)} faults" if found else "holds"
            self.stdout.write(
                f"{invariant.name} {invariant.title}: {state} ({took:.1f} s)"
            )
            faults += [f"{invariant.name}: {fault}" for fault in found]
        if faults:
            raise CommandError("\n".join(faults))

    def show_balances(self):
        sums = {}
        for account, amount in ledger.balances().items():
            sums[account.currency] = sums.get(account.currency, 0) + amount
            if not account.seller_id or amount:
                self.stdout.write(
                    f"{account!s:<44} {format_minor(amount, account.currency)}"
                )
        for currency, amount in sums.items():
            self.stdout.write(f"Sum {currency}: {format_minor(amount, currency)}")
