from sellers.forms.product import (
    OptionFormSet,
    PictureForm,
    ProductForm,
    VariantFormSet,
)
from sellers.forms.shop import ApplicationForm, InvitationForm, ShopSettingsForm

__all__ = [
    "ApplicationForm",
    "InvitationForm",
    "OptionFormSet",
    "PictureForm",
    "ProductForm",
    "ShopSettingsForm",
    "VariantFormSet",
]
