"""Jobs and notices."""

import factory
from django.utils import timezone

from common.models import Job, Notice


class JobFactory(factory.django.DjangoModelFactory):
    """A queued job of a kind the test registers."""

    class Meta:
        model = Job

    kind = "tests.work"
    title = "测试任务"
    owner = "somebody"

    class Params:
        finished = factory.Trait(state=Job.State.DONE, finished_at=factory.LazyFunction(timezone.now))
        failed = factory.Trait(
            state=Job.State.FAILED, error="没有完成。", finished_at=factory.LazyFunction(timezone.now)
        )


class NoticeFactory(factory.django.DjangoModelFactory):
    """That a job is done; nobody has read it."""

    class Meta:
        model = Notice

    to = "somebody"
    kind = Notice.Kind.JOB
    topic = "job.done"
    values = factory.LazyFunction(lambda: {"title": "测试任务"})
    url = "/jobs/"

    class Params:
        read = factory.Trait(read_at=factory.LazyFunction(timezone.now))
