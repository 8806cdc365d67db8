"""What the database holds of places in resident teams, whoever writes: a team stands in a village; a place lies within its team's stay and
within its cadre's service; neither a team nor a cadre's service is cut short under a place."""

from django.db import migrations

HELD = """
CREATE FUNCTION cadres_team_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT level FROM regions_region WHERE id = NEW.village_id) <> 5 THEN
        RAISE EXCEPTION 'a team stands in a village' USING ERRCODE = '23514', CONSTRAINT = 'team_of_a_village';
    END IF;
    IF TG_OP = 'UPDATE' AND EXISTS (
        SELECT 1 FROM cadres_teammember m WHERE m.team_id = NEW.id
        AND (m.starts_on < NEW.starts_on OR (NEW.ends_on IS NOT NULL AND (m.ends_on IS NULL OR m.ends_on > NEW.ends_on)))
    ) THEN
        RAISE EXCEPTION 'a place lies outside its team' USING ERRCODE = '23514', CONSTRAINT = 'team_covers_members';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER team_guard BEFORE INSERT OR UPDATE ON cadres_residentteam
FOR EACH ROW EXECUTE FUNCTION cadres_team_guard();

CREATE FUNCTION cadres_teammember_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    team cadres_residentteam;
    gone date;
BEGIN
    SELECT * INTO team FROM cadres_residentteam WHERE id = NEW.team_id FOR SHARE;
    IF NEW.starts_on < team.starts_on OR (team.ends_on IS NOT NULL AND (NEW.ends_on IS NULL OR NEW.ends_on > team.ends_on)) THEN
        RAISE EXCEPTION 'a place lies outside its team' USING ERRCODE = '23514', CONSTRAINT = 'teammember_within_team';
    END IF;
    SELECT left_on INTO gone FROM cadres_cadre WHERE id = NEW.cadre_id FOR SHARE;
    IF gone IS NOT NULL AND (NEW.ends_on IS NULL OR NEW.ends_on > gone) THEN
        RAISE EXCEPTION 'the cadre has left' USING ERRCODE = '23514', CONSTRAINT = 'teammember_serves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER teammember_guard BEFORE INSERT OR UPDATE ON cadres_teammember
FOR EACH ROW EXECUTE FUNCTION cadres_teammember_guard();

CREATE FUNCTION cadres_cadre_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.left_on IS NOT NULL AND EXISTS (
        SELECT 1 FROM cadres_teammember m WHERE m.cadre_id = NEW.id AND (m.ends_on IS NULL OR m.ends_on > NEW.left_on)
    ) THEN
        RAISE EXCEPTION 'the cadre still has a place' USING ERRCODE = '23514', CONSTRAINT = 'cadre_left_holds_places';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cadre_guard BEFORE UPDATE OF left_on ON cadres_cadre
FOR EACH ROW EXECUTE FUNCTION cadres_cadre_guard();
"""

LET_GO = """
DROP TRIGGER cadre_guard ON cadres_cadre;
DROP TRIGGER teammember_guard ON cadres_teammember;
DROP TRIGGER team_guard ON cadres_residentteam;
DROP FUNCTION cadres_cadre_guard();
DROP FUNCTION cadres_teammember_guard();
DROP FUNCTION cadres_team_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("cadres", "0002_people_teams_villages")]

    operations = [migrations.RunSQL(HELD, LET_GO)]
