from django.urls import path

from accounts.views import others, own, tokens

app_name = "accounts"
urlpatterns = [
    path("login/", own.log_in, name="login"),
    path("login/code/", own.second_step, name="second_step"),
    path("logout/", own.log_out, name="logout"),
    path("password/", own.password_change, name="password_change"),
    path("me/", own.profile, name="profile"),
    path("me/preferences/", own.preferences, name="preferences"),
    path("me/totp/", own.totp_on, name="totp_on"),
    path("me/totp/off/", own.totp_off, name="totp_off"),
    path("", others.account_list, name="account_list"),
    path("new/", others.account_new, name="account_new"),
    path("<int:pk>/", others.account_detail, name="account_detail"),
    path("<int:pk>/edit/", others.account_edit, name="account_edit"),
    path("<int:pk>/post/", others.account_post, name="account_post"),
    path("<int:pk>/reset/", others.account_reset, name="account_reset"),
    path("<int:pk>/deactivate/", others.account_deactivate, name="account_deactivate"),
    path("<int:pk>/reactivate/", others.account_reactivate, name="account_reactivate"),
    path("<int:pk>/unlock/", others.account_unlock, name="account_unlock"),
    path("<int:pk>/totp/off/", others.account_totp_off, name="account_totp_off"),
    path("<int:pk>/tokens/new/", tokens.token_new, name="token_new"),
    path("tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("postings/<int:pk>/end/", others.posting_end, name="posting_end"),
]
