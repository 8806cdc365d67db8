"""Addresses of assistance."""

from django.urls import URLPattern, path

from assistance.views import comparison, entitlement

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
]
