"""The one password rule whose sentence Django 5.2 does not have in Chinese."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import gettext as _


class LongEnough(MinimumLengthValidator):
    def get_error_message(self) -> str:
        return _("密码太短，至少要 %(length)s 个字符，请加长。") % {"length": self.min_length}

    def get_help_text(self) -> str:
        return _("至少 %(length)s 个字符，可以用一句好记的话。") % {"length": self.min_length}
