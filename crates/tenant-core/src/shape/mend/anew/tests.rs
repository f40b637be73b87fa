//! What is no weaker than what it takes the place of.

use super::*;

fn policies(to: &str, from: &str) -> bool {
    let (to, from) = (policy(to).unwrap(), policy(from).unwrap());
    to.shows_no_more_than(&from)
}

fn triggers(to: &str, from: &str) -> bool {
    let written = |text: &str| {
        let text = format!("CREATE TRIGGER t {text} FOR EACH ROW EXECUTE FUNCTION f()");
        trigger(&text).unwrap()
    };
    written(to).fires_no_less_than(&written(from))
}

#[test]
fn a_key_is_no_weaker_where_it_refuses_as_much() {
    for (to, from, sure) in [
        ("UNIQUE (a)", "UNIQUE (a) DEFERRABLE", true),
        ("UNIQUE (a)", "UNIQUE (b)", false),
        ("UNIQUE (a, b)", "UNIQUE (a)", false),
        ("UNIQUE (a)", "UNIQUE NULLS NOT DISTINCT (a)", false),
        ("UNIQUE NULLS NOT DISTINCT (a)", "UNIQUE (a)", true),
        ("PRIMARY KEY (a, b)", "UNIQUE (b, a)", true),
        (
            "CREATE INDEX i ON t USING btree (a)",
            "CREATE UNIQUE INDEX i ON t USING btree (a)",
            false,
        ),
        (
            "CREATE UNIQUE INDEX i ON t USING btree (a DESC)",
            "CREATE UNIQUE INDEX i ON t USING btree (a) WHERE (b > 1)",
            true,
        ),
        (
            "CREATE UNIQUE INDEX i ON t USING btree (a) WHERE (b > 1)",
            "CREATE UNIQUE INDEX i ON t USING btree (a)",
            false,
        ),
        (
            "CREATE UNIQUE INDEX i ON t USING btree (lower(a))",
            "CREATE UNIQUE INDEX i ON t USING btree (a)",
            false,
        ),
    ] {
        assert_eq!(is_no_weaker_key(to, from), sure, "{from} becomes {to}");
    }
}

#[test]
fn a_reference_is_the_same_where_it_is_of_the_same_columns() {
    let key = "FOREIGN KEY (a) REFERENCES t(id)";
    for (from, sure) in [
        ("FOREIGN KEY (a) REFERENCES t(id) ON DELETE CASCADE", true),
        ("FOREIGN KEY (b) REFERENCES t(id)", false),
        ("FOREIGN KEY (a) REFERENCES u(id)", false),
        ("FOREIGN KEY (a) REFERENCES t(id) MATCH FULL", false),
    ] {
        assert_eq!(is_same_reference(key, from), sure, "{from}");
    }
}

