"""The baseline of every page: Django's admin on the same tables, open to whoever is signed in, tuned no further."""

from django.contrib import admin

from assistance.models import Measure
from households.models import Household, HouseholdYear, Member, Pairing, StatusChange
from visits.models import Visit, VisitDuty


class Open:
    def has_module_permission(self, request):
        return True

    def has_view_permission(self, request, obj=None):
        return True

    has_add_permission = has_view_permission

    def has_change_permission(self, request, obj=None):
        return True

    has_delete_permission = has_change_permission


class OpenSite(admin.AdminSite):
    def has_permission(self, request):
        return request.user.is_authenticated


class MemberInline(Open, admin.TabularInline):
    model = Member
    exclude = ("id_number", "phone", "name_grams")
    extra = 0


class YearInline(Open, admin.StackedInline):
    model = HouseholdYear
    exclude = ("unmapped",)
    extra = 0


class StatusInline(Open, admin.TabularInline):
    model = StatusChange
    exclude = ("proposed_by", "decided_by")
    extra = 0


class PairingInline(Open, admin.TabularInline):
    model = Pairing
    raw_id_fields = ("cadre",)
    extra = 0


class HouseholdAdmin(Open, admin.ModelAdmin):
    """What a list of fifty with the same columns, filters and search costs where nothing is made for it."""

    list_display = (
        "number",
        "householder_name",
        "village",
        "township",
        "status",
        "member_count",
        "main_cause",
        "open_checks",
    )
    list_filter = ("status", "category")
    list_select_related = ("village", "township")
    list_per_page = 50
    search_fields = ("number", "householder_name", "members__name", "members__id_masked")
    ordering = ("-id",)
    raw_id_fields = ("village", "township", "merged_into")
    exclude = ("phone", "bank_account")
    inlines = (MemberInline, YearInline, StatusInline, PairingInline)


class MembersAdmin(HouseholdAdmin):
    """A household and its members on one form and nothing else: the least a save costs there."""

    exclude = (*HouseholdAdmin.exclude, "version")
    inlines = (MemberInline,)


class MeasureAdmin(Open, admin.ModelAdmin):
    """The same list of measures."""

    list_display = ("household", "village", "kind", "year", "state", "amount")
    list_filter = ("state", "year", "kind")
    list_select_related = ("household", "village", "kind")
    list_per_page = 50
    ordering = ("-id",)


class VisitAdmin(Open, admin.ModelAdmin):
    """The same list of visits."""

    list_display = ("household", "village", "visitor", "manner", "on", "text")
    list_filter = ("manner",)
    list_select_related = ("household", "village", "visitor")
    list_per_page = 50
    ordering = ("-on", "-id")


class DutyAdmin(Open, admin.ModelAdmin):
    """The same list of duties."""

    list_display = ("household", "village", "cadre", "needed", "made", "next_due_on")
    list_select_related = ("household", "village", "cadre", "rule")
    list_per_page = 50
    ordering = ("next_due_on", "id")


site = OpenSite(name="baseline")
site.register(Measure, MeasureAdmin)
site.register(Visit, VisitAdmin)
site.register(VisitDuty, DutyAdmin)
site.register(Household, HouseholdAdmin)
form_site = OpenSite(name="baseline_form")
form_site.register(Household, MembersAdmin)
