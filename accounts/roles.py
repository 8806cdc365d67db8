"""Who may do what: decisions reviewed in a diff. Who holds a role, where and until when, is data (`Posting`)."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """What can be permitted. `noun.verb`; the sentences are in `PERMISSION_TITLES`."""

    HOUSEHOLD_VIEW = "household.view"
    HOUSEHOLD_EDIT = "household.edit"
    HOUSEHOLD_RESTRUCTURE = "household.restructure"
    PII_REVEAL = "pii.reveal"
    STATUS_PROPOSE = "status.propose"
    STATUS_CONFIRM = "status.confirm"
    PAIRING_EDIT = "pairing.edit"
    HISTORY_VIEW = "history.view"
    HOUSEHOLD_IMPORT = "household.import"
    HOUSEHOLD_EXPORT = "household.export"
    LEDGER_PRINT = "ledger.print"
    LEDGER_PRINT_FULL = "ledger.print_full"
    REGION_EDIT = "region.edit"
    ACCOUNT_MANAGE = "account.manage"
    SURVEY_FILL = "survey.fill"
    SURVEY_REVIEW = "survey.review"
    SURVEY_SAMPLE = "survey.sample"
    SURVEY_PUBLISH = "survey.publish"
    CATALOGUE_EDIT = "catalogue.edit"
    PLAN_EDIT = "plan.edit"
    PLAN_APPROVE = "plan.approve"
    MEASURE_EDIT = "measure.edit"
    MEASURE_APPROVE = "measure.approve"
    MEASURE_DEPARTMENT = "measure.department"
    DELIVERY_RECORD = "delivery.record"
    DELIVERY_CONFIRM = "delivery.confirm"
    FUND_VIEW = "fund.view"
    FUND_EDIT = "fund.edit"
    FUND_PAY = "fund.pay"
    PROJECT_EDIT = "project.edit"
    PROJECT_APPROVE = "project.approve"
    HOUSE_EDIT = "house.edit"
    CADRE_VIEW = "cadre.view"
    CADRE_EDIT = "cadre.edit"
    VISIT_RECORD = "visit.record"
    VISIT_VOID = "visit.void"
    PARTY_VIEW = "party.view"
    PARTY_EDIT = "party.edit"
    PARTY_CONFIRM = "party.confirm"
    RULE_EDIT = "rule.edit"
    ORDER_VIEW = "order.view"
    ORDER_ISSUE = "order.issue"
    ORDER_ACT = "order.act"
    APPRAISAL_VIEW = "appraisal.view"
    APPRAISAL_EDIT = "appraisal.edit"
    FIGURES_VIEW = "figures.view"


PERMISSION_TITLES = {
    Permission.HOUSEHOLD_VIEW: _("查看农户台账"),
    Permission.HOUSEHOLD_EDIT: _("修改农户台账"),
    Permission.HOUSEHOLD_RESTRUCTURE: _("并户、拆户、销户、迁移"),
    Permission.PII_REVEAL: _("查看完整证件号、电话、账号（须填理由，留记录）"),
    Permission.STATUS_PROPOSE: _("提出身份变更"),
    Permission.STATUS_CONFIRM: _("确认或退回身份变更"),
    Permission.PAIRING_EDIT: _("安排结对帮扶"),
    Permission.HISTORY_VIEW: _("查看变更记录"),
    Permission.HOUSEHOLD_IMPORT: _("导入农户数据"),
    Permission.HOUSEHOLD_EXPORT: _("导出农户数据（完整号码另须有查看的权限）"),
    Permission.LEDGER_PRINT: _("打印台账"),
    Permission.LEDGER_PRINT_FULL: _("打印含完整证件号的台账（须填理由，留记录）"),
    Permission.REGION_EDIT: _("维护区划"),
    Permission.ACCOUNT_MANAGE: _("管理账号"),
    Permission.SURVEY_FILL: _("填写入户调查"),
    Permission.SURVEY_REVIEW: _("审核入户调查、安排调查任务"),
    Permission.SURVEY_SAMPLE: _("抽取复核户"),
    Permission.SURVEY_PUBLISH: _("发布调查表"),
    Permission.CATALOGUE_EDIT: _("维护帮扶措施目录"),
    Permission.PLAN_EDIT: _("制定和修改帮扶计划"),
    Permission.PLAN_APPROVE: _("审批帮扶计划"),
    Permission.MEASURE_EDIT: _("提出帮扶措施、登记服务诉求"),
    Permission.MEASURE_APPROVE: _("审批帮扶措施"),
    Permission.MEASURE_DEPARTMENT: _("查看和登记本部门的措施"),
    Permission.DELIVERY_RECORD: _("登记措施落实"),
    Permission.DELIVERY_CONFIRM: _("登记农户确认"),
    Permission.FUND_VIEW: _("查看资金"),
    Permission.FUND_EDIT: _("管理资金来源、下达和安排资金"),
    Permission.FUND_PAY: _("发放资金"),
    Permission.PROJECT_EDIT: _("登记村级项目和村级短板"),
    Permission.PROJECT_APPROVE: _("审批、验收村级项目"),
    Permission.HOUSE_EDIT: _("登记闲置房、安排入住"),
    Permission.CADRE_VIEW: _("查看单位、干部、驻村工作队和结对情况"),
    Permission.CADRE_EDIT: _("维护单位、干部和驻村工作队"),
    Permission.VISIT_RECORD: _("登记走访"),
    Permission.VISIT_VOID: _("作废别人登记的走访（须填理由）"),
    Permission.PARTY_VIEW: _("查看村党组织建设"),
    Permission.PARTY_EDIT: _("登记党员、课堂、组织生活和阵地设施"),
    Permission.PARTY_CONFIRM: _("确认发展党员的阶段、维护课程目录"),
    Permission.RULE_EDIT: _("制定走访、结对、工作队、组织生活和考评的要求"),
    Permission.ORDER_VIEW: _("查看工作部署和落实情况"),
    Permission.ORDER_ISSUE: _("下达工作部署"),
    Permission.ORDER_ACT: _("签收工作部署、登记落实"),
    Permission.APPRAISAL_VIEW: _("查看本地区干部的考评"),
    Permission.APPRAISAL_EDIT: _("组织考评、回应申辩、审定"),
    Permission.FIGURES_VIEW: _("查看看板和报表"),
}


class Role(models.TextChoices):
    VILLAGE_CLERK = "village_clerk", _("村级信息员")
    RESIDENT_TEAM = "resident_team", _("驻村工作队")
    HELPER = "helper", _("帮扶责任人")
    TOWNSHIP_OFFICER = "township_officer", _("乡镇专干")
    COUNTY_OFFICIAL = "county_official", _("县级管理人员")
    DEPARTMENT_USER = "department_user", _("行业部门")
    AUDITOR = "auditor", _("审计评估")
    SYSTEM_ADMIN = "system_admin", _("系统管理员")


P = Permission
_READ = frozenset({P.HOUSEHOLD_VIEW})
_HELP = frozenset({P.LEDGER_PRINT, P.SURVEY_FILL, P.PLAN_EDIT, P.MEASURE_EDIT, P.DELIVERY_CONFIRM, P.VISIT_RECORD})
_VILLAGE = (
    _READ
    | _HELP
    | {P.HOUSEHOLD_EDIT, P.HISTORY_VIEW, P.DELIVERY_RECORD, P.PROJECT_EDIT, P.HOUSE_EDIT}
    | {P.CADRE_VIEW, P.PARTY_VIEW, P.PARTY_EDIT, P.ORDER_VIEW, P.ORDER_ACT, P.FIGURES_VIEW}
)
_OFFICE = frozenset({P.PLAN_APPROVE, P.MEASURE_APPROVE, P.PROJECT_APPROVE, P.FUND_VIEW, P.FUND_PAY}) | {
    P.CADRE_EDIT, P.VISIT_VOID, P.PARTY_CONFIRM, P.ORDER_ISSUE, P.APPRAISAL_VIEW, P.APPRAISAL_EDIT,
}  # fmt: skip

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VILLAGE_CLERK: _VILLAGE,
    Role.RESIDENT_TEAM: _VILLAGE,
    Role.HELPER: _READ | _HELP,  # held by pairing, never by posting
    Role.TOWNSHIP_OFFICER: _VILLAGE
    | {P.HOUSEHOLD_RESTRUCTURE, P.PII_REVEAL, P.STATUS_PROPOSE, P.PAIRING_EDIT, P.HOUSEHOLD_IMPORT, P.HOUSEHOLD_EXPORT, P.LEDGER_PRINT_FULL, P.ACCOUNT_MANAGE}
    | {P.SURVEY_REVIEW, P.SURVEY_SAMPLE}
    | _OFFICE,
    Role.COUNTY_OFFICIAL: _VILLAGE
    | {P.HOUSEHOLD_RESTRUCTURE, P.PII_REVEAL, P.STATUS_PROPOSE, P.STATUS_CONFIRM, P.PAIRING_EDIT, P.HOUSEHOLD_IMPORT, P.HOUSEHOLD_EXPORT, P.LEDGER_PRINT_FULL}
    | {P.ACCOUNT_MANAGE, P.REGION_EDIT, P.SURVEY_REVIEW, P.SURVEY_SAMPLE, P.SURVEY_PUBLISH}
    | _OFFICE
    | {P.CATALOGUE_EDIT, P.FUND_EDIT, P.RULE_EDIT},
    Role.DEPARTMENT_USER: frozenset({P.MEASURE_DEPARTMENT}),
    Role.AUDITOR: _READ
    | {P.HISTORY_VIEW, P.HOUSEHOLD_EXPORT, P.LEDGER_PRINT, P.SURVEY_SAMPLE, P.FUND_VIEW}
    | {P.CADRE_VIEW, P.PARTY_VIEW, P.ORDER_VIEW, P.APPRAISAL_VIEW, P.FIGURES_VIEW},
    Role.SYSTEM_ADMIN: frozenset({P.ACCOUNT_MANAGE, P.REGION_EDIT}),
}  # fmt: skip

# What one holds who holds all of these: who sees every household, records and pays may let a department do so for its own kinds of help.
COVERED_BY = {P.MEASURE_DEPARTMENT: frozenset({P.HOUSEHOLD_VIEW, P.DELIVERY_RECORD, P.FUND_PAY})}


def needed_to_give(role: Role) -> frozenset[Permission]:
    """What one must hold to give the role to somebody."""
    return frozenset(each for permission in GRANTS[role] for each in COVERED_BY.get(permission, {permission}))


# What a program may be let use: it reads, and asks for exports and print runs. Nothing that decides, pays or uncovers a number.
BY_PROGRAM: tuple[Permission, ...] = (
    P.HOUSEHOLD_VIEW, P.CADRE_VIEW, P.PARTY_VIEW, P.FUND_VIEW, P.ORDER_VIEW, P.APPRAISAL_VIEW, P.FIGURES_VIEW, P.HOUSEHOLD_EXPORT, P.LEDGER_PRINT,
)  # fmt: skip


# At which region level a posting of the role may stand (Level values).
POSTED_AT: dict[Role, frozenset[int]] = {
    Role.VILLAGE_CLERK: frozenset({5}),
    Role.RESIDENT_TEAM: frozenset({5}),
    Role.HELPER: frozenset(),
    Role.TOWNSHIP_OFFICER: frozenset({4}),
    Role.COUNTY_OFFICIAL: frozenset({3}),
    Role.DEPARTMENT_USER: frozenset({3}),
    Role.AUDITOR: frozenset({1, 2, 3, 4, 5}),
    Role.SYSTEM_ADMIN: frozenset({1, 2, 3}),
}
