from django.urls import URLPattern, path

from visits.views import desk, duties, months, rules, visits

app_name = "visits"
urlpatterns: list[URLPattern] = [
    path("", visits.visit_list, name="visit_list"),
    path("<int:pk>/", visits.visit_detail, name="visit_detail"),
    path("<int:pk>/void/", visits.visit_void, name="visit_void"),
    path("<int:pk>/photos/<uuid:uid>/", visits.visit_photo, name="visit_photo"),
    path("new/<int:pk>/", visits.visit_new, name="visit_new"),
    path("households/<int:pk>/", visits.household_visits, name="household_visits"),
    path("cadres/<int:pk>/", visits.cadre_visits, name="cadre_visits"),
    path("duties/", duties.duty_list, name="duty_list"),
    path("coverage/", duties.coverage_page, name="coverage"),
    path("coverage/households/", duties.visited_list, name="visited_list"),
    path("desk/", desk.desk_page, name="desk"),
    path("months/", months.month, name="month"),
    path("rules/", rules.rule_list, name="rule_list"),
    path("rules/new/", rules.rule_new, name="rule_new"),
    path("rules/<int:pk>/end/", rules.rule_end, name="rule_end"),
]
