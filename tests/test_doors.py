"""Every door x every role x inside and outside the area: a page or API route without a declared permission fails the build.

Not yours to see is 404, yours to see but not to do is 403. What is expected is worked out here from `GRANTS` and from where each
member of the cast stands, not from the code that guards the doors. `YIHU_RECORD=1` writes docs/doors.md anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.roles import PERMISSION_TITLES, Permission, Role
from tests.factories import (
    StatusChangeFactory,
    SurveyFactory,
)
from tests.gates import (
    Above,
    Area,
    Counted,
    Door,
    Fill,
    Household,
    Menu,
    Mine,
    Own,
    Owner,
    OwnKind,
    P,
    Payer,
    Place,
    Purse,
    Shown,
    SignedIn,
    There,
    Village,
    form,
    get,
    post,
    put,
)
from tests.scene import BESIDE

pytestmark = pytest.mark.django_db
RECORD = Path(settings.BASE_DIR) / "docs" / "doors.md"

# -- doors ------------------------------------------------------------------------------------------------------------------------

SEE = Household(P.HOUSEHOLD_VIEW)
EDIT = Household(P.HOUSEHOLD_VIEW, P.HOUSEHOLD_EDIT)
RESTRUCTURE = Household(P.HOUSEHOLD_VIEW, P.HOUSEHOLD_RESTRUCTURE)
PAIR = Household(P.HOUSEHOLD_VIEW, P.PAIRING_EDIT)
REVIEW = Household(P.HOUSEHOLD_VIEW, P.SURVEY_REVIEW)
MEASURE = Household(P.HOUSEHOLD_VIEW, P.MEASURE_EDIT)
HH, MEMBER, YEAR = {"pk": "household"}, {"pk": "household", "member_pk": "member"}, {"pk": "household", "year": "year"}
PLAN, PLAN_EDIT = {"pk": "plan"}, Household(P.HOUSEHOLD_VIEW, P.PLAN_EDIT)
CHANGE, PHOTO = {"pk": "household", "change_pk": "change"}, {"pk": "household", "photo_pk": "photo"}
IMPORTS = Area(P.HOUSEHOLD_IMPORT)
PEOPLE_IMPORTS = Area(P.CADRE_EDIT)  # and to pair households, which every role does that keeps cadres
TAKE_OVER = Area(P.ACCOUNT_MANAGE, like=Role.VILLAGE_CLERK)
ACCOUNTS, REGIONS = Area(P.ACCOUNT_MANAGE), Area(P.REGION_EDIT)

PROJECT, HOUSE = There(P.HOUSEHOLD_VIEW, P.PROJECT_EDIT), There(P.HOUSEHOLD_VIEW, P.HOUSE_EDIT)

DOORS: list[Door] = [
    *get("home", SignedIn()),
    # the household list
    *get("households:household_list", Menu(P.HOUSEHOLD_VIEW)),
    *post("households:household_find", Menu(P.HOUSEHOLD_VIEW), data={"q": "王"}),
    *get("households:saved_view_list", SignedIn()),
    *post("households:saved_view_save", SignedIn(), data={"name": "常用", "query": "status=unstable"}),
    *post("households:saved_view_delete", Owner(), {"pk": "saved_view"}),
    *post("households:pairing_bulk", Menu(P.PAIRING_EDIT)),
    # the ledger
    *get("households:household_detail", SEE, HH),
    *get("households:household_history", Household(P.HOUSEHOLD_VIEW, P.HISTORY_VIEW), HH),
    *form(
        "households:reveal", Household(P.HOUSEHOLD_VIEW, P.PII_REVEAL), HH, ask="?what=phone", data={"what": "phone"}
    ),
    *form("households:household_add", Menu(P.HOUSEHOLD_RESTRUCTURE)),
    *form("households:household_edit", EDIT, HH),
    *form("households:year_open", EDIT, HH),
    *form("households:income_edit", EDIT, YEAR),
    *form("households:year_edit", EDIT, YEAR | {"topic": "'dwelling"}),
    *form("households:household_move", RESTRUCTURE, HH),
    *form("households:household_close", RESTRUCTURE, HH),
    *form("households:household_reopen", RESTRUCTURE, {"pk": "closed_household"}),
    *form("households:member_add", EDIT, HH),
    *form("households:member_edit", EDIT, MEMBER),
    *form("households:member_leave", EDIT, MEMBER),
    *post("households:member_return", EDIT, {"pk": "household", "member_pk": "left_member"}),
    *form("households:member_year_edit", EDIT, MEMBER | {"year": "year"}),
    *form("households:householder_change", RESTRUCTURE, HH),
    *form("households:household_split", RESTRUCTURE, HH),
    *form("households:household_merge", RESTRUCTURE, HH),
    *form("households:status_propose", Household(P.HOUSEHOLD_VIEW, P.STATUS_PROPOSE), {"pk": "quiet_household"}),
    *form("households:status_decide", Household(P.HOUSEHOLD_VIEW, P.STATUS_CONFIRM), CHANGE),
    *form("households:pairing_edit", PAIR, HH),
    *form("households:pairing_end", PAIR, {"pk": "household", "pairing_pk": "pairing"}),
    *form("households:pairing_lead", PAIR, {"pk": "household", "pairing_pk": "pairing"}),
    *get("households:kin_list", EDIT, HH),
    *form("households:kin_add", EDIT, HH),
    *form("households:kin_end", PAIR, {"pk": "household", "kin_pk": "kinship"}),
    *(
        door
        for name in ("pairing_coverage", "helper_list", "unit_pairings", "pairing_rules", "hand_over_list")
        for door in get(f"households:{name}", Menu(P.CADRE_VIEW))
    ),
    *get("households:cadre_households", Above(P.CADRE_VIEW), {"pk": "county_cadre"}),
    *form("households:pairing_rule_edit", Counted(P.RULE_EDIT), {"pk": "village"}),
    *form("households:hand_over", Above(P.CADRE_VIEW, P.PAIRING_EDIT), {"pk": "county_cadre"}),
    *get("households:hand_over_detail", Counted(P.CADRE_VIEW), {"pk": "hand_over"}),
    *get("households:hand_over_pack", Counted(P.CADRE_VIEW), {"pk": "hand_over"}),
    *get("households:matching_list", Menu(P.PAIRING_EDIT)),
    *form("households:matching_new", Menu(P.PAIRING_EDIT)),
    *(
        door
        for name in ("matching_detail", "matching_progress", "matching_rows")
        for door in get(f"households:{name}", Counted(P.PAIRING_EDIT), {"pk": "matching"})
    ),
    *(
        door
        for name in ("apply", "discard", "cancel", "retry")
        for door in post(f"households:matching_{name}", Counted(P.PAIRING_EDIT), {"pk": "matching"})
    ),
    *form("households:photo_add", EDIT, HH),
    *get("households:photo_file", SEE, PHOTO),
    *form("households:photo_remove", EDIT, PHOTO),
    # imports
    *get("exchange:batch_list", Menu(P.HOUSEHOLD_IMPORT)),
    *form("exchange:batch_new", Menu(P.HOUSEHOLD_IMPORT)),
    *get("exchange:batch_detail", IMPORTS, {"pk": "batch"}),
    *form("exchange:batch_map", IMPORTS, {"pk": "batch"}, ok=(302,)),
    *get("exchange:batch_progress", IMPORTS, {"pk": "batch"}),
    *get("exchange:batch_undo", IMPORTS, {"pk": "batch"}),
    *(
        each
        for act in ("preview", "apply", "cancel", "discard", "undo", "return")
        for each in post(f"exchange:batch_{act}", IMPORTS, {"pk": "batch"})
    ),
    *get("exchange:people_list", Menu(P.CADRE_EDIT)),
    *form("exchange:people_new", Menu(P.CADRE_EDIT)),
    *get("exchange:people_template", Menu(P.CADRE_EDIT), {"kind": "'G2"}),
    *get("exchange:people_detail", PEOPLE_IMPORTS, {"pk": "people_batch"}),
    *get("exchange:people_progress", PEOPLE_IMPORTS, {"pk": "people_batch"}),
    *(
        each
        for act in ("preview", "apply", "cancel", "discard", "return")
        for each in post(f"exchange:people_{act}", PEOPLE_IMPORTS, {"pk": "people_batch"})
    ),
    # printing
    *get("reports:print_centre", Menu(P.LEDGER_PRINT)),
    *form("reports:print_household", Household(P.HOUSEHOLD_VIEW, P.LEDGER_PRINT), HH),
    *form("reports:print_household_sheet", Household(P.HOUSEHOLD_VIEW, P.LEDGER_PRINT), HH),
    *post("reports:print_chosen", Menu(P.LEDGER_PRINT)),
    *post("reports:print_chosen_sheets", Menu(P.LEDGER_PRINT)),
    *get("reports:print_run", Owner(), {"pk": "print_run"}),
    *get("reports:print_progress", Owner(), {"pk": "print_run"}),
    *post("reports:print_file", Owner(), {"pk": "print_run"}),
    *post("reports:print_pause", Owner(), {"pk": "print_run"}),
    *post("reports:print_again", Owner(), {"pk": "print_run"}),
    *post("reports:print_cancel", Owner(), {"pk": "print_run"}),
    *post("reports:print_retry", Owner(), {"pk": "print_run"}),
    # survey rounds and their progress
    *get("surveys:round_list", Menu(P.HOUSEHOLD_VIEW)),
    *form("surveys:round_open", Menu(P.SURVEY_REVIEW)),
    *form("surveys:round_change", Area(P.SURVEY_REVIEW), {"pk": "survey_round"}),
    *form("surveys:round_close", Area(P.SURVEY_REVIEW), {"pk": "survey_round"}),
    # the catalogue of measures
    *get("catalogue:kind_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("catalogue:kind_detail", Menu(P.HOUSEHOLD_VIEW), {"code": "'dibao"}),
    *form("catalogue:kind_add", Menu(P.CATALOGUE_EDIT)),
    *form("catalogue:kind_edit", Menu(P.CATALOGUE_EDIT), {"code": "'dibao"}),
    *form("catalogue:kind_retire", Menu(P.CATALOGUE_EDIT), {"code": "'dibao"}),
    *get("catalogue:kind_history", Menu(P.HISTORY_VIEW), {"code": "'dibao"}),
    *get("catalogue:category_list", Menu(P.CATALOGUE_EDIT)),
    *form("catalogue:category_add", Menu(P.CATALOGUE_EDIT)),
    *form("catalogue:category_edit", Menu(P.CATALOGUE_EDIT), {"pk": "relief_category"}),
    *form("catalogue:category_retire", Menu(P.CATALOGUE_EDIT), {"pk": "relief_category"}),
    # 应享实享, comparisons
    *get("assistance:entitlement", Menu(P.HOUSEHOLD_VIEW)),
    *post("assistance:entitlement_look", Menu(P.HOUSEHOLD_VIEW)),
    *get(
        "assistance:entitlement_people",
        Area(P.HOUSEHOLD_VIEW),
        {"pk": "village", "code": "'dibao", "state": "'missing"},
    ),
    *get("assistance:lacking_list", Area(P.HOUSEHOLD_VIEW), {"pk": "village", "code": "'labour"}),
    *get("assistance:household_entitlement", SEE, HH),
    *get("assistance:neighbours", SEE, HH),
    *get("assistance:marginal", Menu(P.HOUSEHOLD_VIEW)),
    *get("assistance:effects", Menu(P.HOUSEHOLD_VIEW)),
    # plans: what is proposed
    *form("plans:proposals", Household(P.HOUSEHOLD_VIEW, P.PLAN_EDIT), YEAR),
    # measures, deliveries, the household's word, requests
    *get("assistance:measure_list", Menu(P.HOUSEHOLD_VIEW)),
    *post("assistance:measure_approve_bulk", Menu(P.MEASURE_APPROVE)),
    *get("assistance:measure_detail", SEE, {"pk": "measure"}),
    *post("assistance:measure_approve", Household(P.HOUSEHOLD_VIEW, P.MEASURE_APPROVE), {"pk": "measure"}),
    *post("assistance:measure_refuse", Household(P.HOUSEHOLD_VIEW, P.MEASURE_APPROVE), {"pk": "measure"}),
    *form("assistance:measure_change", MEASURE, {"pk": "measure"}),
    *form("assistance:measure_withdraw", MEASURE, {"pk": "measure"}),
    *form("assistance:measure_effect", MEASURE, {"pk": "measure"}),
    *form("assistance:measure_from_plan", MEASURE, {"pk": "approved_plan"}),
    *form("assistance:measure_propose", MEASURE, HH),
    *get("assistance:household_measures", SEE, HH),
    *form("assistance:delivery_new", Household(P.HOUSEHOLD_VIEW, P.DELIVERY_RECORD), {"pk": "approved_measure"}),
    *form("assistance:delivery_reverse", Household(P.HOUSEHOLD_VIEW, P.DELIVERY_RECORD), {"pk": "delivery"}),
    *form("assistance:delivery_confirm", Household(P.HOUSEHOLD_VIEW, P.DELIVERY_CONFIRM), {"pk": "delivery"}),
    *form("assistance:delivery_batch", Menu(P.DELIVERY_RECORD)),
    *form("assistance:delivery_sign", Menu(P.DELIVERY_CONFIRM)),
    *get("assistance:delivery_sheet", Menu(P.DELIVERY_CONFIRM), ok=(302,)),
    *get("assistance:evidence", Shown(), {"uid": "own_photo_of_delivery"}),
    *get("assistance:evidence", SEE, {"uid": "delivery_photo"}),
    # a department's own measures
    *get("assistance:department_list", Menu(P.MEASURE_DEPARTMENT)),
    *form("assistance:department_batch", Menu(P.MEASURE_DEPARTMENT)),
    *get("assistance:department_measure", OwnKind(), {"pk": "own_measure"}),
    *get("assistance:department_measure", OwnKind(foreign=True), {"pk": "approved_measure"}),
    *form("assistance:department_deliver", OwnKind(), {"pk": "own_measure"}),
    *form("assistance:department_deliver", OwnKind(foreign=True), {"pk": "approved_measure"}),
    *form("assistance:department_reverse", OwnKind(), {"pk": "own_delivery"}),
    *form("assistance:department_reverse", OwnKind(foreign=True), {"pk": "delivery"}),
    *get("assistance:evidence", There(P.HOUSEHOLD_VIEW), {"uid": "project_photo_uid"}),
    *get("assistance:request_list", Menu(P.HOUSEHOLD_VIEW)),
    *form("assistance:request_new", MEASURE, HH),
    *get("assistance:request_detail", SEE, {"pk": "request"}),
    *post("assistance:request_take", MEASURE, {"pk": "request"}),
    *form("assistance:request_assign", PAIR, {"pk": "request"}, data={"cadre": 0}),
    *post("assistance:request_answer", MEASURE, {"pk": "request"}),
    *post("assistance:request_withdraw", MEASURE, {"pk": "request"}),
    *post("assistance:request_confirm", Household(P.HOUSEHOLD_VIEW, P.DELIVERY_CONFIRM), {"pk": "request"}),
    # plans: lists, the plan, its way, its tasks
    *get("plans:board", Menu(P.HOUSEHOLD_VIEW)),
    *get("plans:plan_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("plans:task_list", Menu(P.HOUSEHOLD_VIEW)),
    *post("plans:approve_bulk", Menu(P.PLAN_APPROVE)),
    *get("plans:household_plans", SEE, HH),
    *get("plans:plan_draft", PLAN_EDIT, HH, ok=(302,)),
    *get("plans:plan_detail", SEE, PLAN),
    *get("plans:plan_versions", SEE, PLAN | {"old": "revision", "new": "now"}),
    *get("plans:plan_photo", SEE, PLAN | {"uid": "plan_photo"}),
    *form("plans:photo_remove", PLAN_EDIT, PLAN | {"uid": "plan_photo"}),
    *form("plans:summary_edit", PLAN_EDIT, PLAN),
    *form("plans:goal_add", PLAN_EDIT, PLAN),
    *form("plans:goal_edit", PLAN_EDIT, PLAN | {"goal_pk": "plan_goal"}),
    *form("plans:goal_drop", PLAN_EDIT, PLAN | {"goal_pk": "plan_goal"}),
    *form("plans:task_add", PLAN_EDIT, PLAN | {"goal_pk": "plan_goal"}),
    *form("plans:task_edit", PLAN_EDIT, PLAN | {"task_pk": "plan_task"}),
    *form("plans:task_drop", PLAN_EDIT, PLAN | {"task_pk": "plan_task"}),
    *form("plans:indicators_edit", PLAN_EDIT, PLAN),
    *form("plans:consent_record", PLAN_EDIT, PLAN),
    *form("plans:plan_copy", PLAN_EDIT, PLAN),
    *form("plans:plan_submit", PLAN_EDIT, PLAN),
    *form("plans:plan_decide", Household(P.HOUSEHOLD_VIEW, P.PLAN_APPROVE), PLAN),
    *post("plans:plan_start", PLAN_EDIT, PLAN),
    *form("plans:plan_amend", PLAN_EDIT, PLAN),
    *form("plans:plan_review", PLAN_EDIT, PLAN),
    *form("plans:plan_close", Household(P.HOUSEHOLD_VIEW, P.PLAN_APPROVE), PLAN),
    *get("plans:task_detail", SEE, PLAN | {"task_pk": "plan_task"}),
    *form("plans:task_complete", PLAN_EDIT, PLAN | {"task_pk": "plan_task"}),
    *form("plans:task_progress", PLAN_EDIT, PLAN | {"task_pk": "plan_task"}),
    *form("plans:task_reopen", PLAN_EDIT, PLAN | {"task_pk": "plan_task"}),
    # 区域攻坚
    *get("assistance:village_list", Menu(P.HOUSEHOLD_VIEW), ok=(200, 302)),  # who has one village is led to it
    *get("assistance:village_page", Village(P.HOUSEHOLD_VIEW), {"pk": "village"}),
    *get("assistance:village_households", Village(P.HOUSEHOLD_VIEW), {"pk": "village"}, ask="?of=without"),
    *get("assistance:shortfall_list", Menu(P.HOUSEHOLD_VIEW)),
    *form("assistance:shortfall_new", Menu(P.PROJECT_EDIT)),
    *form("assistance:shortfall_tie", PROJECT, {"pk": "shortfall"}),
    *form("assistance:shortfall_resolve", PROJECT, {"pk": "shortfall"}),
    *get("assistance:project_list", Menu(P.HOUSEHOLD_VIEW)),
    *form("assistance:project_new", Menu(P.PROJECT_EDIT)),
    *get("assistance:project_detail", There(P.HOUSEHOLD_VIEW), {"pk": "project"}),
    *form("assistance:project_change", PROJECT, {"pk": "project"}),
    *(
        each
        for act in ("approve", "accept", "back")
        for each in form(
            "assistance:project_act", There(P.HOUSEHOLD_VIEW, P.PROJECT_APPROVE), {"pk": "project", "act": f"'{act}"}
        )
    ),
    *(
        each
        for act in ("start", "finish", "hand-over", "cancel")
        for each in form("assistance:project_act", PROJECT, {"pk": "project", "act": f"'{act}"})
    ),
    *form("assistance:project_photo_add", PROJECT, {"pk": "project"}),
    *post("assistance:project_photo_remove", PROJECT, {"pk": "project", "photo_pk": "project_photo"}),
    *get("assistance:project_households", There(P.HOUSEHOLD_VIEW), {"pk": "project"}),
    *post("assistance:project_households_change", PROJECT, {"pk": "project", "how": "'add"}),
    # 闲置房
    *get("assistance:house_list", Menu(P.HOUSEHOLD_VIEW)),
    *form("assistance:house_new", Menu(P.HOUSE_EDIT)),
    *get("assistance:house_detail", There(P.HOUSEHOLD_VIEW), {"pk": "house"}),
    *form("assistance:house_change", HOUSE, {"pk": "house"}),
    *form("assistance:house_inspect", HOUSE, {"pk": "house"}),
    *form("assistance:house_withdraw", HOUSE, {"pk": "house"}),
    *post("assistance:house_restore", HOUSE, {"pk": "house"}),
    *form("assistance:house_reveal", There(P.HOUSEHOLD_VIEW, P.PII_REVEAL), {"pk": "house"}),
    *form("assistance:house_photo_add", HOUSE, {"pk": "house"}),
    *post("assistance:house_photo_remove", HOUSE, {"pk": "house", "photo_pk": "house_photo"}),
    *get("assistance:house_households", HOUSE, {"pk": "house"}),
    *get("assistance:household_houses", Household(P.HOUSEHOLD_VIEW, P.HOUSE_EDIT), HH),
    *form("assistance:tenancy_offer", Household(P.HOUSEHOLD_VIEW, P.HOUSE_EDIT), HH | {"house_pk": "house"}),
    *get("assistance:tenancy_detail", SEE, {"pk": "tenancy"}),
    *(
        each
        for act in ("accept", "refuse", "move-in", "end")
        for each in form(
            "assistance:tenancy_act", Household(P.HOUSEHOLD_VIEW, P.HOUSE_EDIT), {"pk": "tenancy", "act": f"'{act}"}
        )
    ),
    # survey forms
    *get("surveys:form_list", Menu(P.SURVEY_PUBLISH)),
    *form("surveys:form_upload", Menu(P.SURVEY_PUBLISH)),
    *get("surveys:form_sample", Menu(P.SURVEY_PUBLISH)),
    *get("surveys:form_detail", Area(P.SURVEY_PUBLISH), {"pk": "survey_form"}),
    *get("surveys:form_preview", Area(P.SURVEY_PUBLISH), {"pk": "survey_form"}),
    *form("surveys:form_publish", Area(P.SURVEY_PUBLISH), {"pk": "survey_form"}),
    *form("surveys:form_retire", Area(P.SURVEY_PUBLISH), {"pk": "survey_form"}),
    *form("surveys:form_discard", Area(P.SURVEY_PUBLISH), {"pk": "survey_form"}),
    *get("surveys:progress", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:progress_households", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:progress_phones", Menu(P.SURVEY_REVIEW)),
    *get("surveys:gaps", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:gap_households", Menu(P.HOUSEHOLD_VIEW)),
    *post("surveys:gaps_check", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:effort", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:paper_run", Owner(), {"pk": "paper_run"}),
    *get("surveys:paper_progress", Owner(), {"pk": "paper_run"}),
    *post("surveys:paper_file", Owner(), {"pk": "paper_run"}),
    # surveys: the review
    *get("surveys:survey_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:survey_views", SignedIn()),
    *post("surveys:survey_view_save", SignedIn(), data={"name": "常用", "conflict": "some"}),
    *post("surveys:survey_view_delete", Owner(), {"pk": "survey_view"}),
    *post("surveys:approve_bulk", Menu(P.SURVEY_REVIEW)),
    *get("surveys:survey_detail", SEE, {"pk": "survey"}),
    *post("surveys:survey_approve", REVIEW, {"pk": "survey"}),
    *post("surveys:survey_return", REVIEW, {"pk": "survey"}),
    *get("surveys:survey_photo", SEE, {"pk": "survey", "uid": "survey_photo"}),
    *get("surveys:household_surveys", SEE, HH),
    # 反复核对
    *get("surveys:task_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("surveys:task_detail", SEE, {"pk": "task"}),
    *form("surveys:task_assign", Household(P.HOUSEHOLD_VIEW, P.SURVEY_SAMPLE), {"pk": "open_task"}),
    *form("surveys:task_cancel", Household(P.HOUSEHOLD_VIEW, P.SURVEY_SAMPLE), {"pk": "open_task"}),
    *get("surveys:difference_list", Menu(P.SURVEY_REVIEW)),
    *form("surveys:difference_resolve", REVIEW, {"pk": "difference"}),
    *get("surveys:agreement", Menu(P.SURVEY_SAMPLE)),
    *get("surveys:draw_list", Menu(P.SURVEY_SAMPLE)),
    *form("surveys:draw_new", Menu(P.SURVEY_SAMPLE)),
    *get("surveys:draw_detail", Area(P.SURVEY_SAMPLE), {"pk": "draw"}),
    *get("surveys:draw_csv", Area(P.SURVEY_SAMPLE), {"pk": "draw"}),
    *post("surveys:pick_bulk", Menu(P.SURVEY_SAMPLE)),
    # money
    *get("assistance:fund_list", Menu(P.FUND_VIEW)),
    *get("assistance:fund_spread", Menu(P.FUND_VIEW)),
    *form("assistance:fund_new", Menu(P.FUND_EDIT)),
    *get("assistance:fund_page", Purse(), {"pk": "fund"}),
    *get("assistance:fund_paid", Purse(), {"pk": "fund"}),
    *get("assistance:fund_projects", Purse(), {"pk": "fund"}),
    *form("assistance:fund_change", Purse(P.FUND_EDIT), {"pk": "fund"}),
    *form("assistance:fund_close", Purse(P.FUND_EDIT), {"pk": "fund"}),
    *form("assistance:fund_move", Purse(P.FUND_EDIT), {"pk": "fund", "act": "'plan"}),
    *form("assistance:fund_move", Payer(), {"pk": "fund", "act": "'pay"}),
    *post("assistance:fund_export", Purse(P.FUND_VIEW), {"pk": "fund"}),
    *get("assistance:fund_entry", Purse(), {"pk": "fund_entry"}),
    *form("assistance:fund_entry_reverse", Payer(), {"pk": "fund_entry"}),
    *form("assistance:fund_file", Owner(), {"pk": "fund_job"}),
    # subsidy lists
    *get("assistance:batch_list", Menu(P.FUND_PAY)),
    *form("assistance:batch_new", Menu(P.FUND_PAY)),
    *get("assistance:batch_detail", Area(P.FUND_PAY), {"pk": "pay_batch"}),
    *get("assistance:batch_progress", Area(P.FUND_PAY), {"pk": "pay_batch"}),
    *form("assistance:batch_pay", Area(P.FUND_PAY), {"pk": "pay_batch"}, ok=(302,)),
    *(
        door
        for act in ("check", "cancel", "discard", "propose", "return")
        for door in post(f"assistance:batch_{act}", Area(P.FUND_PAY), {"pk": "pay_batch"})
    ),
    # long work
    *get("jobs:job_list", SignedIn()),
    *get("jobs:job_detail", Owner(), {"pk": "job"}),
    *get("jobs:job_progress", Owner(), {"pk": "job"}),
    *post("jobs:job_cancel", Owner(), {"pk": "job"}),
    *post("jobs:job_retry", Owner(), {"pk": "job"}),
    *get("notices:notice_list", SignedIn()),
    *post("notices:notice_open", Owner(), {"pk": "notice"}),
    *post("notices:notices_read", SignedIn()),
    # one's own account
    *form("accounts:password_change", SignedIn()),
    *get("accounts:profile", SignedIn()),
    *post("accounts:preferences", SignedIn()),
    *form("accounts:totp_on", SignedIn()),
    *form("accounts:totp_off", SignedIn()),
    *post("accounts:logout", SignedIn()),
    # accounts of others
    *get("accounts:account_list", Menu(P.ACCOUNT_MANAGE)),
    *form("accounts:account_new", Menu(P.ACCOUNT_MANAGE)),
    *get("accounts:account_detail", ACCOUNTS, {"pk": "account"}),
    *form("accounts:account_edit", ACCOUNTS, {"pk": "account"}),
    *form("accounts:account_post", ACCOUNTS, {"pk": "account"}),
    *form("accounts:account_reset", TAKE_OVER, {"pk": "account"}),
    *form("accounts:account_deactivate", ACCOUNTS, {"pk": "account"}),
    *form("accounts:account_reactivate", TAKE_OVER, {"pk": "account"}),
    *form("accounts:account_unlock", ACCOUNTS, {"pk": "account"}),
    *form("accounts:account_totp_off", TAKE_OVER, {"pk": "account"}),
    *form("accounts:token_new", TAKE_OVER, {"pk": "account"}),
    *form("accounts:token_revoke", TAKE_OVER, {"pk": "token"}),
    *form("accounts:posting_end", ACCOUNTS, {"pk": "posting"}),
    *form("cadres:sheet_upload", Menu(P.ACCOUNT_MANAGE)),
    *get("cadres:sheet_template", Menu(P.ACCOUNT_MANAGE)),
    *post("cadres:sheet_open", Menu(P.ACCOUNT_MANAGE)),
    # regions
    *get("regions:region_tree", Menu(P.REGION_EDIT), ok=(200, 302)),
    *get("regions:picker", SignedIn()),
    *get("regions:region_detail", REGIONS, {"pk": "village"}),
    *form("regions:region_add", REGIONS, {"pk": "township"}),
    *form("regions:region_rename", REGIONS, {"pk": "village"}),
    *form("regions:region_recode", REGIONS, {"pk": "village"}),
    *form("regions:region_merge", REGIONS, {"pk": "township"}),
    *form("regions:region_split", REGIONS, {"pk": "village"}),
    *form("regions:region_close", REGIONS, {"pk": "village"}),
    # surveys on the phone
    *get("collect:home", Menu(P.SURVEY_FILL)),
    *get("collect:worker", Menu(P.SURVEY_FILL)),
    # what phones say to the server
    *post("collect:api_pack", Fill(), data={"household": "household_uid"}),
    *post("collect:api_ops", SignedIn(), data={"ops": []}),
    *get("collect:api_photo", Owner(), {"uid": "own_photo"}),
    *put("collect:api_photo", SignedIn(), {"uid": "own_photo"}, ok=(400,)),
    *get("collect:api_draft", Owner(), {"uid": "own_draft"}),
    *put("collect:api_draft", Menu(P.SURVEY_FILL), {"uid": "own_draft"}, ok=(400,)),
    *post("collect:api_devices", Menu(P.SURVEY_FILL), ok=(400,)),
    *post("collect:api_device_key", Owner(), {"uid": "own_device"}, ok=(422,)),  # only fresh from the log-in form
    *get("surveys:device_list", SignedIn()),
    *get("surveys:quarantine_list", Menu(P.SURVEY_REVIEW)),
    *get("surveys:quarantine_detail", Area(P.SURVEY_REVIEW), {"uid": "quarantined"}),
    *post("surveys:quarantine_accept", Area(P.SURVEY_REVIEW), {"uid": "quarantined"}),
    *form("surveys:quarantine_discard", Area(P.SURVEY_REVIEW), {"uid": "quarantined"}),
    *form("surveys:device_revoke", Mine(P.ACCOUNT_MANAGE), {"pk": "device"}),
    *get("collect:api_ping", SignedIn()),
    *get("collect:form", Menu(P.SURVEY_FILL), {"code": "form_code", "version": "form_version"}),
    *get("surveys:start", Household(P.HOUSEHOLD_VIEW, P.SURVEY_FILL), HH, ok=(302,)),
    *form("surveys:key_in", Menu(P.SURVEY_FILL)),
    # the API
    *get("api:api-root", SignedIn()),
    *get("api:schema", SignedIn()),
    *get("api_docs", SignedIn()),
    *get("api:me", SignedIn()),
    *get("api:first_page", SignedIn()),
    *get("api:print-list", Menu(P.LEDGER_PRINT)),
    *post("api:print-list", Menu(P.LEDGER_PRINT), ok=(400,)),
    *get("api:print-detail", Own(P.LEDGER_PRINT), {"pk": "print_run"}),
    *post("api:print-file", Own(P.LEDGER_PRINT), {"pk": "print_run"}, ok=(409,)),  # not made yet
    *get("api:household-list", Menu(P.HOUSEHOLD_VIEW)),
    *post("api:household-find", Menu(P.HOUSEHOLD_VIEW), data={"q": "王"}),
    *get("api:region-list", SignedIn()),
    *get("api:survey-list", Menu(P.HOUSEHOLD_VIEW)),
    *(door for package in BESIDE for door in package.DOORS),
]

# Doors whose rule is none of the gates: each has a test of its own below.
BY_HAND = {
    "api:household-detail": "who sees no household anywhere is refused (403), else as the ledger page",
    "api:survey-detail": "who sees no household anywhere is refused (403), else as the survey's page",
    "api:region-detail": "the regions at and below one's postings, whatever the role",
    "households:status_withdraw": "the proposer alone, where they may propose",
    "surveys:survey_withdraw": "its surveyor alone, until it is approved",
    "reports:print_region": "a village, township or county in which one may print; a helper has households, not villages",
    "reports:print_volume": "whoever asked for the run, of a village in it: tests/reports/test_runs.py",
    **{name: why for package in BESIDE for name, why in package.BY_HAND.items()},
}

# Open to everybody, each for a reason.
PUBLIC = {
    "accounts:login": "one cannot be logged in before logging in",
    "accounts:second_step": "the second half of logging in",
    "healthz": "the supervisor and load balancers ask it; it answers a word",
    "text_size": "large letters are needed most by who cannot find the log-in",
    "set_language": "the log-in page has the language switch, too",
    "reports:booklet_verify": "whoever holds a printed booklet may ask whether it is genuine; the answer names nobody",
    **{name: why for package in BESIDE for name, why in package.PUBLIC.items()},
}


@pytest.fixture
def knock(scene):
    """`knock(door, name, place) -> response` as that member of the cast ("" = nobody); whatever the knock wrote is undone."""

    def call(door: Door, name: str, place: Place) -> Any:
        client = Client()
        if name:
            client.cookies[settings.SESSION_COOKIE_NAME] = scene.sessions[name]
        with transaction.atomic():
            # 'dwelling is the word itself; everything else names a row of the place
            kwargs = {k: v[1:] if v.startswith("'") else place.rows[v] for k, v in door.row.items()}
            address = reverse(door.name, kwargs=kwargs) + door.ask
            data = {k: place.rows.get(v, v) if isinstance(v, str) else v for k, v in door.data.items()}
            if door.method == "GET":
                response = client.generic("GET", address)
            elif door.name.startswith("collect:api_"):
                response = client.generic(door.method, address, json.dumps(data), content_type="application/json")
            else:
                response = client.post(address, data)
            if response.streaming:
                list(response)
            transaction.set_rollback(True)
        return response

    return call


# -- the matrix -------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_every_role_inside_and_outside(door, scene, knock):
    wrong = []
    for who in scene.cast.values():
        for name in ("village", who.outside) if door.row else ("village",):
            place = scene.places[name]
            expected = door.gate.expected(who, place)
            status = knock(door, who.name, place).status_code
            if status not in (door.answers if expected == 200 else (expected,)):
                wrong.append(f"{who.name} at {name}: {status} instead of {expected}")
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=str)
def test_nobody_is_let_in_without_logging_in(door, scene, knock):
    response = knock(door, "", scene.places["village"])
    if door.name.startswith("api:"):
        assert response.status_code in (401, 403)
    elif door.name.startswith("collect:api_"):
        assert (response.status_code, response.json()["code"]) == (401, "signed_out")
    else:
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("accounts:login"))


def test_a_first_password_opens_nothing_but_its_own_change(scene, knock):
    user = scene.users["officer"]
    with transaction.atomic():
        user.must_change_password = True
        user.save()
        for door in DOORS:
            if door.name not in ("accounts:password_change", "accounts:logout"):
                response = knock(door, "officer", scene.places["village"])
                led_away = response.get("Location") == reverse("accounts:password_change")
                by_script = door.name.startswith(("api:", "collect:api_"))
                assert response.status_code == 403 if by_script else led_away, door
        transaction.set_rollback(True)
    user.must_change_password = False


@pytest.mark.slow
def test_every_page_is_sound_html(scene, knock, tmp_path):
    """What html-validate says of each page, as the people see it who may open most of them."""
    place, pages, report = scene.places["village"], {}, tmp_path / "report.json"
    for n, door in enumerate(door for door in DOORS if door.method == "GET" and not door.name.startswith("api:")):
        name = next(
            (each for each in ("official", "officer") if door.gate.expected(scene.cast[each], place) == 200), None
        )
        response = name and knock(door, name, place)
        if (
            response
            and response.status_code == 200
            and not response.streaming
            and response["Content-Type"].startswith("text/html")
        ):
            file = tmp_path / f"{n:03d}.html"
            file.write_bytes(response.content)
            pages[str(file)] = str(door)
    node, ui = shutil.which("node"), settings.BASE_DIR / "ui"
    assert node, "node is missing; ./run brings it"
    command = [
        node,
        ui / "node_modules" / "html-validate" / "bin" / "html-validate.mjs",
        "--config",
        ui / "html-validate.json",
    ]
    subprocess.run([*command, "--formatter", f"json={report}", *pages], capture_output=True, check=False, timeout=300)
    found = json.loads(report.read_text(encoding="utf-8"))
    assert len(pages) > 150
    assert not [
        f"{pages[each['filePath']]} {message['line']}: {message['message']}"
        for each in found
        for message in each["messages"]
    ]


# -- doors with a rule of their own -----------------------------------------------------------------------------------------------


def ask_api_for(scene, knock, name, row, who, place):
    return knock(Door("GET", name, None, {"pk": row}), who.name, scene.places[place]).status_code


def test_a_ledger_by_the_api(scene, knock):
    for who in scene.cast.values():
        for place in ("village", who.outside):
            sees = who.holds_on_household(P.HOUSEHOLD_VIEW, scene.places[place])
            expected = 200 if sees else 404 if P.HOUSEHOLD_VIEW in who.grants else 403
            assert ask_api_for(scene, knock, "api:household-detail", "household", who, place) == expected, (who, place)


def test_a_survey_by_the_api(scene, knock):
    for who in scene.cast.values():
        for place in ("village", who.outside):
            sees = who.holds_on_household(P.HOUSEHOLD_VIEW, scene.places[place])
            expected = 200 if sees else 404 if P.HOUSEHOLD_VIEW in who.grants else 403
            assert ask_api_for(scene, knock, "api:survey-detail", "survey", who, place) == expected, (who, place)


def test_a_region_by_the_api(scene, knock):
    for who in scene.cast.values():
        for place in ("village", who.outside):
            inside = scene.places[place].village.path.startswith(who.path)
            assert ask_api_for(scene, knock, "api:region-detail", "village", who, place) == (200 if inside else 404), (
                who
            )


def test_only_the_proposer_takes_a_proposal_back(scene, knock):
    door = Door("POST", "households:status_withdraw", None, CHANGE)
    for who in scene.cast.values():
        for place in ("village", who.outside):
            expected = 403 if who.holds_on_household(P.HOUSEHOLD_VIEW, scene.places[place]) else 404
            assert knock(door, who.name, scene.places[place]).status_code == expected, (who, place)
    proposal = StatusChangeFactory(
        household_id=scene.places["village"].rows["quiet_household"], proposed_by=scene.users["officer"],
        from_status="out_of_poverty",
    )  # fmt: skip
    own = Place(
        "village", scene.places["village"].village, None, {"household": proposal.household_id, "change": proposal.pk}
    )
    assert knock(door, "officer", own).status_code == 302


def test_only_its_surveyor_takes_a_survey_back(scene, knock):
    own = SurveyFactory(surveyor=scene.users["clerk"], household_id=scene.places["village"].rows["household"])
    place = Place("village", scene.places["village"].village, None, {"survey": own.pk})
    for method, ok in (("GET", 200), ("POST", 302)):
        door = Door(method, "surveys:survey_withdraw", None, {"pk": "survey"})
        for who in scene.cast.values():
            expected = ok if who.name == "clerk" else 404
            assert knock(door, who.name, place).status_code == expected, who
    SurveyFactory._meta.model.objects.filter(pk=own.pk).update(state="withdrawn")
    assert knock(Door("GET", "surveys:survey_withdraw", None, {"pk": "survey"}), "clerk", place).status_code == 404
    own.delete()


def test_printing_a_village(scene, knock):
    for method in ("GET", "POST"):
        door = Door(method, "reports:print_region", None, {"pk": "village"})
        for who in scene.cast.values():
            for name in ("village", who.outside):
                place = scene.places[name]
                here = 200 if who.holds_in(P.LEDGER_PRINT, place.village.path) else 404
                expected = here if P.LEDGER_PRINT in who.grants else 403
                assert knock(door, who.name, place).status_code == expected, (who, name)


# -- completeness -----------------------------------------------------------------------------------------------------------------


def walk(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from walk(each, (*spaces, each.namespace) if each.namespace else spaces)
        else:
            yield ":".join((*spaces, each.name or f"?{each.pattern}")), each


def test_every_address_is_a_door_with_a_rule():
    names = {name for name, _pattern in walk(get_resolver())}
    declared = {door.name for door in DOORS} | set(BY_HAND) | set(PUBLIC)
    undeclared, gone = names - declared, declared - names
    assert not undeclared, "declare who may open these"
    assert not gone, "these doors are no more"
    assert not {door.name for door in DOORS} & (set(BY_HAND) | set(PUBLIC))
    assert all(PUBLIC.values())
    assert all(BY_HAND.values())


def test_both_methods_of_a_form_are_declared():
    """A view that reads on GET and writes on POST has a rule for each."""
    views = {name: pattern.callback for name, pattern in walk(get_resolver())}
    methods = {}
    for door in DOORS:
        methods.setdefault(door.name, set()).add(door.method)
    for name, declared in methods.items():
        if "api:" not in name and getattr(views[name], "writes", False):
            assert declared == {"GET", "POST"}, name


def test_public_views_are_the_declared_ones():
    """Only the views above are exempt from the log-in, and each of them is."""
    exempt = {name for name, pattern in walk(get_resolver()) if not getattr(pattern.callback, "login_required", True)}
    assert {name for name in exempt if not name.startswith("api:")} == set(PUBLIC)


def test_the_written_record_of_doors_is_true():
    lines = [
        "# Doors",
        "",
        "Every address and who may open it; written by `YIHU_RECORD=1 ./run test tests/test_doors.py`, compared by the same test.",
        "What is not yours to see answers 404, what is yours to see but not to do answers 403.",
        "",
        "| address | method | needs |",
        "|---|---|---|",
    ]
    addresses = {name: "/" + str(route) for name, route in routes(get_resolver())}
    for door in DOORS:
        lines.append(f"| `{addresses[door.name]}` | {door.method} | {door.gate} |")
    lines += [f"| `{addresses[name]}` | | {why} |" for name, why in BY_HAND.items()]
    lines += ["", "Open to everybody:", "", "| address | why |", "|---|---|"]
    lines += [f"| `{addresses[name]}` | {why} |" for name, why in PUBLIC.items()]
    text = "\n".join(lines) + "\n"
    if os.environ.get("YIHU_RECORD"):
        RECORD.write_text(text)
    assert RECORD.read_text() == text


def routes(resolver: URLResolver, spaces: tuple[str, ...] = (), front: str = "") -> Iterator[tuple[str, str]]:
    for each in resolver.url_patterns:
        here = front + str(each.pattern).lstrip("^").replace("\\Z", "").rstrip("$")
        if isinstance(each, URLResolver):
            yield from routes(each, (*spaces, each.namespace) if each.namespace else spaces, here)
        else:
            yield ":".join((*spaces, each.name or "")), here


def test_every_permission_guards_a_door():
    guarded = {p for door in DOORS for p in vars(door.gate).values()} | {P.LEDGER_PRINT_FULL}
    assert set(PERMISSION_TITLES) == set(Permission)
    assert not set(Permission) - guarded - {P.HOUSEHOLD_IMPORT}