#[test]
fn a_check_is_no_weaker_where_it_has_all_that_was_there() {
    for (to, from, sure) in [
        ("CHECK (((a > 0) AND (a < 9)))", "CHECK ((a > 0))", true),
        ("CHECK ((a > 0))", "CHECK (((a > 0) AND (a < 9)))", false),
        ("CHECK ((a > 0))", "CHECK ((a > 1))", false),
        ("CHECK ((a > 0))", "CHECK (true)", true),
        ("CHECK (((a > 0) OR (b > 0)))", "CHECK ((a > 0))", false),
        (
            "CHECK (((s)::text = ANY (ARRAY['a'::text, 'b'::text])))",
            "CHECK (((s)::text = ANY (ARRAY['a'::text, 'b'::text, 'c'::text])))",
            true,
        ),
        (
            "CHECK (((s)::text = ANY (ARRAY['a'::text, 'c'::text])))",
            "CHECK (((s)::text = ANY (ARRAY['a'::text, 'b'::text])))",
            false,
        ),
        (
            "CHECK (((s)::text <> ALL (ARRAY['a'::text])))",
            "CHECK (((s)::text <> ALL (ARRAY['a'::text, 'b'::text])))",
            false,
        ),
        (
            "CHECK ((NOT ((s)::text = ANY (ARRAY['x'::text]))))",
            "CHECK ((NOT ((s)::text = ANY (ARRAY['x'::text, 'y'::text]))))",
            false,
        ),
        (
            "CHECK (((a = ANY (ARRAY['a'::text])) OR (b <> ALL (ARRAY['c'::text]))))",
            "CHECK (((a = ANY (ARRAY['a'::text])) OR (b <> ALL (ARRAY['c'::text, 'd'::text]))))",
            false,
        ),
        (
            "CHECK (((s = ANY (ARRAY['x'::text])) = false))",
            "CHECK (((s = ANY (ARRAY['x'::text, 'y'::text])) = false))",
            false,
        ),
        (
            "CHECK ((false = (s = ANY (ARRAY['x'::text]))))",
            "CHECK ((false = (s = ANY (ARRAY['x'::text, 'y'::text]))))",
            false,
        ),
        (
            "CHECK (((s = ANY (ARRAY['x'::text])) AND (n = ANY (ARRAY[1]))))",
            "CHECK (((n = ANY (ARRAY[1, 2])) AND (s = ANY (ARRAY['x'::text, 'y'::text]))))",
            true,
        ),
    ] {
        assert_eq!(is_no_weaker_check(to, from), sure, "{from} becomes {to}");
    }
}

#[test]
fn a_policy_is_made_anew_where_it_shows_no_more() {
    let own = "AS PERMISSIVE FOR SELECT TO PUBLIC USING ((owner = CURRENT_USER))";
    for (to, from, sure) in [
        (own, "AS PERMISSIVE FOR SELECT TO PUBLIC USING (true)", true),
        (
            "AS PERMISSIVE FOR SELECT TO PUBLIC USING (true)",
            own,
            false,
        ),
        (
            own,
            "AS PERMISSIVE FOR SELECT TO PUBLIC USING (false)",
            false,
        ),
        (
            own,
            "AS PERMISSIVE FOR SELECT TO app USING ((owner = CURRENT_USER))",
            false,
        ),
        (
            own,
            "AS PERMISSIVE FOR ALL TO PUBLIC USING ((owner = CURRENT_USER))",
            true,
        ),
        (
            own,
            "AS RESTRICTIVE FOR SELECT TO PUBLIC USING (true)",
            false,
        ),
        (
            "AS PERMISSIVE FOR ALL TO PUBLIC USING (a) WITH CHECK (b)",
            "AS PERMISSIVE FOR ALL TO PUBLIC USING (a) WITH CHECK (c)",
            false,
        ),
        (
            "AS RESTRICTIVE FOR ALL TO PUBLIC USING (a)",
            "AS RESTRICTIVE FOR ALL TO app USING (a)",
            true,
        ),
    ] {
        assert_eq!(policies(to, from), sure, "{from} becomes {to}");
    }
}

#[test]
fn a_trigger_is_made_anew_where_it_fires_no_less() {
    for (to, from, sure) in [
        ("BEFORE INSERT OR UPDATE ON t", "BEFORE UPDATE ON t", true),
        ("BEFORE UPDATE ON t", "BEFORE INSERT OR UPDATE ON t", false),
        ("BEFORE UPDATE ON t", "BEFORE UPDATE OF a ON t", true),
        ("BEFORE UPDATE OF a ON t", "BEFORE UPDATE OF b ON t", false),
        ("AFTER UPDATE ON t", "BEFORE UPDATE ON t", false),
    ] {
        assert_eq!(triggers(to, from), sure, "{from} becomes {to}");
    }
    let with = |when: &str| {
        format!("CREATE TRIGGER t BEFORE UPDATE ON t FOR EACH ROW{when} EXECUTE FUNCTION f()")
    };
    let when = trigger(&with(" WHEN ((old.a > 1))")).unwrap();
    let always = trigger(&with("")).unwrap();
    assert!(always.fires_no_less_than(&when) && !when.fires_no_less_than(&always));
}
