"""党支部 of a village, and who holds its posts."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import DateRange
from cadres.models import Unit
from party.codelists import POSTS, SECRETARY
from party.querysets import BranchQuerySet, OfBranchQuerySet
from regions.models import Region


class Branch(models.Model):
    """A village has one or more. `closed_on` is the first day without it; `unit` is where those of its members who help are cadres.

    Where there is no committee or no group, nobody is asked for their meetings (支部工作条例: a committee from seven full members on).
    """

    village = models.ForeignKey(Region, models.PROTECT, related_name="branches")
    name = models.CharField(_("党支部名称"), max_length=60)
    established_on = models.DateField(_("成立日期"), null=True, blank=True)
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)
    has_committee = models.BooleanField(_("设支部委员会"), default=True)
    has_groups = models.BooleanField(_("设党小组"), default=True)
    unit = models.OneToOneField(Unit, models.PROTECT, null=True, blank=True, related_name="branch")
    version = models.PositiveIntegerField(default=0)

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("党支部")
        ordering: ClassVar = ["village", "name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["village", "name"], name="branch_once_a_village", violation_error_message=_("这个村已经有同名的党支部。")
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(established_on=None) | Q(closed_on__gte=F("established_on")),
                name="branch_closes_after_it_began", violation_error_message=_("撤销日期早于成立日期，请核对。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class BranchPost(models.Model):
    """Somebody holds a post of the branch from a day on. `ends_on` is the first day without."""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="posts")
    person = models.ForeignKey("party.PartyPerson", models.PROTECT, related_name="posts", verbose_name=_("姓名"))
    post = models.CharField(_("职务"), max_length=12, choices=POSTS.choices)
    starts_on = models.DateField(_("任职日期"))
    ends_on = models.DateField(_("离任日期"), null=True, blank=True)

    objects = OfBranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("支部职务")
        ordering: ClassVar = ["branch", "post", "-starts_on", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="branchpost_ends_after_start",
                violation_error_message=_("离任日期早于任职日期，请核对。"),
            ),
            *(
                ExclusionConstraint(
                    name=name,
                    expressions=[
                        (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                        *((column, RangeOperators.EQUAL) for column in columns),
                    ],
                    condition=condition,
                    violation_error_message=message,
                )
                for name, columns, condition, message in (
                    ("branch_one_secretary", ("branch",), Q(post=SECRETARY), _("这个党支部在同一时间已经有书记，请先登记离任。")),
                    ("branchpost_once", ("branch", "person", "post"), None, _("这位党员在同一时间已经担任这个职务。")),
                )
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.post} of {self.branch_id}"
