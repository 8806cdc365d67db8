"""Addresses of assistance."""

from django.urls import URLPattern, path

from assistance.views import base, comparison, deliveries, entitlement, houses, measures, projects, requests, villages

app_name = "assistance"
urlpatterns: list[URLPattern] = [
    # 应享与实享, 比较
    path("entitlement/", entitlement.entitlement_page, name="entitlement"),
    path("entitlement/look/", entitlement.entitlement_look, name="entitlement_look"),
    path("entitlement/<int:pk>/lists/<slug:code>/", entitlement.lacking_list, name="lacking_list"),
    path("entitlement/<int:pk>/<slug:code>/<slug:state>/", entitlement.entitlement_people, name="entitlement_people"),
    path("households/<int:pk>/entitlement/", entitlement.household_entitlement, name="household_entitlement"),
    path("households/<int:pk>/neighbours/", comparison.neighbours, name="neighbours"),
    path("marginal/", comparison.marginal_list, name="marginal"),
    path("effects/", comparison.effects_page, name="effects"),
    # 帮扶措施, 落实, 农户确认, 服务诉求
    path("measures/", measures.measure_list, name="measure_list"),
    path("measures/approve/", measures.measure_approve_bulk, name="measure_approve_bulk"),
    path("measures/<int:pk>/", measures.measure_detail, name="measure_detail"),
    path("measures/<int:pk>/approve/", measures.measure_approve, name="measure_approve"),
    path("measures/<int:pk>/refuse/", measures.measure_refuse, name="measure_refuse"),
    path("measures/<int:pk>/change/", measures.measure_change, name="measure_change"),
    path("measures/<int:pk>/withdraw/", measures.measure_withdraw, name="measure_withdraw"),
    path("measures/<int:pk>/effect/", measures.measure_effect, name="measure_effect"),
    path("measures/<int:pk>/deliver/", deliveries.delivery_new, name="delivery_new"),
    path("measures/plan/<int:pk>/", measures.measure_from_plan, name="measure_from_plan"),
    path("households/<int:pk>/", measures.household_measures, name="household_measures"),
    path("households/<int:pk>/propose/", measures.measure_propose, name="measure_propose"),
    path("households/<int:pk>/ask/", requests.request_new, name="request_new"),
    path("deliveries/batch/", deliveries.delivery_batch, name="delivery_batch"),
    path("deliveries/sign/", deliveries.delivery_sign, name="delivery_sign"),
    path("deliveries/sheet/", deliveries.delivery_sheet, name="delivery_sheet"),
    path("deliveries/<int:pk>/reverse/", deliveries.delivery_reverse, name="delivery_reverse"),
    path("deliveries/<int:pk>/confirm/", deliveries.delivery_confirm, name="delivery_confirm"),
    path("evidence/<uuid:uid>/", base.evidence, name="evidence"),
    path("requests/", requests.request_list, name="request_list"),
    path("requests/<int:pk>/", requests.request_detail, name="request_detail"),
    path("requests/<int:pk>/take/", requests.request_take, name="request_take"),
    path("requests/<int:pk>/answer/", requests.request_answer, name="request_answer"),
    path("requests/<int:pk>/confirm/", requests.request_confirm, name="request_confirm"),
    path("requests/<int:pk>/withdraw/", requests.request_withdraw, name="request_withdraw"),
    # 区域攻坚
    path("villages/", villages.village_list, name="village_list"),
    path("villages/<int:pk>/", villages.village_page, name="village_page"),
    path("villages/<int:pk>/households/", villages.village_households, name="village_households"),
    path("shortfalls/", villages.shortfall_list, name="shortfall_list"),
    path("shortfalls/new/", villages.shortfall_new, name="shortfall_new"),
    path("shortfalls/<int:pk>/project/", villages.shortfall_tie, name="shortfall_tie"),
    path("shortfalls/<int:pk>/resolve/", villages.shortfall_resolve, name="shortfall_resolve"),
    path("projects/", projects.project_list, name="project_list"),
    path("projects/new/", projects.project_new, name="project_new"),
    path("projects/<int:pk>/", projects.project_detail, name="project_detail"),
    path("projects/<int:pk>/change/", projects.project_change, name="project_change"),
    path("projects/<int:pk>/steps/<slug:act>/", projects.project_act, name="project_act"),
    path("projects/<int:pk>/photos/add/", projects.project_photo_add, name="project_photo_add"),
    path("projects/<int:pk>/photos/<int:photo_pk>/remove/", projects.project_photo_remove, name="project_photo_remove"),
    path("projects/<int:pk>/households/", projects.project_households, name="project_households"),
    path(
        "projects/<int:pk>/households/<slug:how>/", projects.project_households_change, name="project_households_change"
    ),
    # 闲置房
    path("houses/", houses.house_list, name="house_list"),
    path("houses/new/", houses.house_new, name="house_new"),
    path("houses/<int:pk>/", houses.house_detail, name="house_detail"),
    path("houses/<int:pk>/change/", houses.house_change, name="house_change"),
    path("houses/<int:pk>/inspect/", houses.house_inspect, name="house_inspect"),
    path("houses/<int:pk>/withdraw/", houses.house_withdraw, name="house_withdraw"),
    path("houses/<int:pk>/restore/", houses.house_restore, name="house_restore"),
    path("houses/<int:pk>/phone/", houses.house_reveal, name="house_reveal"),
    path("houses/<int:pk>/photos/add/", houses.house_photo_add, name="house_photo_add"),
    path("houses/<int:pk>/photos/<int:photo_pk>/remove/", houses.house_photo_remove, name="house_photo_remove"),
    path("houses/<int:pk>/households/", houses.house_households, name="house_households"),
    path("households/<int:pk>/houses/", houses.household_houses, name="household_houses"),
    path("households/<int:pk>/houses/<int:house_pk>/offer/", houses.tenancy_offer, name="tenancy_offer"),
    path("tenancies/<int:pk>/", houses.tenancy_detail, name="tenancy_detail"),
    path("tenancies/<int:pk>/<slug:act>/", houses.tenancy_act, name="tenancy_act"),
]
