"""Shapes of the account pages; what may be done is decided by the verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import departments
from accounts.models import User
from accounts.roles import BY_PROGRAM, PERMISSION_TITLES, POSTED_AT, Permission, Role, needed_to_give
from accounts.scoping import may_in
from common.forms import DateInput

PASSWORD_HINT = _("至少 10 个字符，可以用一句好记的话；不能全是数字，不能像姓名、用户名或常见的密码。")

# The role of helper comes from a pairing: such an account is opened without a posting.
HELPER_CHOICE = (Role.HELPER.value, _("帮扶责任人（结对后自动有权限）"))


def _password(label: Any, autocomplete: str, hint: Any = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=200, widget=widget, help_text=hint)


class LogInForm(AuthenticationForm):
    username = forms.CharField(
        label=_("用户名"), max_length=60, widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none"})
    )
    password = _password(_("密码"), "current-password")
    error_messages = {  # noqa: RUF012
        "invalid_login": _("用户名或密码不对，请重新输入；忘记密码请找乡镇或县里的管理员重置。"),
        "inactive": _("用户名或密码不对，请重新输入；忘记密码请找乡镇或县里的管理员重置。"),
    }


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("验证码"), max_length=20, help_text=_("手机验证器上现在显示的 6 位数字。手机不在身边时，填一个备用码。"),
        widget=forms.TextInput({"inputmode": "text", "autocomplete": "one-time-code", "autofocus": True}),
    )  # fmt: skip


class NewPasswordForm(forms.Form):
    """The old password is asked unless somebody has just come in with a first one."""

    old = _password(_("现在的密码"), "current-password")
    new = _password(_("新密码"), "new-password")
    again = _password(_("再输一遍新密码"), "new-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.must_change_password:
            del self.fields["old"]
        self.fields["new"].help_text = PASSWORD_HINT

    def clean_old(self) -> str:
        old: str = self.cleaned_data["old"]
        if not self.user.check_password(old):
            raise forms.ValidationError(_("现在的密码不对，请重新输入。"))
        return old

    def clean_new(self) -> str:
        new: str = self.cleaned_data["new"]
        validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("两遍新密码不一样，请重新输入。"))
        return cleaned


class PreferencesForm(forms.Form):
    language = forms.ChoiceField(label=_("语言"), choices=settings.LANGUAGES, widget=forms.RadioSelect)
    large_text = forms.BooleanField(label=_("用大字显示"), required=False)
    digest = forms.BooleanField(label=_("每天早上提醒我要办的事"), required=False)


class EnableTotpForm(forms.Form):
    sealed = forms.CharField(widget=forms.HiddenInput, max_length=500)
    code = forms.CharField(
        label=_("验证码"), max_length=10, help_text=_("扫码后，手机上显示的 6 位数字。"),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )  # fmt: skip


class PasswordForm(forms.Form):
    """One's own password again, before something that weakens the account."""

    password = _password(_("您的密码"), "current-password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("密码不对，请重新输入。"))
        return password


def roles_in_reach(user: User) -> list[Role]:
    """Roles this user could grant somewhere; where exactly is checked with the region."""
    found = []
    for role in Role:
        if any(
            any(level >= posting.region.level for level in POSTED_AT[role])
            and all(may_in(user, permission, posting.region) for permission in needed_to_give(role))
            for posting in user.postings_now
        ):
            found.append(role)
    return found


class PersonForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=60, widget=forms.TextInput({"autocomplete": "off"}))
    phone = forms.CharField(
        label=_("手机"), max_length=30, required=False, widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"})
    )  # fmt: skip


class CorrectForm(PersonForm):
    """A phone is never shown in full: an empty field keeps it."""

    remove_phone = forms.BooleanField(label=_("删去登记的手机号"), required=False)

    def __init__(self, *args: Any, masked: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if masked:
            self.fields["phone"].help_text = _("现在登记的是 %(phone)s；不改就空着。") % {"phone": masked}
        else:
            del self.fields["remove_phone"]


class RoleFields(forms.Form):
    role = forms.ChoiceField(
        label=_("角色"), widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("请从列出的角色里选一个，自己没有的权限不能授予别人。")},
    )  # fmt: skip
    department = forms.ChoiceField(
        label=_("部门"), required=False, help_text=_("角色是“行业部门”时选择，只看到这个部门主管的帮扶措施。"),
        error_messages={"invalid_choice": _("帮扶措施目录里没有这个部门，请从列出的部门里选一个。")},
    )  # fmt: skip
    starts_on = forms.DateField(label=_("起始日期"), initial=timezone.localdate, widget=DateInput())

    with_helper = False

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [(role.value, role.label) for role in roles_in_reach(by)]
        self.fields["role"].choices = [*choices, HELPER_CHOICE] if self.with_helper else choices  # type: ignore[attr-defined]
        if Role.DEPARTMENT_USER.value in dict(choices):
            self.fields["department"].choices = [("", _("没有")), *((name, name) for name in departments.names())]  # type: ignore[attr-defined]
        else:
            del self.fields["department"]


class OpenForm(RoleFields, PersonForm):
    with_helper = True
    username = forms.CharField(
        label=_("用户名"), max_length=60, help_text=_("登录时用，例如姓名的全拼或工号。"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none"}),
    )  # fmt: skip
    field_order = ("name", "username", "phone", "role", "department", "starts_on")


class PostForm(RoleFields):
    ends_on = forms.DateField(
        label=_("截止日期"), required=False, widget=DateInput(), help_text=_("从这一天起不再任职；不定期就空着。")
    )


class EndForm(forms.Form):
    ends_on = forms.DateField(
        label=_("截止日期"), initial=timezone.localdate, widget=DateInput(), help_text=_("从这一天起不再任职。")
    )


class NoteForm(forms.Form):
    note = forms.CharField(label=_("原因"), max_length=200, required=False)


class TokenForm(forms.Form):
    """What a program may do with a token: some of what its account holds (`held`)."""

    name = forms.CharField(
        label=_("用途"), max_length=60, help_text=_("写明是哪个系统、做什么用，例如“县数据平台每日取数”。")
    )
    permissions = forms.MultipleChoiceField(
        label=_("可用权限"), widget=forms.CheckboxSelectMultiple, help_text=_("只选这个系统用得着的；号码一律打码。"),
        error_messages={"required": _("请选择这个账号自己有的权限，至少一项。")},
    )  # fmt: skip
    expires_on = forms.DateField(label=_("截止日期"), widget=DateInput(), help_text=_("从这一天起不能再用，最长一年。"))

    def __init__(self, *args: Any, held: frozenset[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.value, PERMISSION_TITLES[each]) for each in BY_PROGRAM if each in held]
        self.fields["permissions"].choices = choices  # type: ignore[attr-defined]
