"""Addresses of plans."""

from django.urls import URLPattern, path

from plans.views import content, handing, lists, plan, proposals, tasks, way

app_name = "plans"
urlpatterns: list[URLPattern] = [
    path("", lists.board, name="board"),
    path("list/", lists.plan_list, name="plan_list"),
    path("tasks/", lists.task_list, name="task_list"),
    path("tasks/hand/<int:pk>/", handing.tasks_hand, name="tasks_hand"),
    path("bulk/approve/", lists.approve_bulk, name="approve_bulk"),
    path("households/<int:pk>/", lists.household_plans, name="household_plans"),
    path("households/<int:pk>/new/", content.plan_draft, name="plan_draft"),
    path("households/<int:pk>/<int:year>/proposals/", proposals.proposals, name="proposals"),
    path("<int:pk>/", plan.plan_detail, name="plan_detail"),
    path("<int:pk>/versions/<int:old>/<int:new>/", plan.plan_versions, name="plan_versions"),
    path("<int:pk>/photos/<uuid:uid>/", plan.plan_photo, name="plan_photo"),
    path("<int:pk>/photos/<uuid:uid>/remove/", tasks.photo_remove, name="photo_remove"),
    # writing it
    path("<int:pk>/summary/", content.summary_edit, name="summary_edit"),
    path("<int:pk>/goals/new/", content.goal_add, name="goal_add"),
    path("<int:pk>/goals/<int:goal_pk>/", content.goal_edit, name="goal_edit"),
    path("<int:pk>/goals/<int:goal_pk>/drop/", content.goal_drop, name="goal_drop"),
    path("<int:pk>/goals/<int:goal_pk>/tasks/new/", content.task_add, name="task_add"),
    path("<int:pk>/tasks/<int:task_pk>/edit/", content.task_edit, name="task_edit"),
    path("<int:pk>/tasks/<int:task_pk>/drop/", content.task_drop, name="task_drop"),
    path("<int:pk>/indicators/", content.indicators_edit, name="indicators_edit"),
    path("<int:pk>/consent/", content.consent_record, name="consent_record"),
    path("<int:pk>/copy/", content.plan_copy, name="plan_copy"),
    # its way
    path("<int:pk>/submit/", way.plan_submit, name="plan_submit"),
    path("<int:pk>/decide/", way.plan_decide, name="plan_decide"),
    path("<int:pk>/start/", way.plan_start, name="plan_start"),
    path("<int:pk>/amend/", way.plan_amend, name="plan_amend"),
    path("<int:pk>/review/", way.plan_review, name="plan_review"),
    path("<int:pk>/close/", way.plan_close, name="plan_close"),
    # its tasks
    path("<int:pk>/tasks/<int:task_pk>/", tasks.task_detail, name="task_detail"),
    path("<int:pk>/tasks/<int:task_pk>/complete/", tasks.task_complete, name="task_complete"),
    path("<int:pk>/tasks/<int:task_pk>/progress/", tasks.task_progress, name="task_progress"),
    path("<int:pk>/tasks/<int:task_pk>/reopen/", tasks.task_reopen, name="task_reopen"),
]
