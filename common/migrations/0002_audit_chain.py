"""The chain is closed by the database when a transaction commits, and nothing written can be rewritten.

A deferred trigger takes the chain's lock only while the transaction commits, so eight writers wait for each other's commit, never
for each other's work. The lock is a transaction-level advisory lock: the head of the chain is the newest link itself.
"""

from django.db import migrations

LINK = """
CREATE FUNCTION yihu_audit_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
    own bytea := ''::bytea;
    next_seq bigint := 1;
    prev bytea := ''::bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(7011);
    SELECT seq, hash INTO head FROM common_auditlink ORDER BY seq DESC LIMIT 1;
    IF FOUND THEN next_seq := head.seq + 1; prev := head.hash; END IF;
    IF NEW.subject <> '' THEN
        SELECT coalesce((SELECT hash FROM common_auditlink WHERE subject = NEW.subject ORDER BY seq DESC LIMIT 1), ''::bytea) INTO own;
    END IF;
    INSERT INTO common_auditlink (seq, event_id, subject, previous, subject_previous, hash)
    VALUES (next_seq, NEW.id, NEW.subject, prev, own,
            sha256(prev || own || int8send(next_seq) || sha256(convert_to(NEW.body, 'UTF8'))));
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER audit_link AFTER INSERT ON common_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION yihu_audit_link();

CREATE FUNCTION yihu_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON common_auditevent
    FOR EACH ROW EXECUTE FUNCTION yihu_audit_refuse();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON common_auditlink
    FOR EACH ROW EXECUTE FUNCTION yihu_audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON common_auditevent EXECUTE FUNCTION yihu_audit_refuse();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON common_auditlink EXECUTE FUNCTION yihu_audit_refuse();
"""

UNLINK = """
DROP TRIGGER audit_no_truncate ON common_auditlink;
DROP TRIGGER audit_no_truncate ON common_auditevent;
DROP TRIGGER audit_append_only ON common_auditlink;
DROP TRIGGER audit_append_only ON common_auditevent;
DROP TRIGGER audit_link ON common_auditevent;
DROP FUNCTION yihu_audit_refuse();
DROP FUNCTION yihu_audit_link();
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0001_initial")]
    operations = [migrations.RunSQL(LINK, UNLINK)]
