"""看板与报表."""

from django.urls import path

from figures import views
from figures.reports import views as reports

app_name = "figures"
urlpatterns = [
    path("", views.boards, name="boards"),
    path("<int:pk>/", views.board, name="board"),
    path("<int:pk>/pdf/", views.board_pdf, name="board_pdf"),
    path("<int:pk>/wall/", views.wall, name="wall"),
    path("<int:pk>/map/", views.map_edit, name="map_edit"),
    path("rows/<slug:code>/", views.rows, name="rows"),
    path("reports/", reports.reports, name="reports"),
    path("reports/saved/<int:pk>/", reports.saved, name="saved_report"),
    path("reports/saved/<int:pk>/delete/", reports.saved_delete, name="saved_delete"),
    path("reports/schedules/<int:pk>/stop/", reports.schedule_stop, name="schedule_stop"),
    path("reports/made/<int:pk>/", reports.made_file, name="made_file"),
    path("reports/<slug:code>/", reports.report, name="report"),
    path("reports/<slug:code>/file/<slug:output>/", reports.report_file, name="report_file"),
    path("reports/<slug:code>/ask/", reports.report_ask, name="report_ask"),
    path("reports/<slug:code>/save/", reports.report_save, name="report_save"),
    path("reports/<slug:code>/schedule/", reports.schedule_new, name="schedule_new"),
]
