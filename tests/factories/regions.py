"""Regions: a village by default, with the three levels above it."""

import factory

from regions.models import Level, Region


class RegionFactory(factory.django.DjangoModelFactory):
    """A village below a township of its own; `RegionFactory(level=Level.TOWNSHIP, parent=county)` for other levels.

    The path and the full name follow from the parent.
    """

    class Meta:
        model = Region
        skip_postgeneration_save = True

    level = Level.VILLAGE
    code = factory.Sequence(lambda n: f"99{n % 10**10:010d}")
    name = factory.Sequence(lambda n: f"青石{n}村")
    parent = factory.Maybe(
        factory.LazyAttribute(lambda o: o.level > Level.PROVINCE),
        factory.SubFactory(
            "tests.factories.regions.RegionFactory",
            level=factory.LazyAttribute(lambda o: Level(o.factory_parent.level - 1)),
            name=factory.LazyAttributeSequence(lambda o, n: f"示范{n}{Level(o.level).label}"),
        ),
    )

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        region = super()._create(model_class, *args, **kwargs)
        above = region.parent
        region.path = f"{above.path if above else ''}{region.pk}/"
        named = above.full_name if above and above.level >= Level.COUNTY else ""
        region.full_name = region.full_name or named + region.name
        region.save()
        return region
