"""Plans and what belongs to them. Rows are written raw; plans made by the verbs are in `planned`."""

import datetime as dt
import io

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from plans import models
from plans.indicators import CODES
from tests.factories.accounts import UserFactory
from tests.factories.households import YEAR, HouseholdFactory


class PlanFactory(factory.django.DjangoModelFactory):
    """A draft of nothing yet; `submitted`, `approved`, `in_progress`, `reviewed` for one that is further."""

    class Meta:
        model = models.Plan
        skip_postgeneration_save = True

    household = factory.SubFactory(HouseholdFactory)
    year = YEAR
    drafted_by = "drafter"
    drafted_at = factory.LazyFunction(timezone.now)

    class Params:
        submitted = factory.Trait(
            state="submitted", revision=1, submitted_by="drafter", submitted_at=factory.LazyFunction(timezone.now)
        )
        approved = factory.Trait(
            submitted=True, state="approved", decided_by="decider", decided_at=factory.LazyFunction(timezone.now)
        )
        in_progress = factory.Trait(approved=True, state="in_progress")
        reviewed = factory.Trait(
            approved=True, state="reviewed", reviewed_by="drafter", reviewed_at=factory.LazyFunction(timezone.now)
        )

    @factory.post_generation
    def indicators(self, create, given, **kwargs):
        for code in CODES:
            models.Indicator.objects.create(plan=self, code=code, target="目标")


class GoalFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Goal

    plan = factory.SubFactory(PlanFactory)
    text = "年底前住进安全房"


class TaskFactory(factory.django.DjangoModelFactory):
    """An open task, due at the end of its year; `late=True` for one whose day has gone by."""

    class Meta:
        model = models.Task
        skip_postgeneration_save = True

    goal = factory.SubFactory(GoalFactory)
    text = "申请危房改造"
    owner = factory.SubFactory(UserFactory)
    due_on = dt.date(YEAR, 12, 31)

    class Params:
        late = factory.Trait(due_on=factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=3)))
        done = factory.Trait(state="done", done_on=factory.LazyFunction(timezone.localdate), done_by="somebody")

    @factory.post_generation
    def next_day(self, create, given, **kwargs):
        """As every verb leaves it on the plan."""
        open_ones = models.Task.objects.filter(goal__plan=self.goal.plan_id, state="open")
        models.Plan._base_manager.filter(pk=self.goal.plan_id).update(
            next_due_on=open_ones.order_by("due_on").values_list("due_on", flat=True).first()
        )


class PlanEvidenceFactory(factory.django.DjangoModelFactory):
    """A photo whose file is nowhere."""

    class Meta:
        model = models.PlanEvidence

    plan = factory.SubFactory(PlanFactory)
    file = ""
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    width = 40
    height = 30
    uploaded_by = "somebody"


def picture(name="photo.jpg", colour=(120, 140, 90)):
    """An upload as a phone sends it."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


TARGETS = {
    "income": "12,000 元",
    "housing": "安全",
    "school": "没有",
    "illness": "不因病返贫",
    "medical": "全部参加",
    "pension": "全部参加",
}
