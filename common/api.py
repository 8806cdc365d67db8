"""One's own long work and one's own notices, for programs: read only."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common import jobs, notices
from common.models import Job, Notice
from common.rest import Code, Listing, Rows


class JobSerializer(serializers.ModelSerializer[Job]):
    """Long work that one asked for: `done` of `total`; `said` is how far it is, or why it failed."""

    state = Code()
    said = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = ("id", "kind", "title", "state", "done", "total", "said", "created_at", "started_at", "finished_at")

    def get_said(self, job: Job) -> str:
        return job.error or job.message


class JobViewSet(Rows):
    """后台任务: one's own, newest first."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        rows: QuerySet[Job] = jobs.jobs_of(self.request.user)
        return rows


class InPerson(BasePermission):
    """Whoever is logged in; not a program with a token."""

    message = gettext_lazy("通知只给本人看，令牌不能读。")

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is None


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice: `count` matters of one topic in a sentence, and the page it leads to."""

    kind = Code()
    text = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = ("id", "kind", "topic", "text", "count", "page", "at", "read_at")

    def get_text(self, row: Notice) -> str:
        return notices.sentence(row)

    def get_page(self, row: Notice) -> str:
        return notices.target(row, self.context["request"].user)


class NoticeViewSet(Listing):
    """通知: one's own, newest first. Reading them here marks none as read. They speak of whatever the account may see, so a token, which may
    see less, does not open them."""

    serializer_class: Any = NoticeSerializer
    permission_classes: Any = (*Listing.permission_classes, InPerson)
    queryset = Notice.objects.none()
    order = "-at"

    def get_queryset(self) -> QuerySet[Notice]:
        return notices.of(self.request.user)
