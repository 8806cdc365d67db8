"""Addresses of surveys in the office: review, verification, gaps, progress, forms, paper. The phone's stand in `collect_urls`."""

from django.urls import URLPattern, path

from surveys.views import devices, effort, forms, paper, progress, quarantine, rounds, shell

app_name = "surveys"
urlpatterns: list[URLPattern] = [
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/new/", rounds.round_open, name="round_open"),
    path("rounds/<int:pk>/", rounds.round_change, name="round_change"),
    path("rounds/<int:pk>/close/", rounds.round_close, name="round_close"),
    path("progress/", progress.progress_page, name="progress"),
    path("progress/households/", progress.progress_households, name="progress_households"),
    path("progress/phones/", progress.progress_phones, name="progress_phones"),
    path("forms/", forms.form_list, name="form_list"),
    path("forms/new/", forms.form_upload, name="form_upload"),
    path("forms/sample.xlsx", forms.form_sample, name="form_sample"),
    path("forms/<int:pk>/", forms.form_detail, name="form_detail"),
    path("forms/<int:pk>/publish/", forms.form_publish, name="form_publish"),
    path("forms/<int:pk>/retire/", forms.form_retire, name="form_retire"),
    path("forms/<int:pk>/discard/", forms.form_discard, name="form_discard"),
    path("effort/", effort.effort_page, name="effort"),
    path("paper/", paper.paper_centre, name="paper_centre"),
    path("paper/region/<int:pk>/", paper.paper_region, name="paper_region"),
    path("paper/household/<int:pk>/", paper.paper_household, name="paper_household"),
    path("paper/chosen/", paper.paper_chosen, name="paper_chosen"),
    path("paper/<int:pk>/", paper.paper_run, name="paper_run"),
    path("paper/<int:pk>/progress/", paper.paper_progress, name="paper_progress"),
    path("paper/<int:pk>/file/", paper.paper_file, name="paper_file"),
    path("paper/<int:pk>/cancel/", paper.paper_cancel, name="paper_cancel"),
    path("paper/<int:pk>/retry/", paper.paper_retry, name="paper_retry"),
    path("devices/", devices.device_list, name="device_list"),
    path("devices/<int:pk>/revoke/", devices.device_revoke, name="device_revoke"),
    path("quarantine/", quarantine.quarantine_list, name="quarantine_list"),
    path("quarantine/<uuid:uid>/", quarantine.quarantine_detail, name="quarantine_detail"),
    path("quarantine/<uuid:uid>/accept/", quarantine.quarantine_accept, name="quarantine_accept"),
    path("quarantine/<uuid:uid>/discard/", quarantine.quarantine_discard, name="quarantine_discard"),
    path("start/<int:pk>/", shell.start, name="start"),
    path("key-in/", shell.key_in, name="key_in"),
]
