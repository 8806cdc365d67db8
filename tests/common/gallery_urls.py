"""All addresses of the product and the developers' gallery, which is mounted only where DEBUG is on."""

from django.urls import path

from common.gallery import gallery
from config.urls import urlpatterns as product

urlpatterns = [*product, path("dev/components/", gallery, name="gallery")]
