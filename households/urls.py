"""Addresses of the household file."""

from django.urls import path

from households.views import detail, edit, history, members, pairing, photos, status
from households.views import list as lists

app_name = "households"
urlpatterns = [
    path("", lists.household_list, name="household_list"),
    path("find/", lists.household_find, name="household_find"),
    path("views/", lists.saved_view_list, name="saved_view_list"),
    path("views/save/", lists.saved_view_save, name="saved_view_save"),
    path("views/<int:pk>/delete/", lists.saved_view_delete, name="saved_view_delete"),
    path("bulk/pairing/", lists.pairing_bulk, name="pairing_bulk"),
    # The ledger of one household, and what changes it.
    path("add/", edit.household_add, name="household_add"),
    path("<int:pk>/", detail.household_detail, name="household_detail"),
    path("<int:pk>/reveal/", detail.reveal, name="reveal"),
    path("<int:pk>/history/", history.household_history, name="household_history"),
    path("<int:pk>/edit/", edit.household_edit, name="household_edit"),
    path("<int:pk>/move/", edit.household_move, name="household_move"),
    path("<int:pk>/close/", edit.household_close, name="household_close"),
    path("<int:pk>/reopen/", edit.household_reopen, name="household_reopen"),
    path("<int:pk>/years/open/", edit.year_open, name="year_open"),
    path("<int:pk>/years/<int:year>/income/", edit.income_edit, name="income_edit"),
    path("<int:pk>/years/<int:year>/<slug:topic>/", edit.year_edit, name="year_edit"),
    path("<int:pk>/members/add/", members.member_add, name="member_add"),
    path("<int:pk>/members/<int:member_pk>/edit/", members.member_edit, name="member_edit"),
    path("<int:pk>/members/<int:member_pk>/leave/", members.member_leave, name="member_leave"),
    path("<int:pk>/members/<int:member_pk>/return/", members.member_return, name="member_return"),
    path("<int:pk>/members/<int:member_pk>/<int:year>/", members.member_year_edit, name="member_year_edit"),
    path("<int:pk>/householder/", members.householder_change, name="householder_change"),
    path("<int:pk>/split/", members.household_split, name="household_split"),
    path("<int:pk>/merge/", members.household_merge, name="household_merge"),
    path("<int:pk>/status/propose/", status.status_propose, name="status_propose"),
    path("<int:pk>/status/<int:change_pk>/decide/", status.status_decide, name="status_decide"),
    path("<int:pk>/status/<int:change_pk>/withdraw/", status.status_withdraw, name="status_withdraw"),
    path("<int:pk>/helpers/", pairing.pairing_edit, name="pairing_edit"),
    path("<int:pk>/helpers/<int:pairing_pk>/end/", pairing.pairing_end, name="pairing_end"),
    path("<int:pk>/helpers/<int:pairing_pk>/lead/", pairing.pairing_lead, name="pairing_lead"),
    path("<int:pk>/kin/", pairing.kin_list, name="kin_list"),
    path("<int:pk>/kin/add/", pairing.kin_add, name="kin_add"),
    path("<int:pk>/kin/<int:kin_pk>/end/", pairing.kin_end, name="kin_end"),
    path("<int:pk>/photos/add/", photos.photo_add, name="photo_add"),
    path("<int:pk>/photos/<int:photo_pk>/", photos.photo_file, name="photo_file"),
    path("<int:pk>/photos/<int:photo_pk>/remove/", photos.photo_remove, name="photo_remove"),
]
