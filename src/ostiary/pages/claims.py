"""The standard claims in words (OpenID Connect Core §5.1): English texts, which are the ids in the catalogues."""

from collections.abc import Mapping
from types import MappingProxyType

CLAIMS: Mapping[str, str] = MappingProxyType(
    {
        "name": "Your full name",
        "family_name": "Your family name",
        "given_name": "Your given name",
        "middle_name": "Your middle name",
        "nickname": "Your nickname",
        "preferred_username": "The user name you like to go by",
        "profile": "The address of your profile page",
        "picture": "Your picture",
        "website": "The address of your website",
        "gender": "Your gender",
        "birthdate": "Your date of birth",
        "zoneinfo": "Your time zone",
        "locale": "Your language and region",
        "updated_at": "When your profile was last changed",
        "email": "Your e-mail address",
        "email_verified": "Whether your e-mail address was verified",
        "address": "Your postal address",
        "phone_number": "Your telephone number",
        "phone_number_verified": "Whether your telephone number was verified",
    }
)
