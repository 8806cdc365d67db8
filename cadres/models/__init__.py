"""The people who help: units and their cadres, resident teams, and what a village asks of who comes to it."""

from cadres.models.team import ResidentTeam, TeamMember, TeamRule
from cadres.models.unit import Affiliation, Cadre, Rank, Unit, UnitVillage
from cadres.models.village import VillageProfile

# Every table whose rows the audit trail vouches for (see `common.audit.verify`).
VOUCHED = (Unit, UnitVillage, Cadre, VillageProfile, TeamRule, ResidentTeam, TeamMember)

__all__ = [
    "VOUCHED", "Affiliation", "Cadre", "Rank", "ResidentTeam", "TeamMember", "TeamRule", "Unit", "UnitVillage", "VillageProfile",
]  # fmt: skip
