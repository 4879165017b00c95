"""What the platform keeps of a product's sale: the first rule of the list that fits."""

from django.conf import settings
from django.utils.functional import cached_property

from checkout.models import CommissionRule
from checkout.pricing import Commission
from sellers.models import Category, Product, Seller


class CommissionTable:
    """The rules as they are now, read once however many products are asked for."""

    @cached_property
    def rules(self) -> list[CommissionRule]:
        return list(CommissionRule.objects.filter(is_active=True))

    @cached_property
    def parents(self) -> dict[int, int | None]:
        return dict(Category.objects.values_list("pk", "parent_id"))

    def of(self, product: Product) -> Commission:
        tax_basis_points = tax_rate(product.seller)
        for rule in self.rules:
            if self.fits(rule, product):
                return Commission(
                    basis_points=rule.basis_points,
                    fixed_minor=rule.fixed_minor,
                    minimum_minor=rule.minimum_minor,
                    maximum_minor=rule.maximum_minor,
                    is_on_delivery=rule.is_on_delivery,
                    tax_basis_points=tax_basis_points,
                    name=rule.name,
                )
        return Commission(
            settings.COMMISSION_BASIS_POINTS, tax_basis_points=tax_basis_points
        )

    def fits(self, rule: CommissionRule, product: Product) -> bool:
        if rule.has_amounts and rule.currency != product.currency:
            return False
        return (
            rule.seller_id in {None, product.seller_id}
            and rule.product_id in {None, product.pk}
            and (rule.category_id is None or self.is_within(product, rule.category_id))
        )

    def is_within(self, product: Product, category_id: int) -> bool:
        above = product.category_id
        while above is not None and above != category_id:
            above = self.parents.get(above)
        return above is not None


def tax_rate(seller: Seller) -> int:
    """On the commission itself: sellers abroad account for it in their own country."""
    home = settings.PLATFORM_COUNTRY
    is_home = not home or str(seller.country) == home
    return settings.COMMISSION_TAX_BASIS_POINTS if is_home else 0
