"""Every change of a plan is a verb here. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""

from plans.services.content import draft_plan, drop_goal, drop_task, edit_plan, put_goal, put_task, set_indicators
from plans.services.copying import copy_plan
from plans.services.decision import (
    amend_plan,
    approve_batch,
    approve_plan,
    close_plan,
    record_consent,
    return_plan,
    return_review,
    review_plan,
    start_plan,
    submit_plan,
)  # fmt: skip
from plans.services.handing import hand_tasks
from plans.services.tasks import complete_task, progress_task, remove_evidence, reopen_task

__all__ = [
    "amend_plan", "approve_batch", "approve_plan", "close_plan", "complete_task", "copy_plan", "draft_plan", "drop_goal", "drop_task",
    "edit_plan", "hand_tasks", "progress_task", "put_goal", "put_task", "record_consent", "remove_evidence", "reopen_task", "return_plan",
    "return_review", "review_plan", "set_indicators", "start_plan", "submit_plan",
]  # fmt: skip
