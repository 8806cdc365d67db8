"""Addresses of supervision."""

from django.urls import URLPattern, path

from supervision.views import activity, appraisals, orders, schemes

app_name = "supervision"
urlpatterns: list[URLPattern] = [
    # 工作部署
    path("orders/", orders.order_list, name="order_list"),
    path("orders/new/", orders.order_new, name="order_new"),
    path("orders/<int:pk>/", orders.order_detail, name="order_detail"),
    path("orders/<int:pk>/places/", orders.order_places, name="order_places"),
    path("orders/<int:pk>/households/", orders.order_households, name="order_households"),
    path("orders/<int:pk>/amend/", orders.order_amend, name="order_amend"),
    path("orders/<int:pk>/withdraw/", orders.order_withdraw, name="order_withdraw"),
    path("orders/<int:pk>/close/", orders.order_close, name="order_close"),
    path("orders/<int:pk>/count/", orders.order_recount, name="order_recount"),
    path("orders/<int:pk>/receive/", orders.order_receive, name="order_receive"),
    path("orders/<int:pk>/act/", orders.order_act, name="order_act"),
    path("orders/<int:pk>/acts/<uuid:act>/void/", orders.order_void, name="order_void"),
    # 各级工作量
    path("activity/", activity.side_by_side, name="activity"),
    path("activity/count/", activity.activity_recount, name="activity_recount"),
    path("activity/<slug:code>/", activity.activity_list, name="activity_list"),
    # 考评
    path("appraisals/", appraisals.round_list, name="round_list"),
    path("appraisals/new/", appraisals.round_new, name="round_new"),
    path("appraisals/people/", appraisals.appraisal_list, name="appraisal_list"),
    path("appraisals/mine/", appraisals.mine, name="mine"),
    path("appraisals/rounds/<int:pk>/", appraisals.round_detail, name="round_detail"),
    path("appraisals/rounds/<int:pk>/discard/", appraisals.round_discard, name="round_discard"),
    path("appraisals/rounds/<int:pk>/do/<slug:act>/", appraisals.round_act, name="round_act"),
    path("appraisals/files/<int:pk>/", appraisals.round_file, name="round_file"),
    path("appraisals/<int:pk>/", appraisals.appraisal_detail, name="appraisal_detail"),
    path("appraisals/<int:pk>/items/<slug:code>/<slug:part>/", appraisals.appraisal_rows, name="appraisal_rows"),
    path("appraisals/<int:pk>/comment/", appraisals.appraisal_comment, name="appraisal_comment"),
    path("appraisals/<int:pk>/answer/", appraisals.appraisal_answer, name="appraisal_answer"),
    path("appraisals/<int:pk>/finalise/", appraisals.appraisal_finalise, name="appraisal_finalise"),
    path("appraisals/<int:pk>/pdf/", appraisals.appraisal_pdf, name="appraisal_pdf"),
    # 考评办法
    path("schemes/", schemes.scheme_list, name="scheme_list"),
    path("schemes/new/", schemes.scheme_new, name="scheme_new"),
    path("schemes/<int:pk>/", schemes.scheme_edit, name="scheme_edit"),
    path("schemes/<int:pk>/<slug:act>/", schemes.scheme_act, name="scheme_act"),
]
